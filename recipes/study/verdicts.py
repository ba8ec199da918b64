"""What became of the predictions of the study's README: each judged by its own "refuted by", from the results alone."""

import statistics

# Arms by short names.
POST = {"0": "post, tau 0", "1e-3": "post, tau 1e-3", "1e-2": "post, tau 1e-2", "3e-2": "post, tau 3e-2"}
PRE = {"0": "pre, tau 0", "1e-3": "pre, tau 1e-3", "1e-2": "pre, tau 1e-2", "3e-2": "pre, tau 3e-2"}
RELATIVE, GRADED = "pre, relative, tau 1e-2", "pre, tau 1e-2, grade 0.5"
CONTROLS = ("pre, stream, tau 1e-3", "pre, dropout 0.4", "pre, layer drop 0.1")
BEST = "{}, the best of wave 1"
CIFAR = ("100 a class", "500 a class", "all images")
STACKS = ("encoder", "decoder")

HELD, REFUTED, NEITHER = "held", "**refuted**", "neither held nor refuted"
LEAST_GAIN = 0.3  # BLEU; predictions 6 and 7 count what is below as none


class Open(Exception):
    """Runs are missing: how many of how many are there."""


class Means:
    """Means over seeds of arms all of whose planned seeds are there."""

    def __init__(self, plan, entries):
        self.seeds = {arm.name: len(arm.seeds) for arm in plan.arms}
        self.entries = entries
        self.there = self.wanted = 0

    def need(self, *arms):
        """Throws Open unless every run of the arms is there."""
        self.wanted = sum(self.seeds.get(arm, 1) for arm in arms)
        self.there = sum(min(len(self.of(arm)), self.seeds.get(arm, 1)) for arm in arms)
        if self.there < self.wanted:
            raise Open(f"{self.there} of {self.wanted} runs")

    def of(self, arm):
        found = [e for e in self.entries if e["arm"] == arm]
        # In one precision, that of most.
        kinds = [e["precision"] for e in found]
        return [e for e in found if e["precision"] == max(kinds, key=kinds.count)]

    def score(self, arm):
        return statistics.fmean(e.get("valid_bleu", e.get("valid_accuracy")) for e in self.of(arm))

    def nll(self, arm):
        return statistics.fmean(e["valid_nll"] for e in self.of(arm))

    def chain(self, arm, stack, measure):
        found = [e.get("chain", {}).get(stack, {}).get(measure) for e in self.of(arm)]
        if None in found:
            raise Open(f"{arm}: {found.count(None)} of {len(found)} runs lack their chain")
        return statistics.fmean(found)

    def gain(self, arm, control):
        return self.score(arm) - self.score(control)


def moves(means, arm, control, measure, digits=3):
    """Of each stack: how far it moved, and in words."""
    found = [(means.chain(control, s, measure), means.chain(arm, s, measure)) for s in STACKS]
    words = ", ".join(f"{s} {a:.{digits}f} → {b:.{digits}f}" for s, (a, b) in zip(STACKS, found))
    return [b - a for a, b in found], f"{measure}: {words}"


def verdict(held, refuted):
    return REFUTED if refuted else HELD if held else NEITHER


def of_gains(result, gains, where):
    """A prediction that compares gains may hold where there are none: its words hold, no more."""
    if result == HELD and max(gains) <= 0:
        return f"{HELD} by its words; there is no gain {where}"
    if result == HELD and max(gains) < LEAST_GAIN:
        return f"{HELD} by its words; no gain of {LEAST_GAIN} BLEU {where}"
    return result


def straighter(means):
    means.need(PRE["0"], PRE["1e-2"])
    straight, words = moves(means, PRE["1e-2"], PRE["0"], "straightness")
    even, more = moves(means, PRE["1e-2"], PRE["0"], "evenness")
    holds = min(straight) > 0 and max(even) < 0
    return verdict(holds, not holds), f"pre-norm, tau 0 → 1e-2: {words}; {more}"


def turns(means):
    means.need(PRE["0"], PRE["1e-2"])
    straight, words = moves(means, PRE["1e-2"], PRE["0"], "straightness")
    turning, more = moves(means, PRE["1e-2"], PRE["0"], "turning")
    rising = [t for s, t in zip(straight, turning) if s > 0]
    return (verdict(bool(rising) and min(rising) > 0, bool(rising) and min(rising) < 0),
            f"pre-norm, tau 0 → 1e-2: {words}; {more}")


def post_norm_keeps_straightness(means):
    means.need(PRE["0"], PRE["1e-2"], POST["0"], POST["1e-2"])
    post, words = moves(means, POST["1e-2"], POST["0"], "straightness")
    pre, _ = moves(means, PRE["1e-2"], PRE["0"], "straightness")
    norms, more = moves(means, POST["1e-2"], POST["0"], "step", 2)
    as_much = max(map(abs, post)) >= max(map(abs, pre))
    return (verdict(max(norms) < 0 and not as_much, as_much),
            f"post-norm, tau 0 → 1e-2: {words} (pre-norm moved by at most {max(map(abs, pre)):.3f}); norm of z: {more[6:]}")


def scale(means):
    means.need(PRE["0"], PRE["1e-2"], RELATIVE)
    words, falls_as_much, relative_falls = [], [], []
    for stack in STACKS:
        left = {m: means.chain(PRE["1e-2"], stack, m) / means.chain(PRE["0"], stack, m) for m in ("step", "ratio")}
        relative = means.chain(RELATIVE, stack, "ratio") / means.chain(PRE["0"], stack, "ratio")
        falls_as_much.append(left["ratio"] <= left["step"])
        relative_falls.append(relative < 1)
        words.append(f"{stack}: norm of z to {100 * left['step']:.0f} %, ratio to {100 * left['ratio']:.0f} %, by the "
                     f"relative penalty to {100 * relative:.0f} %")
    return (verdict(not any(falls_as_much) and all(relative_falls), any(falls_as_much)),
            "pre-norm, tau 0 → 1e-2: " + "; ".join(words))


