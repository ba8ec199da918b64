"""Writes images/: images of every kind as programs and cameras write them, and answers.safetensors with what Pillow 13 sees of each:
uint8 [H, W, 3], upright, on white. GIVEN are small files of kinds that
programs and cameras write; all others are drawn here. images/damaged holds files that are refused.

    pip install pillow==13.0.0 numpy safetensors && python tests/golden/images.py
"""
import io
import os
import struct
import zlib
import numpy
from PIL import Image, ImageOps
from safetensors.numpy import save_file

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "images")
GIVEN = ("bad-sos.jpg", "exif-long-II.jpg", "exif-imagemagick.png", "p6-max15.ppm", "p5-max4095.pgm", "bmp32-gimp.bmp", "bmp16-565.bmp", "grey-trns.png",
         "bad-icc.png")


def draw(width=12, height=8):
    y, x = numpy.mgrid[0:height, 0:width]
    red = x * 255 // (width - 1)
    green = numpy.where((x + 2 * y) % 5 < 2, 255, 30 * y % 256)
    blue = (7 * x * x + 11 * y * y + 13 * x * y) % 256
    alpha = 255 - 20 * y % 256
    return numpy.stack([red, green, blue, alpha], -1).astype(numpy.uint8)


def write(name, data):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


# ---- EXIF and XMP -----------------------------------------------------------------------------------------------------------

def exif(order, kind, value, count=1, before=()):
    """A TIFF of one list; `before` are fields of other tags."""
    sign = "<" if order == b"II" else ">"
    number = {1: "B3x", 3: "H2x", 4: "I", 8: "h2x", 9: "i"}[kind]
    fields = list(before) + [struct.pack(sign + "HHI" + number, 0x112, kind, count, value)]
    return order + struct.pack(sign + "HIH", 42, 8, len(fields)) + b"".join(fields) + bytes(4)


def xmp(text):
    return ('<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description ' + text +
            "</rdf:Description></rdf:RDF></x:xmpmeta>").encode()


