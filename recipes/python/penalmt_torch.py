"""Any model of ours as a PyTorch module, from its folder: the same logits, none of the program.

    python3 -m venv pytorch && pytorch/bin/pip install torch==2.11.0 safetensors sentencepiece

    import torch, sentencepiece, penalmt_torch
    model = penalmt_torch.load("runs/gated")                        # a run or a checkpoint folder
    text = sentencepiece.SentencePieceProcessor("runs/gated/tokenizer.model")
    source = torch.tensor([text.encode("a circle .") + [penalmt_torch.END]])
    image = torch.zeros(1, 3, 64, 64, dtype=torch.uint8)            # or features, or None
    memory, target = model.encode(source, image), torch.tensor([[penalmt_torch.START]])
    while target[0, -1] != penalmt_torch.END and target.shape[1] < 50:     # greedy search
        logits = model.decode(target, memory)[:, -1:, 2:]           # 0 and 1 are never written
        target = torch.cat([target, logits.argmax(-1) + 2], 1)
    print(text.decode(target[0, 1:].tolist()))

It is the model in evaluation, always: nothing is dropped, and a penal connection is plain addition;
training with the penal term is the program's. Parameters are called as in model.safetensors, linear
maps and normalisations are nn.Linear and nn.LayerNorm. Letters: B sentences, P of them with an
image, S source and T target tokens, M memory positions, R regions of an image, F their width.
"""
import json
import math
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

PADDING, START, END = 0, 1, 2
FORMAT = 2  # of model.json: the newest that is read
KNOWN = {"norm": ("post", "pre"), "positions": ("sinusoidal", "marian", "learned"),
         "activation": ("relu", "gelu", "silu"), "embeddings": ("shared", "target", "separate"),
         "fusion": ("none", "gated", "concatenated", "selective", "doubly_attentive")}
PARTS = set("embedding source_embedding target_embedding output_embedding output_bias encoder head "
            "decoder source_positions target_positions fusion image_encoder".split())


class Part(nn.Module):
    """Tensors, and parts of them, called as they are in model.safetensors."""

    def __init__(self, tensors, options=None):
        super().__init__()
        self.options, inner = options, {}
        for name, tensor in tensors.items():
            first, _, rest = name.partition(".")
            if rest:
                inner.setdefault(first, {})[rest] = tensor
            elif first.startswith("running_"):
                self.register_buffer(first, tensor)
            else:
                self.register_parameter(first, nn.Parameter(tensor))
        for name in sorted(inner, key=lambda name: (len(name), name)):  # layer 2 before layer 10
            self.add_module(name, part(inner[name]))


def part(tensors):
    dimensions = {name: tensor.dim() for name, tensor in tensors.items()}
    if dimensions == {"weight": 2, "bias": 1}:
        module = nn.Linear(*reversed(tensors["weight"].shape), device="meta")
    elif dimensions == {"weight": 1, "bias": 1}:
        module = nn.LayerNorm(*tensors["weight"].shape, device="meta")
    else:
        return Part(tensors)
    module.load_state_dict(tensors, assign=True)
    return module


def attend(q, k, v, heads, visible=None, causal=False):
    """q: [B, T, C]; k, v: [B, M, C]; visible: [B, M] bool → [B, T, C]"""
    q, k, v = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (q, k, v))
    mask = None if visible is None else visible[:, None, None]
    y = F.scaled_dot_product_attention(q, k, v, mask, is_causal=causal)
    return y.transpose(1, 2).flatten(2)


def self_attention(part, heads, x, visible=None, causal=False):
    q, k, v = part.in_projection(x).chunk(3, -1)
    return part.out_projection(attend(q, k, v, heads, visible, causal))


def cross_attention(part, heads, x, memory, visible=None):
    k, v = part.memory_projection(memory).chunk(2, -1)
    return part.out_projection(attend(part.query_projection(x), k, v, heads, visible))


