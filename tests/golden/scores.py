"""Writes scores.json: sacreBLEU 2.6's answers for chrF, the tokenisers intl, zh and char, and resampling. Run with Python 3.11,
sacrebleu==2.6.0, numpy 2, regex==2026.5.9:

    python tests/golden/scores.py

corpora: name, systems [system][sentence], references [reference][sentence].
chrf: corpus, options, and of the first system: score, signature, line, rows [sentence][3 * orders], sentence scores.
tokenizers: line, and its words by each of them.   kinds: runs [first character, kind] over all of Unicode, kind as in CharacterKind.
generator: draws of numpy.random.default_rng.
resampling: corpus, metric, options, and per system score, confidence (mean and half width, single system), bs (p, mean, ci), ar (p).
ratio: the same for a metric that divides the sums of two big numbers a sentence, which float32 cannot hold.
"""

import itertools
import json
import os
import pathlib
import random
import sys

import numpy
import regex
import sacrebleu
from bleu import HAND_PICKED, generated, perturbed
from sacrebleu.metrics import BLEU, CHRF, TER
from sacrebleu.metrics.base import Metric, Score, Signature
from sacrebleu.significance import PairedTest

assert sacrebleu.__version__ == "2.6.0" and sys.version_info[:2] == (3, 11) and numpy.__version__.startswith("2.")

TOKENIZED = [
    "Hello, world! (It's 3.14, not 3,14...) 5-6 €5 50% ©2020.",
    "In 2020. 2020, x2.y 3.x ½. ².³ ٣,٤ ٣.x „fünf“ ‚sechs‘ — drei—vier …",
    "«a» ‹b› a·b a+b=c <d> ~e^f`g |h| ¬i ￥5 ₿ 😀😀. 👩‍👩‍👧!",
    "  中文。测试，你好！ ABC１２３ 日本語、テスト カタカナ한국어 𠀀𪛖 ⼀⾀  ",
    "a“b”c’d…e–f 2.5元 x.,y 3.,4 5-6 é-5 ⓐ★☆✓",
    "\u1b4e \u20c1 \u2ffc \ufbc3 \U00010d40. \U0001f6d8 \U0001fae9x",
    "a\rb\x1cc\u0085d\u3000e \u200bf \ufeffg",
    "",
    "...",
    ". . .",
    "5.",
    "a.",
    "!?!?5!5",
]


def chrf_options():
    yield {}
    for options in itertools.product((1, 6), (0, 1, 2, 3), (1, 2, 3), (False, True), (False, True), (False, True)):
        yield dict(zip(("char_order", "word_order", "beta", "lowercase", "whitespace", "eps_smoothing"), options))


def corpora(rng):
    pairs = [pair for pair in HAND_PICKED if len(pair[1]) == 1 and len(pair[0]) < 500]
    yield {"name": "hand-picked", "systems": [[h for h, _ in pairs]], "references": [[r[0] for _, r in pairs]]}
    for seed, sentences, references, longest, systems in ((11, 60, 1, 15, 3), (12, 40, 2, 25, 3), (13, 30, 3, 8, 2), (14, 7, 1, 5, 2), (15, 1, 1, 9, 2)):
        hypotheses, refs = generated(seed, sentences, references, longest)
        others = [[perturbed(rng, line) for line in hypotheses] for _ in range(systems - 2)] + [[r + "" for r in refs[0]]]
        yield {"name": f"generated {seed}", "systems": [hypotheses, *others], "references": refs}


class Ratio(Metric):
    """100 * (sum of the first numbers) / (sum of the second ones)"""

    _SIGNATURE_TYPE = Signature

    def __init__(self, rows):
        super().__init__()
        self.rows, self.num_refs = rows, 1

    def _extract_corpus_statistics(self, hypotheses, references):
        return self.rows[hypotheses[0]]

    def _compute_score_from_stats(self, stats):
        return Score("Ratio", 100 * stats[0] / stats[1])

    def _aggregate_and_compute(self, stats):
        return self._compute_score_from_stats(sacrebleu.utils.sum_of_lists(stats))

    def _preprocess_segment(self, sent):
        return sent

    _extract_reference_info = _compute_segment_statistics = None


def number(value):
    return None if value is None else float(value)


