"""The consistency losses of two passes in PyTorch: R-Drop and SimCut, with their gradients.

    pip install torch==2.11.0 && python tests/golden/consistency.py        writes consistency.json beside it

In float64, 6 tokens, width 4, vocabulary 7. Element i of the first pass's states [6, 4] is cos(i^2 / 7), of the second's
cos(i^2 / 7 + 0.4), of the output layer [7, 4] sin(i^2 / 5). Token n is 3 n mod 7, so that tokens 0 and 7 n are padding (0).
Label smoothing 0.1; everything is summed over the real tokens.

    r_drop         1/2 (CE(first) + CE(second)) + alpha/4 (KL(first || second) + KL(second || first)), alpha 5
    token_cutoff   CE(first) + alpha KL(first || second), alpha 3, gradients to both passes
"""
import json, os
import torch, torch.nn.functional as F

ROWS, WIDTH, VOCABULARY, SMOOTHING = 6, 4, 7, 0.1


def numbers(count, divisor, function, shift=0.0):
    i = torch.arange(count, dtype=torch.float64)
    return function(i * i / divisor + shift)


def answer(combine):
    first = numbers(ROWS * WIDTH, 7, torch.cos).reshape(ROWS, WIDTH).requires_grad_()
    second = numbers(ROWS * WIDTH, 7, torch.cos, 0.4).reshape(ROWS, WIDTH).requires_grad_()
    weight = numbers(VOCABULARY * WIDTH, 5, torch.sin).reshape(VOCABULARY, WIDTH).requires_grad_()
    gold = 3 * torch.arange(ROWS) % VOCABULARY
    real = gold != 0
    a, b = (first @ weight.T)[real], (second @ weight.T)[real]
    log_a, log_b = a.log_softmax(-1), b.log_softmax(-1)
    ce = lambda logits: F.cross_entropy(logits, gold[real], reduction="sum", label_smoothing=SMOOTHING)
    kl = lambda p, q: F.kl_div(q, p, reduction="sum", log_target=True)  # KL(p || q)
    loss = combine(ce(a), ce(b), kl(log_a, log_b), kl(log_b, log_a))
    loss.backward()
    return {"loss": loss.item(), "first": first.grad.flatten().tolist(), "second": second.grad.flatten().tolist(),
            "weight": weight.grad.flatten().tolist()}


answers = {
    "r_drop": answer(lambda ce1, ce2, kl12, kl21: (ce1 + ce2) / 2 + 5 / 4 * (kl12 + kl21)),
    "token_cutoff": answer(lambda ce1, ce2, kl12, kl21: ce1 + 3 * kl12),
}
with open(os.path.join(os.path.dirname(__file__), "consistency.json"), "w") as file:
    json.dump(answers, file, indent=1)
    file.write("\n")
