"""Writes hostile/: TorchScript archives, written by hand, that would make a file of whoever opens or runs them, as a stranger's model
folder may, one with an operator that no image network needs, and one that asks for more memory than there is.

    python tests/golden/hostile_encoders.py
"""
import hashlib
import json
import os
import zipfile

here = os.path.dirname(os.path.abspath(__file__))
FIELDS = "  __parameters__ = []\n  __buffers__ = []\n  training : bool\n"
FORWARD = "  def forward(self: __torch__.{name},\n    pixels: Tensor) -> Tensor:\n    return {result}\n"
MEAN = "torch.mean(pixels, [2, 3])"
# A shared file that is not there is made.
MAKE = 'torch.from_file("penalmt-was-here", True, 3, dtype=None, layout=None, device=None, pin_memory=None)'
# 256 TB an image.
HUGE = "torch.zeros([torch.mul(torch.size(pixels, 0), 1048576), 1048576, 64], dtype=None, layout=None, device=None, pin_memory=None)"


def text(value):
    return b"X" + len(value).to_bytes(4, "little") + value.encode()


def pickled(module, name, state):
    """An object of an archive's class: PROTO 2, GLOBAL, EMPTY_TUPLE, NEWOBJ, its state, BUILD, STOP."""
    return b"\x80\x02c" + module.encode() + b"\n" + name.encode() + b"\n)\x81" + state + b"b."


TRAINING = b"}(" + text("training") + b"\x89u"
CASES = {
    "writes": ("Writes", FIELDS + FORWARD.format(name="Writes", result=f"torch.add({MEAN}, {MAKE})"), "__torch__", TRAINING),
    "writes_when_loaded": ("Loaded", FIELDS + FORWARD.format(name="Loaded", result=MEAN) +
                           f"  def __getstate__(self: __torch__.Loaded) -> bool:\n    return False\n"
                           f"  def __setstate__(self: __torch__.Loaded,\n    state: bool) -> NoneType:\n    _0 = {MAKE}\n    self.training = state\n"
                           "    return None\n", "__torch__", b"\x89"),
    "unknown_operator": ("Turns", FIELDS + FORWARD.format(name="Turns", result=f"torch.real(torch.fft_fft({MEAN}))"), "__torch__",
                         TRAINING),
    "takes_all_memory": ("Huge", FIELDS + FORWARD.format(name="Huge", result=f"torch.add({MEAN}, {HUGE})"), "__torch__", TRAINING),
    "foreign_class": ("Harmless", FIELDS + FORWARD.format(name="Harmless", result=MEAN), "os", TRAINING)}

for case, (name, body, module, state) in CASES.items():
    out = os.path.join(here, "hostile", case)
    os.makedirs(out, exist_ok=True)
    path = os.path.join(out, "encoder.pt")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        for record, content in (("data.pkl", pickled(module, name, state)), ("code/__torch__.py", f"class {name}(Module):\n{body}"),
                                ("constants.pkl", b"\x80\x02)."), ("version", "3\n"), ("byteorder", "little")):
            file.writestr(zipfile.ZipInfo("encoder/" + record), content)
    description = {"name": case, "fingerprint": hashlib.sha256(open(path, "rb").read()).hexdigest(), "layout": "pooled", "regions": 1, "width": 3,
                   "preprocessing": {"resize": 12, "crop": 12}}
    with open(os.path.join(out, "encoder.json"), "w") as file:
        file.write(json.dumps(description, indent=2) + "\n")
