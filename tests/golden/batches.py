"""Writes batches.json: the batches that the peer's rule (recipes/benchmark/torch_tiny.py, batches() without shuffling) makes of
sentences whose lengths follow a formula. Run: python batches.py > batches.json
"""
import json


def batches(data, budget):
    """The rule, word for word, on (source, target) lists."""
    order = list(range(len(data)))
    order.sort(key=lambda i: (len(data[i][1]), len(data[i][0])))
    out, cur, longest = [], [], 0
    for i in order:
        longest = max(longest, len(data[i][0]), len(data[i][1]) - 1)
        if cur and longest * (len(cur) + 1) > budget:
            out.append(cur); cur = []; longest = max(len(data[i][0]), len(data[i][1]) - 1)
        cur.append(i)
    out.append(cur)
    return out


lengths = [(1 + (7 * i) % 23, 2 + (11 * i) % 29) for i in range(120)]
data = [([9] * s, [9] * t) for s, t in lengths]
print(json.dumps({"lengths": lengths, "batches": {str(b): batches(data, b) for b in (20, 64, 100, 4096)}}))
