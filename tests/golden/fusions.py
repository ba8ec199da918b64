"""Logits, loss and every gradient of small multimodal transformers in PyTorch, one a fusion, float64, weights by a formula, no dropout.

    pip install torch==2.11.0 sentencepiece safetensors && python tests/golden/fusions.py    writes fusions.safetensors

The network of tiny_transformer.py's case post_penal (post-norm, tau = 0.01 by the published hook, an unpadded batch) with 3 sentences, the
second without its image. Tensors are called <fusion>/<what>[/<name>]:

    weights, gradients   as in tiny_transformer.py; those of the fusion and of attention over the image carry penalmt's own names
    logits, loss         as there
    gate, attention      what TranslationModel::view_images gives for the sentences with an image: [2, n], [2, n, R]

The same for all: source, target, features [2, R, F] (R = 3, F = 6) of the sentences that have an image, present [3].
"""
import os
import torch, torch.nn as nn, torch.nn.functional as F
from safetensors.torch import save_file
from tiny_transformer import here, fill
from torch_tiny import Tiny, Layer, PAD, penal

SOURCE = torch.tensor([[5, 9, 14, 2], [11, 16, 6, 2], [7, 20, 3, 2]])
TARGET = torch.tensor([[1, 8, 22, 3, 2], [1, 4, 9, 15, 2], [1, 12, 5, 6, 2]])
PRESENT = torch.tensor([True, False, True])
C, FFN, HEADS, LAYERS, TAU, R, WIDTH = 16, 24, 4, 2, 0.01, 3, 6
FEATURES = (torch.arange(2 * R * WIDTH, dtype=torch.float64) * 0.9).sin().reshape(2, R, WIDTH)


