"""The chains of small transformers, measured by PyTorch's autograd, float64.

    pip install torch==2.11.0 numpy sentencepiece safetensors && python tests/golden/chain.py        writes chain.json beside it

Three cases, each on the padded batch of tiny_transformer.py:

    post    post-norm, 2 + 2 layers: the network and the weights of tiny_transformer.py's case of that name
    pre     pre-norm, 2 + 2 layers, width 8, feed-forward 12 (GELU), 2 heads, learned positions (a table of 12 a stack), three embedding matrices
    fused   pre-norm, 2 + 2 layers of the same sizes (ReLU), sinusoidal positions, one embedding matrix; selective attention over the regions of a
            vision transformer: 8 x 8 pixels in patches of 4, 2 layers (GELU) of width 6, feed-forward 10, 2 heads, without a normalisation at its end;
            the branches of the stacks, not that of the fusion, multiplied by a number a channel. The second sentence has no image. Byte p of the
            pixels [2, 3, 8, 8] is 7 p modulo 251

The weights of the last two carry penalmt's names: element p, row by row, of the weight called n is 0.4 cos((p + s)^2 / 7), s the sum of n's bytes
modulo 100; a gain (..norm.weight) or a branch's scale (..scale) is 1 + that.

A case holds nll, the mean unsmoothed loss of a real target token, and for each stack, over real positions (the decoder's are those that predict a
token, the fusion's those of sentences with an image):

    nodes          of each residual x + z by depth: step ||z||, state ||x||, ratio of the two, alignment cos(z, -dL/dx), turning cos(z, next z), as
                   [mean, deviation of the population]; turning of the last is null. L is the summed unsmoothed cross entropy; in the post-norm
                   case the normalisation after the sum is no part of the chain
    straightness   ||sum z|| / sum ||z||; null for a single residual
    evenness       deviation (of the population) over mean of ||z|| along the chain; null for a single residual
"""
import json, math, os
import torch, torch.nn.functional as F
from tiny_transformer import PAD, SOURCE, TARGET, Layer, Tiny, fill

PRESENT = torch.tensor([True, False, True])
PIXELS = (torch.arange(2 * 3 * 8 * 8) * 7 % 251).reshape(2, 3, 8, 8)


class Recorded(Layer):
    """Post-norm; writes down x and z of every residual: the base class's forward, spelt out."""
    def add(self, x, z):
        x.retain_grad()
        self.seen.append((x, z))
        return x + z

    def forward(self, x, mask, memory=None, memory_mask=None):
        x = self.norms[0](self.add(x, self.self_attn(x, x, mask, causal=memory is not None)))
        if memory is not None: x = self.norms[1](self.add(x, self.cross_attn(x, memory, memory_mask)))
        return self.norms[-1](self.add(x, self.fc2(F.relu(self.fc1(x)))))


def weight(name, *shape):
    p, s = torch.arange(math.prod(shape), dtype=torch.float64), sum(name.encode()) % 100
    gain = name.endswith("norm.weight") or name.endswith("scale")
    return ((1 if gain else 0) + 0.4 * torch.cos((p + s) ** 2 / 7)).reshape(shape).requires_grad_()


def linear(name, x, out):
    return x @ weight(name + ".weight", out, x.shape[-1]).T + weight(name + ".bias", out)


def normalised(name, x):
    x = x - x.mean(-1, keepdim=True)
    return x / (x.square().mean(-1, keepdim=True) + 1e-5).sqrt() * weight(name + ".weight", x.shape[-1]) + weight(name + ".bias", x.shape[-1])


