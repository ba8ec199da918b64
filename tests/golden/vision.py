"""Writes vision/: images drawn by formulas, what Pillow's resize and torchvision's arithmetic make of them, a small TorchScript
encoder of each layout whose weights are cosines of their positions, and the features that Python gets from the images.

    pip install torch==2.11.0 numpy pillow safetensors && python tests/golden/vision.py
"""
import hashlib
import json
import os
import sys
import zlib
import numpy
import torch
from PIL import Image
from safetensors.torch import save_file

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "..", "recipes", "vision"))
from export import save_network

folder = os.path.join(here, "vision")
SIZES = {"wide": (37, 20), "tall": (11, 29), "small": (5, 4), "square": (16, 16)}
PREPROCESSING = {
    "shorter": {"resize_mode": "shorter", "resize": 14, "crop": 12, "interpolation": "bilinear", "channels": "rgb", "mean": [123.675, 116.28, 103.53],
                "deviation": [58.395, 57.12, 57.375]},
    "odd": {"resize_mode": "shorter", "resize": 13, "crop": 8, "interpolation": "bicubic", "channels": "bgr", "mean": [104, 117, 123], "deviation": [1, 2, 4]},
    "squash": {"resize_mode": "squash", "resize": 12, "crop": 12, "interpolation": "bicubic", "channels": "rgb", "mean": [127, 127, 127],
               "deviation": [128, 128, 128]},
    "same": {"resize_mode": "shorter", "resize": 16, "crop": 16, "interpolation": "bilinear", "channels": "rgb", "mean": [0, 0, 0], "deviation": [255, 255, 255]}}


def draw(width, height):
    """Hard edges, ramps and a fine pattern: where filters differ."""
    y, x = numpy.mgrid[0:height, 0:width]
    red = (x * 255) // max(width - 1, 1)
    green = numpy.where((x + 2 * y) % 5 < 2, 255, 3 * y % 256)
    blue = (7 * x * x + 11 * y * y + 13 * x * y) % 256
    return Image.fromarray(numpy.stack([red, green, blue], -1).astype(numpy.uint8))


def preprocess(image, options):
    """torchvision's Resize and CenterCrop: uint8 [3, crop, crop]."""
    width, height = image.size
    side, crop = options["resize"], options["crop"]
    if options["resize_mode"] == "squash":
        size = (side, side)
    else:
        size = (side, int(side * height / width)) if width <= height else (int(side * width / height), side)
    image = image.resize(size, {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}[options["interpolation"]])
    left, top = int(round((size[0] - crop) / 2.0)), int(round((size[1] - crop) / 2.0))
    return torch.from_numpy(numpy.array(image.crop((left, top, left + crop, top + crop)))).permute(2, 0, 1).contiguous()


def normalise(pixels, options):
    pixels = pixels.flip(0) if options["channels"] == "bgr" else pixels
    return (pixels.float() - torch.tensor(options["mean"]).view(3, 1, 1)) / torch.tensor(options["deviation"]).view(3, 1, 1)


class Tiny(torch.nn.Module):
    """Two convolutions with batch norm; a grid of 3 x 3 from 12 x 12 pixels."""

    def __init__(self, layout):
        super().__init__()
        self.layout = layout
        self.first = torch.nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.norm = torch.nn.BatchNorm2d(4)
        self.second = torch.nn.Conv2d(4, 6, 3, stride=2, padding=1)
        with torch.no_grad():
            for number, parameter in enumerate(list(self.parameters()) + [self.norm.running_mean]):
                parameter.copy_(torch.cos(torch.arange(parameter.numel(), dtype=torch.float64) + number).view_as(parameter) / 2)

    def forward(self, pixels):
        grid = self.second(torch.relu(self.norm(self.first(pixels))))
        if self.layout == "grid":
            return grid
        return grid.mean((2, 3)) if self.layout == "pooled" else grid.flatten(2).transpose(1, 2)


def export(layout):
    module = Tiny(layout).eval()
    out = os.path.join(folder, "encoder-" + layout)
    os.makedirs(out, exist_ok=True)
    save_network(torch.jit.trace(module, torch.zeros(2, 3, 12, 12)), os.path.join(out, "encoder.pt"))
    with open(os.path.join(out, "encoder.pt"), "rb") as file:
        fingerprint = hashlib.sha256(file.read()).hexdigest()
    description = {"name": "tiny-" + layout, "fingerprint": fingerprint, "layout": layout, "regions": 1 if layout == "pooled" else 9, "width": 6,
                   "preprocessing": PREPROCESSING["squash"]}
    with open(os.path.join(out, "encoder.json"), "w") as file:
        file.write(json.dumps(description, indent=2) + "\n")
    return module