def multihead(q, k, v, heads):
    """Attention in plain steps: the context and the weights' mean over heads."""
    split = lambda t: t.unflatten(-1, (heads, -1)).transpose(1, 2)
    weights = (split(q) @ split(k).transpose(-1, -2) / (q.shape[-1] // heads) ** 0.5).softmax(-1)
    return (weights @ split(v)).transpose(1, 2).flatten(2), weights.mean(1)


class ImageAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query_projection, self.memory_projection, self.out_projection = nn.Linear(C, C), nn.Linear(C, 2 * C), nn.Linear(C, C)

    def forward(self, x, regions):
        context, weights = multihead(self.query_projection(x), *self.memory_projection(regions).chunk(2, -1), HEADS)
        return self.out_projection(context), weights


class DoublyAttentiveLayer(Layer):
    """After the text, the image: norm(x + beta * attention), untouched where there is none."""
    def __init__(self):
        super().__init__(C, FFN, HEADS, 0.0, True, TAU)
        self.image_attention, self.image_gate, self.image_norm = ImageAttention(), nn.Linear(C, 1), nn.LayerNorm(C)

    def forward(self, x, mask, memory, memory_mask):
        x = self.residual(x, self.self_attn(x, x, mask, causal=True), self.norms[0])
        x = self.residual(x, self.cross_attn(x, memory, memory_mask), self.norms[1])
        seen, self.weights = self.image_attention(x, self.regions)
        self.beta = self.image_gate(x).sigmoid()
        z = self.beta * seen * PRESENT[:, None, None]
        x = torch.where(PRESENT[:, None, None], self.residual(x, z, self.image_norm), x)
        return self.residual(x, self.fc2(F.relu(self.fc1(x))), self.norms[-1])


class Multimodal(Tiny):
    def __init__(self, fusion):
        super().__init__(23, C, FFN, HEADS, LAYERS, 0.0, TAU)
        self.kind, self.fusion = fusion, nn.Module()
        if fusion == "selective":
            self.fusion.query_projection, self.fusion.region_projection = nn.Linear(C, C), nn.Linear(WIDTH, 2 * C)
        else:
            self.fusion.image_projection = nn.Linear(WIDTH, C)
        if fusion in ("gated", "selective"): self.fusion.gate = nn.Linear(2 * C, C)
        if fusion == "doubly_attentive": self.dec = nn.ModuleList(DoublyAttentiveLayer() for _ in range(LAYERS))

    def encode(self, source):
        x, mask = super().encode(source)
        regions = torch.zeros(3, R, WIDTH, dtype=x.dtype)
        regions[PRESENT] = FEATURES
        if self.kind == "gated":
            image = self.fusion.image_projection(regions.mean(1))[:, None].expand_as(x)
            gate = self.fusion.gate(torch.cat([x, image], -1)).sigmoid()
            self.view = gate.mean(-1), None
            return x + penal(gate * image * PRESENT[:, None, None], TAU), mask
        if self.kind == "selective":
            seen, weights = multihead(self.fusion.query_projection(x), *self.fusion.region_projection(regions).chunk(2, -1), 1)
            gate = self.fusion.gate(torch.cat([x, seen], -1)).sigmoid()
            self.view = gate.mean(-1), weights
            return x + penal(gate * (seen - x) * PRESENT[:, None, None], TAU), mask
        image = self.fusion.image_projection(regions)
        if self.kind == "concatenated":
            return torch.cat([x, image], 1), torch.cat([mask, PRESENT[:, None, None, None].expand(-1, 1, 1, R)], -1)
        for layer in self.dec: layer.regions = image
        return x, mask

    def decode(self, memory, mask, prev):
        if self.kind != "concatenated": return super().decode(memory, mask, prev)
        x, on_regions = self.embed(prev), []
        for layer in self.dec:
            y = layer.norms[0](x + layer.self_attn(x, x, None, causal=True))
            attention = layer.cross_attn
            split = lambda t: t.unflatten(-1, (HEADS, -1)).transpose(1, 2)
            scores = split(attention.q(y)) @ split(attention.k(memory)).transpose(-1, -2) / (C // HEADS) ** 0.5
            on_regions.append(scores.masked_fill(~mask, -torch.inf).softmax(-1).mean(1)[..., -R:])
            x = layer(x, None, memory, mask)
        on_regions = torch.stack(on_regions).mean(0)
        self.view = on_regions.sum(-1), on_regions / on_regions.sum(-1, keepdim=True)
        return F.linear(x, self.emb.weight)


def our_name(name):
    """dec.1.image_gate.weight → decoder.layers.1.image_attention.gate.weight; others stay."""
    for theirs, ours in (("image_gate", "image_attention.gate"), ("image_attention", "image_attention.attention"),
                         ("image_norm", "image_attention_residual.norm")):
        if f".{theirs}." in name: return name.replace("dec.", "decoder.layers.", 1).replace(theirs, ours, 1)
    return name


def case(fusion):
    model = fill(Multimodal(fusion).double())
    model.train()
    logits = model.decode(*model.encode(SOURCE), TARGET[:, :-1])
    loss, _ = model.loss(SOURCE, TARGET)
    loss.backward()
    if fusion == "doubly_attentive":
        model.view = torch.stack([l.beta[..., 0] for l in model.dec]).mean(0), torch.stack([l.weights for l in model.dec]).mean(0)
    out = {"logits": logits, "loss": loss, "gate": model.view[0][PRESENT]}
    if model.view[1] is not None: out["attention"] = model.view[1][PRESENT]
    for name, w in model.named_parameters():
        out |= {f"weights/{our_name(name)}": w, f"gradients/{our_name(name)}": w.grad}
    return {f"{fusion}/{name}": tensor for name, tensor in out.items()}


if __name__ == "__main__":
    torch.set_num_threads(1)
    tensors = {"source": SOURCE, "target": TARGET, "features": FEATURES, "present": PRESENT}
    for fusion in ("gated", "concatenated", "selective", "doubly_attentive"): tensors |= case(fusion)
    path = os.path.join(here, "fusions.safetensors")
    save_file({name: t.detach().clone().contiguous() for name, t in tensors.items()}, path)
    os.chmod(path, 0o644)