def attention(queries, keys, values, heads, visible):
    """visible: [.., T, M] true where a query may look."""
    heads_of = lambda t: t.unflatten(-1, (heads, -1)).transpose(1, 2)
    scores = heads_of(queries) @ heads_of(keys).transpose(-1, -2) / (queries.shape[-1] // heads) ** 0.5
    return (scores.masked_fill(~visible, -torch.inf).softmax(-1) @ heads_of(values)).transpose(1, 2).flatten(2)


class Stack:
    """Pre-norm layers whose residuals are written down."""
    def __init__(self, name, inner, activation, scaled, heads=2, layers=2):
        self.name, self.inner, self.activation, self.scaled, self.heads, self.layers, self.seen = name, inner, activation, scaled, heads, layers, []

    def add(self, name, x, z):
        if self.scaled: z = z * weight(f"{name}_residual.connection.scale", x.shape[-1])
        x.retain_grad()
        self.seen.append((x, z))
        return x + z

    def __call__(self, x, visible, memory=None, memory_visible=None):
        width = x.shape[-1]
        for layer in range(self.layers):
            at = f"{self.name}.layers.{layer}."
            n = normalised(at + "self_attention_residual.norm", x)
            q, k, v = linear(at + "self_attention.in_projection", n, 3 * width).chunk(3, -1)
            x = self.add(at + "self_attention", x, linear(at + "self_attention.out_projection", attention(q, k, v, self.heads, visible), width))
            if memory is not None:
                q = linear(at + "cross_attention.query_projection", normalised(at + "cross_attention_residual.norm", x), width)
                k, v = linear(at + "cross_attention.memory_projection", memory, 2 * width).chunk(2, -1)
                seen = attention(q, k, v, self.heads, memory_visible)
                x = self.add(at + "cross_attention", x, linear(at + "cross_attention.out_projection", seen, width))
            n = normalised(at + "feed_forward_residual.norm", x)
            x = self.add(at + "feed_forward", x, linear(at + "feed_forward.down", self.activation(linear(at + "feed_forward.up", n, self.inner)), width))
        return x


def sinusoids(length, width):
    angle = torch.arange(length, dtype=torch.float64)[:, None] * 10000 ** (-torch.arange(width // 2, dtype=torch.float64) / (width // 2 - 1))
    return torch.cat([angle.sin(), angle.cos()], 1)


def regions(stack):
    """Of the two images: [2, 4, 6]."""
    patches = F.unfold((PIXELS.double() - 127.5) / 64, kernel_size=4, stride=4).transpose(1, 2)  # [2, 4, 3 * 4 * 4]
    x = linear("image_encoder.patches.projection", patches, 6) + weight("image_encoder.positions", 4, 6)
    return stack(x, torch.ones(1, 1, 1, 4, dtype=torch.bool))


def fused(x, images, seen):
    """x + g * (what is seen - x) where there is an image."""
    there = torch.zeros(3, 4, 6, dtype=x.dtype).index_copy(0, PRESENT.nonzero()[:, 0], images)
    k, v = linear("fusion.region_projection", there, 16).chunk(2, -1)
    looked = attention(linear("fusion.query_projection", x, 8), k, v, 1, torch.ones(1, 1, 1, 4, dtype=torch.bool))
    z = linear("fusion.gate", torch.cat([x, looked], -1), 8).sigmoid() * (looked - x) * PRESENT[:, None, None]
    x.retain_grad()
    seen.append((x, z))
    return x + z


def run_pre(images):
    """The case `pre`, or with images `fused`."""
    source, target = torch.tensor(SOURCE), torch.tensor(TARGET)
    fed, told = target[:, :-1], target[:, 1:]
    activation = F.relu if images else F.gelu
    encoder, decoder = (Stack(name, 12, activation, scaled=images) for name in ("encoder", "decoder"))
    vision, fusion = Stack("image_encoder.encoder", 10, F.gelu, scaled=True), []
    if images:
        tables = [weight("embedding", 23, 8)] * 3
        positions = [sinusoids(ids.shape[1], 8) for ids in (source, fed)]
    else:
        tables = [weight("source_embedding", 19, 8), weight("target_embedding", 23, 8), weight("output_embedding", 23, 8)]
        positions = [weight(f"{side}_positions.weight", 12, 8)[: ids.shape[1]] for side, ids in (("source", source), ("target", fed))]
    real = (source != PAD)[:, None, None, :]
    x = normalised("encoder.final_norm", encoder(tables[0][source] * 8 ** 0.5 + positions[0], real))
    if images: x = fused(x, regions(vision), fusion)
    causal = torch.ones(fed.shape[1], fed.shape[1], dtype=torch.bool).tril()
    y = normalised("decoder.final_norm", decoder(tables[1][fed] * 8 ** 0.5 + positions[1], causal, x, real))
    loss = -(y @ tables[2].T).log_softmax(-1).gather(-1, told[..., None])[..., 0][told != PAD].sum()
    loss.backward()
    out = {"nll": (loss / (told != PAD).sum()).item(), "encoder": measures(encoder.seen, source != PAD)}
    if images:
        out["image_encoder"] = measures(vision.seen, torch.ones(2, 4, dtype=torch.bool))
        out["fusion"] = measures(fusion, (source != PAD) & PRESENT[:, None])
    return out | {"decoder": measures(decoder.seen, told != PAD)}


def run_post():
    model = fill(Tiny(23, d=16, ffn=24, heads=4, layers=2, dropout=0.0).double())
    source, target = torch.tensor(SOURCE), torch.tensor(TARGET)
    for layers in (model.enc, model.dec):
        seen = []
        for layer in layers: layer.__class__, layer.seen = Recorded, seen
    loss, tokens = model.loss(source, target, smoothing=0)
    loss.backward()
    return {"nll": (loss / tokens).item(), "encoder": measures(model.enc[0].seen, source != PAD),
            "decoder": measures(model.dec[0].seen, target[:, 1:] != PAD)}


def moments(values):
    return [values.mean().item(), values.std(correction=0).item()]


def measures(seen, real):
    x, z, g = (torch.stack([t[real] for t in ts]).detach() for ts in ([x for x, _ in seen], [z for _, z in seen], [x.grad for x, _ in seen]))
    step, state = z.norm(dim=-1), x.norm(dim=-1)                    # [residuals, positions]
    turning = F.cosine_similarity(z[:-1], z[1:], dim=-1)
    nodes = [{"step": moments(step[l]), "state": moments(state[l]), "ratio": moments(step[l] / state[l]),
              "alignment": moments(F.cosine_similarity(z[l], -g[l], dim=-1)),
              "turning": moments(turning[l]) if l + 1 < len(z) else None} for l in range(len(z))]
    alone = len(z) == 1
    return {"straightness": None if alone else moments(z.sum(0).norm(dim=-1) / step.sum(0)),
            "evenness": None if alone else moments(step.std(0, correction=0) / step.mean(0)), "nodes": nodes}


def written(value, depth=0):
    """JSON with a line for each residual."""
    if not isinstance(value, (dict, list)) or "step" in value or all(isinstance(one, float) for one in value): return json.dumps(value)
    marks, items = ("{}", [f'"{key}": ' + written(one, depth + 1) for key, one in value.items()]) if isinstance(value, dict) else (
        "[]", [written(one, depth + 1) for one in value])
    return marks[0] + ",".join("\n" + " " * (depth + 1) + item for item in items) + "\n" + " " * depth + marks[1]


if __name__ == "__main__":
    torch.set_num_threads(1)
    cases = {"post": run_post(), "pre": run_pre(images=False), "fused": run_pre(images=True)}
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "chain.json"), "w") as out: out.write(written(cases) + "\n")
