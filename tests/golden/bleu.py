"""Writes bleu.json: sacreBLEU 2.6's answers for hand-picked and generated sentences. Run with Python 3.11, sacrebleu==2.6.0:

    python tests/golden/bleu.py

corpora: name, hypotheses [sentence], references [reference][sentence].
results: corpus (its index), options, the corpus' score, and "sentences": one row each of
  hyp_len, ref_len, 4 counts, 4 totals (of Metric._compute_segment_statistics), sentence score (effective order on).
"""

import itertools
import json
import pathlib
import random
import sys

import sacrebleu
from sacrebleu.metrics import BLEU

assert sacrebleu.__version__ == "2.6.0" and sys.version_info[:2] == (3, 11)

HAND_PICKED = [  # (hypothesis, references)
    ("the cat sat on the mat", ["the cat sat on the mat"]),
    ("", [""]),
    ("", ["something"]),
    ("something", [""]),
    ("   ", ["\t"]),
    ("a", ["a"]),
    ("a b", ["a b"]),
    ("a b c", ["a b c"]),
    ("a b c d", ["d c b a"]),
    ("the the the the the the the", ["the cat is on the mat", "there is a cat on the mat"]),
    ("a a a a a b", ["a a b b", "a b b b b b b b"]),
    ("one two three four", ["one two three four five six", "one two"]),  # equally near: the shorter
    ("Hello, world! (It's 3.14, not 3,14...)", ["Hello , world ! ( It 's 3.14 , not 3,14 ... )"]),
    ("1,000.50- and -5 5-6 a-b 7- -7 --", ["1,000.50 - and -5 5 - 6 a-b 7 - -7 --"]),
    (".,.,.,", [", . , ."]),
    ("x.,5,.y5.,5", ["x . , 5, . y5. , 5"]),
    ("5. 5, .5 ,5 5.5 5,,5 5..5", ["5 . 5 , .5 ,5 5.5 5 , ,5 5 . .5"]),
    ("&quot;a&quot; &amp;lt; &lt;b&gt; &amp;amp;amp; & &quot", ['"a" < <b> &amp; & &quot']),
    ("a <skipped>b <skip<skipped>ped> c", ["a b <skipped> c"]),
    ("line-\nbreak and\nmore - \n-", ["linebreak and more - -"]),
    ("a\rb\r\x0bc\x0cd\x1ce\x1df\x1eg\x1fh", ["a b c d e f g h"]),
    ("a\u0085b\u00a0c\u1680d\u2003e\u2028f\u2029g\u202fh\u205fi\u3000j", ["a b c d e f g h i j"]),
    ("a\u200bb \ufeffc \u180ed", ["a b c d"]),
    ("trailing \u3000\u00a0\r", ["trailing"]),
    ("trailing-\n", ["trailing-"]),
    ("\ufeffbom first", ["bom first"]),
    ("zwei Männer · drei—vier … „fünf“ ‚sechs‘", ["Zwei Männer · drei — vier … „ fünf “ ‚ sechs ‘"]),
    ("ä.ö ü,ß é-5 ٣.٤ ٣- １.２ １-", ["ä . ö ü , ß é-5 ٣ . ٤ ٣- １.２ １-"]),
    ("中文。测试，你好！ 日本語、テスト", ["中文。测试，您好！ 日本語、テスト"]),
    ("e\u0301cole cafe\u0301 n\u0303", ["\u00e9cole cafe\u0301 ñ"]),
    ("👩‍👩‍👧 flag 🇩🇪. 👍🏽,ok", ["👩‍👩‍👧 flag 🇩🇪 . 👍🏽 , ok"]),
    ("İSTANBUL ΟΔΟΣ ΣΑΣ Σ ΑΣ. ΑΣΑ Σʼ ǅ ẞ K Å Ω", ["i̇stanbul οδος σας σ ας. ασα σʼ ǆ ß k å ω"]),
    ("A B C THE END", ["a b c the end"]),
    ("{}[]~`!@#$%^&*()_+-=|\\:;\"'<>?,./", ["{ } [ ] ~ ` ! @ # $ % ^ & * ( ) _ + - = | \\ : ; \" ' < > ? , . /"]),
    ("don't it's 'quoted' rock'n'roll", ["don 't it 's ' quoted ' rock'n'roll"]),
    ("null\0byte and \x7f", ["null \0 byte and \x7f"]),
    ("word " * 300, ["word " * 299]),
    (" ".join(str(i) for i in range(2000)), [" ".join(str(i) for i in range(0, 2000, 2))]),
    ("a b c d e f g h", ["a b c d x e f g h", "", "a b c d e"]),
]

