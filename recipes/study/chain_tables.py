"""The chain of each arm: a table a stack. A result's field chain: stack → measure → number."""

import statistics

# In a result: the title, and the digits shown.
MEASURES = {
    "straightness": ("straightness", 3),
    "evenness": ("evenness", 3),
    "alignment": ("alignment", 4),
    "turning": ("turning", 3),
    "ratio": ("norm of z / norm of x", 3),
    "step": ("norm of z", 2),
}


def text(rows):
    """rows: (label, results). Empty where no result has a chain."""
    measured = [(label, [e["chain"] for e in entries if "chain" in e]) for label, entries in rows]
    stacks = dict.fromkeys(stack for _, chains in measured for chain in chains for stack in chain)
    parts = []
    for stack in stacks:
        head = [f"chain of the {stack.replace('_', ' ')}", "seeds",
                *(title for title, _ in MEASURES.values())]
        lines = [head, ["---"] * len(head)]
        for label, chains in measured:
            found = [chain[stack] for chain in chains if stack in chain]
            if found:
                lines.append([label, str(len(found)), *(cell(found, name) for name in MEASURES)])
        parts.append("\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n")
    return "\n".join(parts)


def cell(chains, name):
    digits = MEASURES[name][1]
    values = [chain[name] for chain in chains if chain.get(name) is not None]
    if not values:
        return ""
    deviation = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.{digits}f}{deviation}"
