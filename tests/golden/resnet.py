"""Regions and gradients of a small pre-activated residual network in PyTorch, float64, weights by a formula.

    pip install torch==2.11.0 safetensors && python tests/golden/resnet.py    writes resnet.safetensors

    weights/<name>     the parameters, with the names of models/resnet.h
    pixels             [2, 3, 8, 8] uint8
    regions            [2, 16, 8]: in training
    gradients/<name>   of sum(regions * cos(place)) with tau = 0.05: the published hook adds tau * z to the gradient that arrives at z
    running/<name>     the normalisations' running statistics after that one batch
    evaluated          regions in evaluation, by those statistics

Element p of the weights, counted from 0 through all parameters in the order of named_parameters(), row by row, is 0.3 cos(p^2 / 7), a norm's gain
1 + that. Width 8, 2 stages of 2 blocks.
"""
import os
import torch, torch.nn as nn, torch.nn.functional as F
from safetensors.torch import save_file

TAU = 0.05


def penal(z):
    if z.requires_grad: z.register_hook(lambda gradient: gradient + TAU * z.detach())
    return z


class Block(nn.Module):
    def __init__(self, before, after, stride):
        super().__init__()
        self.first_norm, self.first_convolution = nn.BatchNorm2d(before), nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.second_norm, self.second_convolution = nn.BatchNorm2d(after), nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.projection = nn.Conv2d(before, after, 1, stride, bias=False) if stride > 1 else nn.Identity()

    def forward(self, x):
        z = self.second_convolution(F.relu(self.second_norm(self.first_convolution(F.relu(self.first_norm(x))))))
        return self.projection(x) + penal(z)


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, 1, 1, bias=False)
        self.blocks = nn.ModuleList([Block(4, 4, 1), Block(4, 4, 1), Block(4, 8, 2), Block(8, 8, 1)])
        self.norm = nn.BatchNorm2d(8)

    def forward(self, pixels):
        x = self.stem((pixels.double() - 127.5) / 64)
        for block in self.blocks: x = block(x)
        return F.relu(self.norm(x)).flatten(2).transpose(1, 2)


network, p = ResNet().double(), 0
with torch.no_grad():
    for name, weight in network.named_parameters():
        place = torch.arange(p, p + weight.numel(), dtype=torch.float64)
        gain = "norm" in name and name.endswith("weight")
        weight.copy_(((1 if gain else 0) + 0.3 * torch.cos(place * place / 7)).reshape(weight.shape))
        p += weight.numel()
pixels = (torch.arange(2 * 3 * 8 * 8) * 7 % 251).to(torch.uint8).reshape(2, 3, 8, 8)
out = {"pixels": pixels, "regions": network(pixels)}
(out["regions"] * torch.cos(torch.arange(2 * 16 * 8, dtype=torch.float64)).reshape(2, 16, 8)).sum().backward()
for name, weight in network.named_parameters():
    out["weights/" + name], out["gradients/" + name] = weight, weight.grad
for name, buffer in network.named_buffers():
    if not name.endswith("num_batches_tracked"): out["running/" + name] = buffer
out["evaluated"] = network.eval()(pixels)
save_file({name: tensor.detach().contiguous() for name, tensor in out.items()},
          os.path.join(os.path.dirname(os.path.abspath(__file__)), "resnet.safetensors"))