def aligned(means):
    means.need(PRE["0"], PRE["1e-2"], POST["0"], POST["1e-2"])
    pre, words = moves(means, PRE["1e-2"], PRE["0"], "alignment", 4)
    post, more = moves(means, POST["1e-2"], POST["0"], "alignment", 4)
    return (verdict(min(pre + post) > 0, max(pre) <= 0 or max(post) <= 0),
            f"tau 0 → 1e-2, pre-norm: {words}; post-norm: {more}")


def small_data(means):
    means.need(*POST.values())
    gains = {tau: means.gain(POST[tau], POST["0"]) for tau in ("1e-3", "1e-2", "3e-2")}
    moved = abs(means.nll(POST["1e-2"]) - means.nll(POST["0"]))
    inside = max(gains["1e-3"], gains["1e-2"]) > max(0, gains["3e-2"])
    held = 0.5 <= gains["1e-2"] <= 1.2 and max(gains["1e-3"], gains["3e-2"]) < gains["1e-2"] and moved < 0.05
    return (verdict(held, gains["1e-2"] < 0.3 or not inside),
            ", ".join(f"tau {tau} {gain:+.2f} BLEU" for tau, gain in gains.items()) + f"; nll moved by {moved:.3f}")


def more_data(means):
    small, full = POST["1e-3"], BEST.format("text")
    middle = BEST.format("post, 10,000 pairs")
    means.need(POST["0"], small, "post, 10,000 pairs, tau 0", middle, "text, tau 0", full)
    gains = [means.gain(small, POST["0"]), means.gain(middle, "post, 10,000 pairs, tau 0"), means.gain(full, "text, tau 0")]
    held = abs(gains[2]) <= 0.3 and abs(gains[1] - gains[0] / 2) <= 0.3
    return (of_gains(verdict(held, gains[2] >= gains[0]), gains[:1], "on 5,000 pairs"),
            "post-norm, tau 1e-3: " + ", ".join(f"{gain:+.2f} BLEU on {size} pairs" for gain, size in zip(gains, ("5,000", "10,000", "29,000"))))


def deeper(means):
    shallow, deep = "pre, 10,000 pairs", "12 layers"
    means.need(f"{shallow}, tau 0", BEST.format(shallow), f"{deep}, tau 0", BEST.format(deep))
    gains = [means.gain(BEST.format(name), f"{name}, tau 0") for name in (shallow, deep)]
    return (of_gains(verdict(gains[1] > gains[0], gains[1] <= gains[0]), gains, "at either depth"),
            f"pre-norm, 10,000 pairs, tau 1e-3: {gains[0]:+.2f} BLEU with 4 layers, {gains[1]:+.2f} with 12")


def regularisers(means):
    means.need(PRE["0"], PRE["1e-2"], *CONTROLS)
    own = means.gain(PRE["1e-2"], PRE["0"])
    others = {arm: means.gain(arm, PRE["0"]) for arm in CONTROLS}
    judged = verdict(max(abs(own - g) for g in others.values()) <= 0.5, all(own - g > 0.5 for g in others.values()))
    return (of_gains(judged, [own, *others.values()], "by any of them"),
            f"tau 1e-2 {own:+.2f} BLEU; " + ", ".join(f"{arm.removeprefix('pre, ')} {g:+.2f}" for arm, g in others.items()))


def graded(means):
    means.need(GRADED, PRE["1e-2"])
    ahead = means.gain(GRADED, PRE["1e-2"])
    return verdict(ahead >= 0, ahead < -0.3), f"grade 0.5 against 1 at tau 1e-2: {ahead:+.2f} BLEU"


def recognition(means):
    means.need(*(f"{size}, tau {tau}" for size in CIFAR for tau in ("0", "1e-5", "1e-4")))
    gains = {size: max(means.gain(f"{size}, tau {tau}", f"{size}, tau 0") for tau in ("1e-5", "1e-4")) for size in CIFAR}
    harm = means.gain("all images, tau 1e-4", "all images, tau 0")
    few, some, all_images = (gains[size] for size in CIFAR)
    in_order = few >= some >= all_images
    return (verdict(in_order and few > 0 and -0.5 <= harm <= 0, not in_order),
            "the better of 1e-5 and 1e-4: " + ", ".join(f"{size} {gain:+.2f} points" for size, gain in gains.items())
            + f"; 1e-4 on all images {harm:+.2f}")


PREDICTIONS = (straighter, turns, post_norm_keeps_straightness, scale, aligned, small_data, more_data, deeper,
               regularisers, graded, recognition)


def text(plan, entries):
    """A table; empty where the plan has none of the arms."""
    if PRE["0"] not in {arm.name for arm in plan.arms}:
        return ""
    means = Means(plan, entries)
    lines = ["| # | by its own \"refuted by\" | seen (means over all planned seeds) |", "| --- | --- | --- |"]
    for number, judge in enumerate(PREDICTIONS, start=1):
        try:
            result, seen = judge(means)
        except Open as missing:
            result, seen = "open", str(missing)
        lines.append(f"| {number} | {result} | {seen} |")
    return "### What became of the predictions\n\n" + "\n".join(lines) + "\n"