WORDS = (
    "the a dog man woman red ball runs Ein Mann und eine Frau im Park Straße über ÄPFEL İ ΣΑΣ ὈΔΥΣΣΕΎΣ don't 3 3.5 1,000 5- -5 2-3 "
    "... .. . , ,. ., a.b a,b 5.a a.5 &amp; &quot; &lt;b&gt; &amp;quot; <skipped> (x) [y] {z} \" ' « » — – 中 文字 テスト 。 ， 한국어 हिन्दी "
    "e\u0301 n\u0303o \u200b \ufeff 👍🏽 $5 50% a/b c++ x=y http://a.b/c?d=e&f=g @user #tag ٣ １２ ². ½, ｡ ．"
).split(" ")
SPACES = [" "] * 30 + ["  ", "\t", "\u00a0", "\u3000", "\u2009", "\r", "\x0b", "\x1c", "\u0085", "\u2028", "-\n", "\n", ""]


def sentence(rng, longest):
    return "".join(rng.choice(WORDS) + rng.choice(SPACES) for _ in range(rng.randint(0, longest)))


def perturbed(rng, text):
    parts = text.split(" ")
    for _ in range(rng.randint(0, 4)):
        at = rng.randrange(len(parts))
        kind = rng.randrange(4)
        if kind == 0:
            parts[at] = rng.choice(WORDS)
        elif kind == 1:
            parts.insert(at, rng.choice(WORDS))
        elif kind == 2 and len(parts) > 1:
            del parts[at]
        else:
            parts[at] = parts[at].upper() if rng.random() < 0.5 else parts[at].lower()
    return " ".join(parts) + rng.choice(["", "", " ", "\r", "\u3000 ", "."])


def generated(seed, sentences, references, longest):
    rng = random.Random(seed)
    truth = [sentence(rng, longest) for _ in range(sentences)]
    refs = [[perturbed(rng, line) if rng.random() < 0.95 else "" for line in truth] for _ in range(references)]
    return [perturbed(rng, line) if rng.random() < 0.95 else "" for line in truth], refs


def scored(corpus, options):
    metric = BLEU(force=True, **options)
    hypotheses, references = corpus["hypotheses"], corpus["references"]
    score = metric.corpus_score(hypotheses, references)
    signature = metric.get_signature().format()
    statistics = metric._extract_corpus_statistics(hypotheses, references)
    single = BLEU(force=True, **{**options, "effective_order": True})
    metric.corpus_score(hypotheses, references)
    rows = [
        row + [single.sentence_score(hypothesis, list(refs)).score]
        for row, hypothesis, *refs in zip(statistics, hypotheses, *references)
    ]
    return {
        "options": options,
        "score": score.score,
        "counts": score.counts,
        "totals": score.totals,
        "precisions": score.precisions,
        "bp": score.bp,
        "sys_len": score.sys_len,
        "ref_len": score.ref_len,
        "signature": signature,
        "line": score.format(2, False, signature),
        "json": score.format(3, False, signature, True),
        "sentences": rows,
    }


def main():
    corpora = []
    for count in (1, 2, 3):
        pairs = [pair for pair in HAND_PICKED if len(pair[1]) == count]
        corpora.append({
            "name": f"hand-picked, {count} references",
            "hypotheses": [hypothesis for hypothesis, _ in pairs],
            "references": [[references[r] for _, references in pairs] for r in range(count)],
        })
    for seed, sentences, references, longest in ((1, 150, 1, 12), (2, 100, 2, 25), (3, 60, 4, 8), (4, 60, 1, 3), (5, 1, 1, 0)):
        hypotheses, refs = generated(seed, sentences, references, longest)
        corpora.append({"name": f"generated {seed}", "hypotheses": hypotheses, "references": refs})
    corpora.append({"name": "no match", "hypotheses": ["a b", ""], "references": [["c d e", "f"]]})
    corpora.append({"name": "too short", "hypotheses": ["a b", "c"], "references": [["a b", "c"]]})

    everywhere = [dict(tokenize=t, lowercase=l) for t, l in itertools.product(("none", "13a"), (False, True))]
    smoothing = [
        dict(tokenize="13a", smooth_method=m, smooth_value=v, effective_order=e)
        for m, v in (("exp", None), ("none", None), ("floor", None), ("floor", 0.01), ("add-k", None), ("add-k", 0.5))
        for e in (False, True)
    ]
    results = []
    for index, corpus in enumerate(corpora):
        small = len(corpus["hypotheses"]) <= 60
        for options in everywhere + (smoothing if small else []):
            results.append({"corpus": index, **scored(corpus, options)})

    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    changed = " ".join(c for c in characters if c.lower() != c)
    answers = {
        "corpora": corpora,
        "results": results,
        "whitespace": [ord(c) for c in characters if not ("a" + c).rstrip() == "a" + c],
        "upper": changed,
        "lower": changed.lower(),
    }
    assert answers["whitespace"] == [ord(c) for c in characters if len(f"a{c}b".split()) == 2]
    path = pathlib.Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(answers, ensure_ascii=True, separators=(",", ":")).replace('},{"', '},\n{"') + "\n")


if __name__ == "__main__":
    main()