def connect(part, x, branch):
    """x + branch, scaled where the connection in `part` has a scale."""
    scale = getattr(getattr(part, "connection", None), "scale", None)
    if scale is None:
        return x + branch
    return x + branch * (scale[:, None, None] if x.dim() == 4 else scale)


def residual(part, norm, x, branch):
    if norm == "pre":
        return connect(part, x, branch(part.norm(x)))
    return part.norm(connect(part, x, branch(x)))


def layer(part, options, x, visible, memory=None):
    """An encoder's layer; with a memory, a decoder's. visible: of x, unless causal."""
    norm, heads, is_decoder = options["norm"], options["heads"], memory is not None
    x = residual(part.self_attention_residual, norm, x, lambda y: self_attention(
        part.self_attention, heads, y, visible, causal=is_decoder))
    if is_decoder:
        states, real, regions, present = memory
        x = residual(part.cross_attention_residual, norm, x, lambda y: cross_attention(
            part.cross_attention, heads, y, states, real))
        if regions is not None:  # doubly attentive: Calixto et al., 2017
            image = part.image_attention
            seen = residual(part.image_attention_residual, norm, x, lambda y: image.gate(
                y).sigmoid() * cross_attention(image.attention, heads, y, regions))
            x = torch.where(present[:, None, None], seen, x)
    return residual(part.feed_forward_residual, norm, x, lambda y: part.feed_forward.down(
        getattr(F, options["activation"])(part.feed_forward.up(y))))


def run_stack(stack, options, x, visible=None, memory=None):
    for part in stack.layers.children():
        x = layer(part, options, x, visible, memory)
    return stack.final_norm(x) if hasattr(stack, "final_norm") else x


def vision_transformer(part, options, x):
    if options["stem"] == "patches":
        patches = F.unfold(x, options["patch"], stride=options["patch"])
        x = part.patches.projection(patches.transpose(1, 2))
    else:
        for convolution in part.convolutions.convolutions.children():
            x = F.conv2d(x, convolution.weight, convolution.bias, stride=2, padding=1).relu()
        x = part.convolutions.projection(x.flatten(2).transpose(1, 2))
    return run_stack(part.encoder, options | {"norm": "pre", "activation": "gelu"},
                     x + part.positions)