def tested(metric, systems, references, seed, bs, ar):
    os.environ["SACREBLEU_SEED"] = str(seed)
    named = [(f"system {i}", hypotheses) for i, hypotheses in enumerate(systems)]
    answer = {"seed": seed, "bs_samples": bs, "ar_samples": ar, "systems": [{} for _ in systems]}
    for test, samples in (("bs", bs), ("ar", ar)):
        signatures, scores = PairedTest(named, {"metric": metric}, references, test_type=test, n_samples=samples)()
        (name,) = [key for key in scores if key != "System"]
        answer[f"{test}_signature"] = signatures[name].format()
        for row, result in zip(answer["systems"], scores[name]):
            row["score"] = number(result.score)
            row[test] = {"p": number(result.p_value), "mean": number(result.mean), "ci": number(result.ci)}
    return answer


def main():
    rng = random.Random(5)
    all_corpora = list(corpora(rng))

    chrf = []
    for index, corpus in enumerate(all_corpora):
        for options in chrf_options() if index in (0, 3) else ({}, {"word_order": 2}, {"word_order": 2, "eps_smoothing": True}):
            metric = CHRF(**options)
            hypotheses, references = corpus["systems"][0], corpus["references"]
            score = metric.corpus_score(hypotheses, references)
            signature = metric.get_signature().format()
            entry = {"corpus": index, "options": options, "score": score.score, "signature": signature, "line": score.format(2, False, signature)}
            if len(chrf) % 16 == 0:
                entry["rows"] = metric._extract_corpus_statistics(hypotheses, references)
                entry["sentences"] = [metric.sentence_score(h, list(r)).score for h, *r in zip(hypotheses, *references)]
            chrf.append(entry)

    lines = TOKENIZED + all_corpora[1]["systems"][0] + all_corpora[2]["systems"][0]
    tokenizers = [{"line": line, **{name: BLEU(tokenize=name)._preprocess_segment(line).split() for name in ("intl", "zh", "char")}} for line in lines]

    patterns = [regex.compile(p) for p in (r"\p{N}", r"\p{P}", r"\p{S}")]
    kinds = []
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000:
            continue
        kind = next((i + 1 for i, pattern in enumerate(patterns) if pattern.match(chr(code))), 0)
        if not kinds or kinds[-1][1] != kind:
            kinds.append([code, kind])

    generator = []
    for seed in (0, 1, 12345, 2**32 - 1, 2**32, 2**64 - 1):
        draws = numpy.random.default_rng(seed)
        entry = {"seed": seed, "bits": draws.integers(2, size=(3, 37), dtype=bool).astype(int).ravel().tolist()}
        for bound in (1, 2, 3, 1000, 2**31 + 1, 2**32 - 1):
            entry[str(bound)] = draws.choice(bound, size=(2, 15), replace=True).ravel().tolist() if bound < 2**31 else draws.integers(0, bound, size=30).tolist()
        generator.append(entry)

    resampling = []
    kinds_of_metric = [("bleu", BLEU, {}), ("bleu", BLEU, {"tokenize": "intl", "smooth_method": "floor"}), ("bleu", BLEU, {"smooth_method": "add-k"}),
                       ("bleu", BLEU, {"smooth_method": "none", "lowercase": True}), ("chrf", CHRF, {}), ("chrf", CHRF, {"word_order": 2}),
                       ("chrf", CHRF, {"word_order": 2, "eps_smoothing": True}), ("ter", TER, {})]
    for index, corpus in enumerate(all_corpora):
        if len(corpus["systems"]) < 2:
            continue
        for name, make, options in kinds_of_metric:
            metric = make(**options)
            entry = {"corpus": index, "metric": name, "options": options, **tested(metric, corpus["systems"], corpus["references"], 12345 + index, 200 + 7 * index, 150)}
            for row, system in zip(entry["systems"], corpus["systems"]):
                single = make(**options)
                try:
                    score = single.corpus_score(system, corpus["references"], n_bootstrap=170)
                    row["confidence"] = [float(score._mean), float(score._ci)]
                except TypeError:  # statistics.mean refuses a mixture of float32 and float
                    row["confidence"] = None
                entry["confidence_line"] = score.format(3, False, single.get_signature().format())
            resampling.append(entry)

    rows = {str(s): [[rng.randrange(10**6, 10**7) + s * 10**5, rng.randrange(10**6, 10**7)] for _ in range(90)] for s in range(3)}
    ratio = {"rows": list(rows.values()), **tested(Ratio(rows), [[str(s)] * 90 for s in range(3)], [["x"] * 90], 7, 1100, 500)}

    answers = {"corpora": all_corpora, "chrf": chrf, "tokenizers": tokenizers, "kinds": kinds, "generator": generator, "resampling": resampling, "ratio": ratio}
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(answers, ensure_ascii=True, separators=(",", ":")).replace('},{"', '},\n{"') + "\n")


if __name__ == "__main__":
    main()
