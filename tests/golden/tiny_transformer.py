"""Logits, loss and every gradient of small transformers in PyTorch, float64, weights by a formula, no dropout.

    pip install torch==2.11.0 sentencepiece safetensors && python tests/golden/tiny_transformer.py    writes tiny_transformer.safetensors

Three cases; tensors are called <case>/<what>[/<name>]:

    post        the network of recipes/benchmark/peers/torch_tiny.py: vocabulary 23, width 16, feed-forward 24, 4 heads, 2 + 2 layers;
                a padded batch of 3 sentences
    post_penal  the same weights, an unpadded batch of 2 sentences, tau = 0.01 (the published hook, the loss summed)
    pre         pre-norm with a norm at the end of each stack, GELU (exact), learned positions (a table of 12 a stack), three embedding matrices
                (source vocabulary 19, target 23, output 23), width 8, feed-forward 12, 2 heads, 1 + 1 layers; the padded batch (source ids below 19)

    weights     the parameters, with the names of torch_tiny.py; `pre` adds enc_norm, dec_norm, emb_src, emb_tgt, emb_out, pos_src, pos_tgt
                (post_penal's are post's)
    source      [B, S] int64, ends in 2, padding 0      target      [B, T + 1] int64, begins with 1, ends in 2, padding 0
    logits      [B, T, V]; padded positions too
    loss        the sum over real target tokens of the cross entropy with label smoothing 0.1
    gradients   of that sum, not divided

Element p of the weights, counted from 0 through all parameters in the order of named_parameters(), row by row, is 0.3 cos(p^2 / 7), a norm's gain
1 + that; then row 0 (padding) of emb, emb_src and emb_tgt is set to zero. Positions are computed in float64.
"""
import math, os, sys
import torch, torch.nn as nn, torch.nn.functional as F
from safetensors.torch import save_file

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "..", "recipes", "benchmark", "peers"))
from torch_tiny import PAD, Layer, Tiny, penal

SOURCE = [[5, 9, 14, 7, 2], [18, 4, 2, 0, 0], [11, 11, 6, 2, 0]]
TARGET = [[1, 8, 22, 3, 13, 17, 2], [1, 20, 2, 0, 0, 0, 0], [1, 4, 9, 15, 2, 0, 0]]
UNPADDED = [[5, 9, 14, 2], [11, 16, 6, 2]], [[1, 8, 22, 3, 2], [1, 4, 9, 15, 2]]


class PreLayer(Layer):
    """Pre-norm, GELU: x + branch(norm(x))."""
    def forward(self, x, mask, memory=None, memory_mask=None):
        n = self.norms[0](x)
        x = x + penal(self.self_attn(n, n, mask, causal=memory is not None), self.tau)
        if memory is not None: x = x + penal(self.cross_attn(self.norms[1](x), memory, memory_mask), self.tau)
        return x + penal(self.fc2(F.gelu(self.fc1(self.norms[-1](x)))), self.tau)


class Pre(Tiny):
    """Pre-norm layers, learned positions, three embedding matrices."""
    def __init__(self, source_vocab, target_vocab, d, ffn, heads, layers, longest):
        super().__init__(target_vocab, d, ffn, heads, layers, 0.0)
        del self.emb
        self.emb_src, self.emb_tgt, self.emb_out = nn.Embedding(source_vocab, d, PAD), nn.Embedding(target_vocab, d, PAD), nn.Linear(d, target_vocab, bias=False)
        self.pos_src, self.pos_tgt = (nn.Parameter(torch.zeros(longest, d)) for _ in range(2))
        self.enc = nn.ModuleList(PreLayer(d, ffn, heads, 0.0, False, 0.0) for _ in range(layers))
        self.dec = nn.ModuleList(PreLayer(d, ffn, heads, 0.0, True, 0.0) for _ in range(layers))
        self.enc_norm, self.dec_norm = nn.LayerNorm(d), nn.LayerNorm(d)

    def encode(self, src):
        x, mask = self.emb_src(src) * self.scale + self.pos_src[: src.shape[1]], (src != PAD)[:, None, None, :]
        for layer in self.enc: x = layer(x, mask)
        return self.enc_norm(x), mask

    def decode(self, memory, mask, prev):
        x = self.emb_tgt(prev) * self.scale + self.pos_tgt[: prev.shape[1]]
        for layer in self.dec: x = layer(x, None, memory, mask)
        return self.emb_out(self.dec_norm(x))


def fill(model):
    p = 0
    with torch.no_grad():
        for name, w in model.named_parameters():
            position = torch.arange(p, p + w.numel(), dtype=torch.float64)
            gain = "norm" in name and name.endswith("weight")
            w.copy_(((1 if gain else 0) + 0.3 * torch.cos(position * position / 7)).reshape(w.shape))
            p += w.numel()
        for name, w in model.named_parameters():
            if name in ("emb.weight", "emb_src.weight", "emb_tgt.weight"): w[PAD].zero_()
    d = model.pos.shape[1]
    angle = torch.arange(512, dtype=torch.float64)[:, None] * torch.exp(torch.arange(d // 2, dtype=torch.float64) * (-math.log(10000) / (d // 2 - 1)))
    model.pos = torch.cat([angle.sin(), angle.cos()], 1)
    return model


def run(model, source, target):
    source, target = torch.tensor(source), torch.tensor(target)
    model.train(); model.zero_grad()
    logits = model.decode(*model.encode(source), target[:, :-1])
    loss, _ = model.loss(source, target)
    loss.backward()
    out = {"source": source, "target": target, "logits": logits, "loss": loss}
    return out | {f"gradients/{name}": w.grad for name, w in model.named_parameters()}


if __name__ == "__main__":
    torch.set_num_threads(1)
    sizes = dict(d=16, ffn=24, heads=4, layers=2, dropout=0.0)
    post, penalised = (fill(Tiny(23, **sizes, tau=tau).double()) for tau in (0.0, 0.01))
    pre = fill(Pre(19, 23, d=8, ffn=12, heads=2, layers=1, longest=12).double())
    cases = {"post": run(post, SOURCE, TARGET), "post_penal": run(penalised, *UNPADDED), "pre": run(pre, SOURCE, TARGET)}
    for name, model in (("post", post), ("pre", pre)):
        cases[name] |= {f"weights/{k}": w for k, w in model.named_parameters()}
    save_file({f"{case}/{name}": t.detach().clone().contiguous() for case, tensors in cases.items() for name, t in tensors.items()},
              os.path.join(here, "tiny_transformer.safetensors"))
    os.chmod(os.path.join(here, "tiny_transformer.safetensors"), 0o644)
