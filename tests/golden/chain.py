"""The chains of the small transformers of tiny_transformer.py, measured by PyTorch's autograd, float64.

    pip install torch==2.11.0 sentencepiece safetensors && python tests/golden/chain.py        writes chain.json beside it

Two cases, `post` and `pre`, with the weights and the padded batch of tiny_transformer.py; each holds nll, the mean unsmoothed loss of a real
target token, and for `encoder` and `decoder`, over real positions (the decoder's are those that predict a token):

    nodes          of each residual x + z by depth: step ||z||, state ||x||, ratio of the two, alignment cos(z, -dL/dx), turning cos(z, next z), as
                   [mean, deviation of the population]; turning of the last is null. L is the summed unsmoothed cross entropy; in the post-norm
                   case the normalisation after the sum is no part of the chain
    straightness   ||sum z|| / sum ||z||
    evenness       deviation (of the population) over mean of ||z|| along the chain
"""
import json, os
import torch, torch.nn.functional as F
from tiny_transformer import PAD, SOURCE, TARGET, Layer, Pre, PreLayer, Tiny, fill


class Recorded:
    """Writes down x and z of every residual; the base class's forward, spelt out."""
    def add(self, x, z):
        x.retain_grad()
        self.seen.append((x, z))
        return x + z


class RecordedPost(Recorded, Layer):
    def forward(self, x, mask, memory=None, memory_mask=None):
        x = self.norms[0](self.add(x, self.self_attn(x, x, mask, causal=memory is not None)))
        if memory is not None: x = self.norms[1](self.add(x, self.cross_attn(x, memory, memory_mask)))
        return self.norms[-1](self.add(x, self.fc2(F.relu(self.fc1(x)))))


class RecordedPre(Recorded, PreLayer):
    def forward(self, x, mask, memory=None, memory_mask=None):
        n = self.norms[0](x)
        x = self.add(x, self.self_attn(n, n, mask, causal=memory is not None))
        if memory is not None: x = self.add(x, self.cross_attn(self.norms[1](x), memory, memory_mask))
        return self.add(x, self.fc2(F.gelu(self.fc1(self.norms[-1](x)))))


def moments(values):
    return [values.mean().item(), values.std(correction=0).item()]


def measures(seen, real):
    x, z, g = (torch.stack([t[real] for t in ts]).detach() for ts in ([x for x, _ in seen], [z for _, z in seen], [x.grad for x, _ in seen]))
    step, state = z.norm(dim=-1), x.norm(dim=-1)                    # [residuals, positions]
    turning = F.cosine_similarity(z[:-1], z[1:], dim=-1)
    nodes = [{"step": moments(step[l]), "state": moments(state[l]), "ratio": moments(step[l] / state[l]),
              "alignment": moments(F.cosine_similarity(z[l], -g[l], dim=-1)),
              "turning": moments(turning[l]) if l + 1 < len(z) else None} for l in range(len(z))]
    return {"nodes": nodes, "straightness": moments(z.sum(0).norm(dim=-1) / step.sum(0)),
            "evenness": moments(step.std(0, correction=0) / step.mean(0))}


def run(model, kind):
    source, target = torch.tensor(SOURCE), torch.tensor(TARGET)
    for layers in (model.enc, model.dec):
        seen = []
        for layer in layers: layer.__class__, layer.seen = kind, seen
    loss, tokens = model.loss(source, target, smoothing=0)
    loss.backward()
    return {"nll": (loss / tokens).item(), "encoder": measures(model.enc[0].seen, source != PAD),
            "decoder": measures(model.dec[0].seen, target[:, 1:] != PAD)}


if __name__ == "__main__":
    torch.set_num_threads(1)
    post = fill(Tiny(23, d=16, ffn=24, heads=4, layers=2, dropout=0.0).double())
    pre = fill(Pre(19, 23, d=8, ffn=12, heads=2, layers=1, longest=12).double())
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "chain.json"), "w") as out:
        json.dump({"post": run(post, RecordedPost), "pre": run(pre, RecordedPre)}, out, indent=1)
        out.write("\n")