def jpeg(image, *segments, late=(), **options):
    """With segments of marker and data behind the start, and late ones right before the scan."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=95, **options)
    data = buffer.getvalue()
    whole = lambda parts: b"".join(b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body for marker, body in parts)
    scan = data.index(b"\xff\xda")
    return data[:2] + whole(segments) + data[2:scan] + whole(late) + data[scan:]


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width, height, bits, colour, rows, *chunks, interlace=0):
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlace)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(chunk(*each) for each in chunks) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


pixels = draw()
scene = Image.fromarray(pixels[:, :, :3])
rows = b"".join(b"\0" + row.tobytes() for row in pixels[:, :, :3])
rgb_png = lambda *chunks: png(12, 8, 8, 2, rows, *chunks)
other_field = struct.pack("<HHI4s", 0x100, 3, 1, b"\1\0\0\0")
for name, data in {
        "exif-short-MM": exif(b"MM", 3, 6), "exif-long-MM": exif(b"MM", 4, 8), "exif-signed-II": exif(b"II", 9, 3), "exif-byte-II": exif(b"II", 1, 6),
        "exif-nine": exif(b"II", 3, 9), "exif-second-field": exif(b"II", 4, 5, before=[other_field]), "exif-twice-headed": b"Exif\0\0" + exif(b"II", 3, 6)}.items():
    write(name + ".jpg", jpeg(scene, (0xE1, b"Exif\0\0" + data)))
write("exif-late.jpg", jpeg(scene, late=[(0xE1, b"Exif\0\0" + exif(b"II", 3, 6))]))
XMP = b"http://ns.adobe.com/xap/1.0/\0"
write("xmp-attribute.jpg", jpeg(scene, (0xE1, XMP + xmp('tiff:Orientation="6">'))))
write("xmp-element.jpg", jpeg(scene, (0xE1, XMP + xmp("><tiff:Orientation>8</tiff:Orientation>"))))
write("xmp-and-exif.jpg", jpeg(scene, (0xE1, XMP + xmp('tiff:Orientation="6">')), (0xE1, b"Exif\0\0" + exif(b"II", 3, 3))))
write("xmp.png", rgb_png((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp('tiff:Orientation="6">'))))
write("xmp-packed.png", rgb_png((b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(xmp('tiff:Orientation="7">')))))
text = ("\nexif\n%8d\n" % 32 + (b"Exif\0\0" + exif(b"MM", 4, 5)).hex("\n", 20) + "\n").encode()
write("exif-text.png", rgb_png((b"tEXt", b"Raw profile type exif\0" + text)))
write("exif-packed-text.png", rgb_png((b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(text))))
write("exif-long.png", rgb_png((b"eXIf", exif(b"MM", 4, 6))))
scene.save(os.path.join(folder, "exif-long.webp"), lossless=True, exif=exif(b"II", 4, 6))
scene.save(os.path.join(folder, "xmp.webp"), lossless=True, xmp=xmp('tiff:Orientation="8">'))

# ---- JPEG -------------------------------------------------------------------------------------------------------------------

cmyk = Image.frombytes("CMYK", (12, 8), pixels.tobytes())
write("cmyk-adobe.jpg", jpeg(cmyk))
plain = jpeg(cmyk)
adobe = plain.index(b"\xff\xee")
write("cmyk-plain.jpg", plain[:adobe] + plain[adobe + 2 + struct.unpack(">H", plain[adobe + 2:adobe + 4])[0]:])
write("progressive.jpg", jpeg(scene, progressive=True))
write("grey.jpg", jpeg(scene.convert("L")))

# ---- PNG --------------------------------------------------------------------------------------------------------------------

write("rgb-trns.png", rgb_png((b"tRNS", struct.pack(">HHH", *map(int, pixels[3, 4, :3])))))
grey16 = b"".join(b"\0" + struct.pack(">4H", *(4369 * (4 * y + x) for x in range(4))) for y in range(3))
write("grey16.png", png(4, 3, 16, 0, grey16))
write("rgb16.png", png(2, 1, 16, 2, b"\0" + struct.pack(">6H", 65535, 32768, 127, 128, 385, 386)))
write("rgba16.png", png(2, 1, 16, 6, b"\0" + struct.pack(">8H", 65535, 0, 0, 32768, 0, 20000, 60000, 65535)))
write("grey2.png", png(4, 1, 2, 0, b"\0\x1b"))
write("grey4-trns.png", png(4, 1, 4, 0, b"\0\x0f\x5a", (b"tRNS", b"\0\x05")))
write("palette2-trns.png", png(4, 1, 2, 3, b"\0\x1b", (b"PLTE", bytes(range(0, 120, 10))), (b"tRNS", b"\0\x80\xff")))
# Adam7: seven passes over 3 x 3 pixels.
grid = lambda x, y: bytes([80 * x, 80 * y, 200])
passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
woven = b"".join(b"\0" + b"".join(grid(x, y) for x in range(left, 3, step)) for left, top, step, down in passes for y in range(top, 3, down) if left < 3)
write("interlaced.png", png(3, 3, 8, 2, woven, interlace=1))
write("bad-text.png", rgb_png((b"zTXt", b"Comment\0\0nonsense"), (b"iCCP", b"a\0\0nonsense"), (b"sRGB", b"\x09")))

# ---- BMP --------------------------------------------------------------------------------------------------------------------

def bmp(header, bits, compression, data, palette=b"", masks=(), width=12, height=8, colours=0, at=None):
    """A header of 12, 40, 52, 56, 108 or 124 bytes; masks lie in it or, of 40, behind it."""
    if header == 12:
        head = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        head = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, len(data), 2835, 2835, colours, 0)
        head += struct.pack("<%dI" % len(masks), *masks)
        head += bytes(max(header - len(head), 0))
    start = 14 + len(head) + len(palette) if at is None else at
    return b"BM" + struct.pack("<IHHI", 14 + len(head) + len(palette) + len(data), 0, 0, start) + head + palette + data


def packed(values, size, up=True):
    """Rows of whole words, the lowest first."""
    values = values[::-1] if up else values
    lines = [b"".join(int(value).to_bytes(size, "little") for value in line) for line in values]
    return b"".join(line + bytes(-len(line) % 4) for line in lines)


wide = pixels.astype(numpy.int64)
red, green, blue, alpha = (wide[:, :, c] for c in range(4))
five = (red >> 3) << 10 | (green >> 3) << 5 | blue >> 3
six = (red >> 3) << 11 | (green >> 2) << 5 | blue >> 3
argb = alpha << 24 | red << 16 | green << 8 | blue
abgr = alpha << 24 | blue << 16 | green << 8 | red
bgr = red << 16 | green << 8 | blue
ARGB, ABGR = (0xff0000, 0xff00, 0xff, 0xff000000), (0xff, 0xff00, 0xff0000, 0xff000000)
write("bmp24.bmp", bmp(40, 24, 0, packed(bgr, 3)))
write("bmp24-old.bmp", bmp(12, 24, 0, packed(bgr, 3)))
write("bmp24-down.bmp", bmp(40, 24, 0, packed(bgr, 3, up=False), height=-8))
write("bmp16.bmp", bmp(40, 16, 0, packed(five, 2)))
write("bmp16-555.bmp", bmp(40, 16, 3, packed(five, 2), masks=(0x7c00, 0x3e0, 0x1f)))
write("bmp16-565-v4.bmp", bmp(108, 16, 3, packed(six, 2), masks=(0xf800, 0x7e0, 0x1f, 0)))
write("bmp32.bmp", bmp(40, 32, 0, packed(argb, 4)))
write("bmp32-v3-alpha.bmp", bmp(56, 32, 3, packed(argb, 4), masks=ARGB))
write("bmp32-v4-alpha.bmp", bmp(108, 32, 3, packed(argb, 4), masks=ARGB))
write("bmp32-v5-alpha.bmp", bmp(124, 32, 3, packed(abgr, 4), masks=ABGR))
write("bmp32-v4-plain.bmp", bmp(108, 32, 0, packed(argb, 4), masks=ARGB))
write("bmp32-masks.bmp", bmp(40, 32, 3, packed(argb, 4), masks=ARGB[:3]))
indices = (3 * numpy.mgrid[0:8, 0:12][0] + numpy.mgrid[0:8, 0:12][1]) % 7
colours = b"".join(bytes([40 * i % 256, 90 * i % 256, 255 - 30 * i, 0]) for i in range(7))
eight = packed(indices, 1)
four = packed(numpy.stack([indices[:, 2 * i] << 4 | indices[:, 2 * i + 1] for i in range(6)], 1), 1)
one = packed((indices[:, :8] % 2 @ (1 << numpy.arange(7, -1, -1)))[:, None], 1)
write("bmp8.bmp", bmp(40, 8, 0, eight, colours, colours=7))
write("bmp4.bmp", bmp(40, 4, 0, four, colours, colours=7))
write("bmp1.bmp", bmp(40, 1, 0, one, colours[:8], width=8))
write("bmp8-old.bmp", bmp(12, 8, 0, eight, b"".join(colours[4 * i:4 * i + 3] for i in range(7)) + bytes(3 * 249)))
runs8 = b"".join(b"".join(bytes([2, i]) for i in line[:3]) + bytes([0, 5, *line[3:8], 0]) + bytes([1, line[8]]) + b"\0\0" for line in indices[::-1].tolist()) + b"\0\1"
write("bmp8-runs.bmp", bmp(40, 8, 1, runs8, colours, colours=7))
runs4 = b"".join(bytes([5, 0x12, 0, 6, 0x34, 0x51, 0x23, 0, 1, 0x60]) + b"\0\0" for _ in range(8)) + b"\0\1"
write("bmp4-runs.bmp", bmp(40, 4, 2, runs4, colours, colours=7))

# ---- portable maps ----------------------------------------------------------------------------------------------------------

write("p1.pbm", b"P1\n# bits\n5 2\n10101\n0 1 0 1 1\n")
write("p2-max7.pgm", b"P2 3 2\n7\n0 1 2 # grey\n3 7 6\n")
write("p3-max1000.ppm", b"P3 2 1 1000 0 500 1000 250 999 1\n")
write("p4.pbm", b"P4 11 2\n\xa5\x20\x5a\xc0")
write("p5-max1.pgm", b"P5 3 1 1\n\0\1\1")
write("p5-max65535.pgm", b"P5 3 1 65535\n" + struct.pack(">3H", 0, 30000, 65535))
write("p6-max255.ppm", b"P6\n2 1 # RGB\n255\nABCdef")
write("p6-max1023.ppm", b"P6 2 1 1023\n" + struct.pack(">6H", 0, 511, 1023, 100, 700, 4))


# ---- what Pillow sees ---------------------------------------------------------------------------------------------------------

def seen(name):
    image = ImageOps.exif_transpose(Image.open(os.path.join(folder, name)))
    if image.mode in ("I", "I;16", "I;16B"):  # 16 bits of grey
        values = numpy.array(image).astype(numpy.float64) / 257
        return numpy.repeat(numpy.floor(values + 0.5).clip(0, 255).astype(numpy.uint8)[:, :, None], 3, 2)
    if image.mode == "CMYK":
        return numpy.array(image.convert("RGB"))
    whole = numpy.array(image.convert("RGBA")).astype(numpy.float64)
    opaque = whole[:, :, 3:] / 255
    return numpy.floor(whole[:, :, :3] * opaque + 255 * (1 - opaque) + 0.5).astype(numpy.uint8)


KINDS = ("jpg", "png", "webp", "bmp", "pbm", "pgm", "ppm")
answers = {name: seen(name) for name in sorted(os.listdir(folder)) if name.rpartition(".")[2] in KINDS}
assert set(GIVEN) <= set(answers)
# Pillow compares the transparent grey of 4 bits, 5, with greys that it has widened to 8; the specification compares 4 bits.
answers["grey4-trns.png"] = numpy.array([[[0] * 3, [255] * 3, [255] * 3, [170] * 3]], numpy.uint8)
save_file(answers, os.path.join(folder, "answers.safetensors"))