def resnet(part, options, x):
    def normalised(norm, x):
        return F.batch_norm(x, norm.running_mean, norm.running_var, norm.weight, norm.bias).relu()

    def convolution(part, x, stride=1):
        return F.conv2d(x, part.weight, stride=stride, padding=part.weight.shape[-1] // 2)

    x = convolution(part.stem, x)
    for number, block in enumerate(part.blocks.children()):
        stride = 2 if number > 0 and number % options["blocks"] == 0 else 1
        z = convolution(block.first_convolution, normalised(block.first_norm, x), stride)
        z = convolution(block.second_convolution, normalised(block.second_norm, z))
        shortcut = convolution(block.projection, x, stride) if hasattr(block, "projection") else x
        x = connect(block, shortcut, z)
    return normalised(part.norm, x).flatten(2).transpose(1, 2)


def encode_images(part, options, pixels):
    """pixels: [P, 3, size, size], RGB, 0 to 255 → [P, R, F]"""
    numbers = (pixels.to(next(part.parameters())) - 127.5) / 64
    return {"vit": vision_transformer, "resnet": resnet}[options["kind"]](part, options, numbers)


def fuse(part, kind, text, real, regions, present):
    """text: [B, S, C]; real: [B, S]; regions: [B, R, F]; present: [B] → what decode() takes"""
    if kind == "concatenated":
        seen = present[:, None].expand(regions.shape[:2])
        return (torch.cat([text, part.image_projection(regions)], 1), torch.cat([real, seen], 1),
                None, None)
    if kind == "doubly_attentive":
        return text, real, part.image_projection(regions), present
    if kind == "gated":  # Wu et al., 2021
        image = part.image_projection(regions.mean(1))[:, None].expand_as(text)
        z = part.gate(torch.cat([text, image], -1)).sigmoid() * image
    else:  # selective: Li et al., 2022
        k, v = part.region_projection(regions).chunk(2, -1)
        seen = attend(part.query_projection(text), k, v, heads=1)
        z = part.gate(torch.cat([text, seen], -1)).sigmoid() * (seen - text)
    return torch.where(present[:, None, None], text + z, text), real, None, None


class Translator(Part):
    def table(self, side):
        names = (side + "_embedding", "target_embedding", "embedding")  # its own, or the shared one
        return next(getattr(self, name) for name in names if hasattr(self, name))

    def embed(self, ids, side):
        words, length = F.embedding(ids, self.table(side)), ids.shape[1]
        if self.options["positions"] == "learned":
            positions = getattr(self, side + "_positions").weight[:length]
        else:
            half = words.shape[-1] // 2
            steps = half if self.options["positions"] == "marian" else max(half - 1, 1)
            rates = 10000 ** (-torch.arange(half, dtype=torch.float64) / steps)
            angle = torch.arange(length, dtype=torch.float64)[:, None] * rates
            positions = torch.cat([angle.sin(), angle.cos()], 1).to(words)
        scale = self.options.get("scale_embeddings", True)
        return words * (math.sqrt(words.shape[-1]) if scale else 1) + positions

    def encode(self, source, images=None, present=None):
        """source: [B, S] int64, END last, then PADDING; images: pixels [P, 3, size, size] uint8 or
        features [P, R, F]; present: [B] bool, whose they are, None: everybody's."""
        real, options = source.ne(PADDING), self.options
        text = run_stack(self.encoder, options, self.embed(source, "source"), real)
        if images is None:
            return text, real, None, None
        if options["fusion"] == "none":
            raise ValueError("images: got some, expected None; the model translates text alone")
        if options["image_encoder"]["kind"] != "features":
            images = encode_images(self.image_encoder, options["image_encoder"], images)
        if present is None:
            present = torch.ones_like(source[:, 0], dtype=torch.bool)
        regions = text.new_zeros(len(source), *images.shape[1:])
        regions = regions.index_put((present,), images.to(text))
        return fuse(self.fusion, options["fusion"], text, real, regions, present)

    def decode(self, target, memory):
        """target: [B, T], START first; memory: what encode() gives → logits [B, T, vocabulary]"""
        x = run_stack(self.decoder, self.options, self.embed(target, "target"), memory=memory)
        return F.linear(x, self.table("output"), getattr(self, "output_bias", None))

    def forward(self, source, target, images=None, present=None):
        return self.decode(target, self.encode(source, images, present))


class Classifier(Part):
    def forward(self, pixels):
        """pixels: [B, 3, size, size] uint8 → logits [B, classes]"""
        return self.head(encode_images(self.image_encoder, self.options, pixels).mean(1))


def load(folder):
    """The model of a run folder (its averaged/, else its best/) or of a checkpoint folder. Raises
    ValueError where there is none, or one that is not known here."""
    places = [pathlib.Path(folder) / name for name in ("", "averaged", "best")]
    place = next((place for place in places if (place / "model.json").is_file()), None)
    if place is None:
        raise ValueError(f"{folder}: no model here; expected averaged/, best/ or model.json")
    description = json.loads((place / "model.json").read_text(encoding="utf-8"))
    if description.get("format", 1) > FORMAT:
        raise ValueError(f"{place}/model.json: got format {description['format']}, expected at "
                         f"most {FORMAT}; use the penalmt_torch.py of the program that wrote it")
    tensors = load_file(place / "model.safetensors")
    for name in tensors:
        if name.partition(".")[0] not in PARTS:
            raise ValueError(f"{place}/model.safetensors: tensor '{name}' is unknown here")
    tensors.get("output_bias", torch.zeros(1))[PADDING] = -math.inf  # it is never written
    if "classes" in description:
        return Classifier(tensors, description["image_encoder"])
    for key, known in KNOWN.items():
        if description["model"][key] not in known:
            raise ValueError(f"{place}/model.json: model.{key}: got {description['model'][key]}, "
                             f"expected one of {', '.join(known)}")
    return Translator(tensors, description["model"])