os.makedirs(folder, exist_ok=True)
answers = {}
images = {name: draw(*size) for name, size in SIZES.items()}
for name, image in images.items():
    image.save(os.path.join(folder, name + ".png"))
    for kind, options in PREPROCESSING.items():
        if kind == "same" and name != "square":
            continue
        answers[f"pixels.{kind}.{name}"] = preprocess(image, options)
        answers[f"normalised.{kind}.{name}"] = normalise(answers[f"pixels.{kind}.{name}"], options)
batch = torch.stack([answers[f"normalised.squash.{name}"] for name in SIZES])
for layout in ("pooled", "grid", "patches"):
    with torch.no_grad():
        features = export(layout)(batch)
    features = features[:, None] if layout == "pooled" else features.flatten(2).transpose(1, 2) if layout == "grid" else features
    answers["features." + layout] = features.contiguous()
save_file(answers, os.path.join(folder, "answers.safetensors"), metadata={"preprocessing": json.dumps(PREPROCESSING)})

# Images as other programs write them: the same scene turned by EXIF, in PNG and WebP with alpha; a palette with transparency; CMYK;
# 16-bit grey with and without alpha. `kinds.json` says the colour of three points of each, seen upright on white.
scene = Image.new("RGBA", (16, 8), (255, 0, 0, 255))  # red | blue, of which a quarter is half transparent
scene.paste((0, 0, 255, 255), (8, 0, 16, 8))
scene.paste((0, 0, 255, 128), (8, 4, 16, 8))
turned = Image.Exif()
turned[0x112] = 6  # to be turned a quarter to the right
kinds = {}


def save(name, image, points, **options):
    image.save(os.path.join(folder, name), **options)
    kinds[name] = points


# (y, x) of the upright image → RGB
half = [127, 127, 255]
save("turned.png", scene, {"2,6": [255, 0, 0], "12,6": [0, 0, 255], "12,1": half}, exif=turned)
save("turned.webp", scene, {"2,6": [255, 0, 0], "12,6": [0, 0, 255], "12,1": half}, exif=turned, lossless=True)
save("alpha.webp", scene, {"2,2": [255, 0, 0], "1,12": [0, 0, 255], "6,12": half}, lossless=True)
save("turned.jpg", scene.convert("RGB"), {"2,6": [254, 0, 0], "12,6": [0, 0, 254], "12,1": [0, 0, 254]}, exif=turned, quality=100, subsampling=0)
palette = Image.new("P", (4, 2), 1)
palette.putpalette([10, 20, 30, 200, 100, 50, 0, 255, 0])
palette.putpixel((3, 1), 2)
save("palette.png", palette, {"0,0": [200, 100, 50], "1,3": [0, 255, 0]})
save("palette-transparent.png", palette, {"0,0": [200, 100, 50], "1,3": [255, 255, 255]}, transparency=2)
save("cmyk.jpg", Image.new("CMYK", (16, 16), (0, 255, 255, 0)), {"3,3": [254, 0, 0]}, quality=100)
save("bits16.png", Image.fromarray(numpy.full((2, 2), 257 * 90 + 140, numpy.uint16)), {"1,1": [91, 91, 91]})  # 90.54
save("bits1.png", Image.new("1", (8, 2), 1), {"1,1": [255, 255, 255]})
Image.new("RGB", (4, 4), (1, 2, 3)).save(os.path.join(folder, "animated.webp"), save_all=True, append_images=[Image.new("RGB", (4, 4), (200, 2, 3))], lossless=True)


def png_chunk(name, data):
    return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")


def png(width, height, bits, colour, rows):
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([bits, colour, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")


# Grey and alpha of 16 bits, which Pillow does not write: black, a quarter opaque.
with open(os.path.join(folder, "grey-alpha16.png"), "wb") as file:
    file.write(png(1, 1, 16, 4, b"\0" + (0).to_bytes(2, "big") + (16384).to_bytes(2, "big")))
kinds["grey-alpha16.png"] = {"0,0": [191, 191, 191]}
# A bomb: the head of an image of 100,000 x 100,000.
with open(os.path.join(folder, "bomb.png"), "wb") as file:
    file.write(png(100000, 100000, 8, 2, b"\0" * 100))
with open(os.path.join(folder, "kinds.json"), "w") as file:
    file.write(json.dumps(kinds, indent=1) + "\n")
