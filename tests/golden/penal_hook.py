"""Trains a small residual network with the published penal connection (a hook on z) and writes every loss and the final weights.

    pip install torch==2.11.0 && python tests/golden/penal_hook.py        writes penal_hook.json beside it

The network, in float64, width 6, over x [2, 5, 6] (two unpadded sentences of five tokens: N = 10), targets [2, 5] below 7:

    branch(x)  = relu(x up^T + up_bias) down^T + down_bias                up [8, 6], down [6, 8]
    pre        x = x + z, z = branch(norm(x)), three times; then final_norm
    post       x = norm(x + z), z = branch(x), three times; no final_norm
    logits     x output^T                                                 output [7, 6]
    loss       sum over tokens of the cross entropy

norm: layer normalisation, epsilon 1e-5, with gain and bias. The hook adds tau * z to the gradient at z (tau = 0.05). After the backward pass of
the summed loss every gradient is divided by N, once. 20 updates: Adam (rate 0.01, betas 0.9 and 0.98, epsilon 1e-8) or plain SGD (rate 0.1).

Parameters, in this order: blocks.<i>.{up, up_bias, down, down_bias, norm_gain, norm_bias} for i = 0, 1, 2; final_norm_gain, final_norm_bias (pre
only); output. Element p, counted from 0 through all of them, row by row, starts as 0.5 cos(p^2 / 7), gains as 1 + 0.5 cos(p^2 / 7).
Element i of x is cos(1000 + i); target i is 3 i mod 7.
"""
import json, os
import torch, torch.nn.functional as F

TAU, N, UPDATES = 0.05, 10, 20


def shapes(order):
    for i in range(3):
        for name, shape in (("up", (8, 6)), ("up_bias", (8,)), ("down", (6, 8)), ("down_bias", (6,)), ("norm_gain", (6,)), ("norm_bias", (6,))):
            yield f"blocks.{i}.{name}", shape
    if order == "pre": yield from (("final_norm_gain", (6,)), ("final_norm_bias", (6,)))
    yield "output", (7, 6)


def initial(order):
    weights, p = {}, 0
    for name, shape in shapes(order):
        count = torch.Size(shape).numel()
        position = torch.arange(p, p + count, dtype=torch.float64)
        weights[name] = ((1 if name.endswith("gain") else 0) + 0.5 * torch.cos(position * position / 7)).reshape(shape).requires_grad_()
        p += count
    return weights


def penal(z):
    z.register_hook(lambda grad, z=z.detach().clone(): grad + TAU * z)
    return z


def summed_loss(order, w, x, targets):
    norm = lambda x, name: F.layer_norm(x, (6,), w[name + "_gain"], w[name + "_bias"], 1e-5)
    for i in range(3):
        b = f"blocks.{i}."
        branch = lambda x: F.linear(F.relu(F.linear(x, w[b + "up"], w[b + "up_bias"])), w[b + "down"], w[b + "down_bias"])
        x = x + penal(branch(norm(x, b + "norm"))) if order == "pre" else norm(x + penal(branch(x)), b + "norm")
    if order == "pre": x = norm(x, "final_norm")
    return F.cross_entropy(F.linear(x, w["output"]).flatten(0, 1), targets.flatten(), reduction="sum")


def train(order, optimiser):
    w = initial(order)
    x = torch.cos(1000 + torch.arange(60, dtype=torch.float64)).reshape(2, 5, 6)
    targets = (3 * torch.arange(10) % 7).reshape(2, 5)
    values = list(w.values())
    step = torch.optim.Adam(values, lr=0.01, betas=(0.9, 0.98), eps=1e-8) if optimiser == "adam" else torch.optim.SGD(values, lr=0.1)
    losses = []
    for _ in range(UPDATES):
        loss = summed_loss(order, w, x, targets)
        losses.append(loss.item())
        loss.backward()
        for value in values: value.grad /= N
        step.step(); step.zero_grad()
    return {"summed_losses": losses, "initial": {k: v.tolist() for k, v in initial(order).items()}, "final": {k: v.tolist() for k, v in w.items()}}


if __name__ == "__main__":
    torch.set_num_threads(1)
    golden = {"tau": TAU, "tokens": N, "updates": UPDATES} | {
        order: {optimiser: train(order, optimiser) for optimiser in ("adam", "sgd")} for order in ("pre", "post")}
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "penal_hook.json"), "w") as out:
        json.dump(golden, out, separators=(",", ":"))
        out.write("\n")
