"""Writes ter.json: sacreBLEU 2.6's answers for hand-picked and generated sentences. Run with Python 3.11, sacrebleu==2.6.0:

    python tests/golden/ter.py

tokenizer: lines, and for each combination of options its name's letters (n normalized, p no_punct, a asian_support,
  c case_sensitive) with the lines as tokenised.
edits: [hypothesis, reference, edits], words are numbers.
corpora: name, hypotheses [sentence], references [reference][sentence].
results: corpus (its index), options, score, num_edits, ref_length, signature, line, json, and "sentences": edits, average
  reference length (of Metric._compute_segment_statistics) and score.
"""

import itertools
import json
import pathlib
import random
import sys

import sacrebleu
from sacrebleu.metrics import TER, lib_ter
from sacrebleu.tokenizers.tokenizer_ter import TercomTokenizer

assert sacrebleu.__version__ == "2.6.0" and sys.version_info[:2] == (3, 11)

LINES = [
    "", " ", "\t\u3000", "a", "A  b\u00a0C\r", "the cat's toy isn't 's 's's a's\tb's", "it's, it's. John's",
    "line-\nbreak and\n-next - \n-", "a\nb\r\x0bc\x0cd\x1ce\x85f\u2028g\u200bh\ufeff",
    "&quot;a&quot; &amp;lt; &lt;b&gt; &amp;amp;amp; & &quot &AMP; &amp;quot;",
    "Hello, world! (It's 3.14, not 3,14...)", "1,000.50- and -5 5-6 a-b 7- -7 --9-", ".,.,., ,,, ...", "x.,5,.y5.,5 .5 ,5 5.",
    "{}[]~`!@#$%^&*()_+-=|\\:;\"'<>?,./", "ä.ö ü,ß é-5 ٣.٤ ٣- １.２ １-", "İSTANBUL ΟΔΟΣ ΣΑΣ Σ ΑΣ. ΑΣ,Α ẞ K",
    "zwei Männer · drei—vier … „fünf“ ‚sechs‘?", "中文。测试，你好！Ａ日本語、テスト・カナ「ひらがな」", "ひらがな", "カタカナ", "ㇰㇱ ㇰ",
    "ひらがなカタカナㇰㇱ漢字ひら", "㈱①㌔㍿㋿㐀䶿䷀一鿿ꀀ豈﫿︰﹏﹐⺀⻿⼀㇀㇯㇁", "、。〈〉《》「」『』【】〒〓〔〕〖〗〘〙〚〛〜〝〞〟〠｡｢｣､･ｦ", "．，？：；！＂（）＃＇［］",
    "한국어 문장. हिन्दी, ไทย", "𠀀𝒜👩‍👩‍👧 🇩🇪. 👍🏽,ok", "null\0byte \x7f", "e\u0301cole, cafe\u0301. n\u0303-3",
]

HAND_PICKED = [  # (hypothesis, references)
    ("the cat sat on the mat", ["the cat sat on the mat"]),
    ("", [""]),
    ("", ["something"]),
    ("something else", [""]),
    ("   ", ["\t"]),
    ("The Cat", ["the cat"]),
    ("c d a b", ["a b c d"]),
    ("d c b a", ["a b c d"]),
    ("a b c d e f g h i j k l", ["l a b c d e f g h i j k"]),
    ("g h i j k l a b c d e f", ["a b c d e f g h i j k l"]),
    ("a a a b b b", ["b b b a a a"]),
    ("a b a b a b a", ["b a b a b a b"]),
    ("this week the saudis denied information published in the new york times",
     ["SAUDI ARABIA denied THIS WEEK information published in the AMERICAN new york times"]),
    ("one two three four", ["one two", "three four one two five six"]),
    ("a b", ["", "a b c"]),
    ("", ["", "a"]),
    ("a b c", ["", "", ""]),
    ("a b c d", ["b a c d", "a b d c", "d c b a"]),
    ("中文。测试，你好！", ["你好！ 测试， 中文。"]),
    ("Hello, world! 's fine.", ["hello world it's fine"]),
]

WORDS = (
    "the a dog man woman red ball runs Ein Mann und eine Frau im Park Straße über ÄPFEL İ ΣΑΣ don't it's 3.5 1,000 5- "
    "... .. . , ,. a.b 5.a &amp; &quot; (x) [y] \" ' » — 中 文字 テスト 。 ， ひらがな 한국어 e\u0301 \u200b 👍🏽 $5 ٣ ．"
).split(" ")
SPACES = [" "] * 30 + ["  ", "\t", "\u00a0", "\u3000", "\r", "\x1c", "\u2028", "-\n", "\n-", "\n", ""]


def perturbed(rng, words, vocabulary, times):
    words = list(words)
    for _ in range(times):
        at = rng.randrange(len(words) + 1)
        kind = rng.randrange(5)
        if kind == 0 or not words:
            words.insert(at, rng.choice(vocabulary))
        elif kind == 1:
            words[at : at + 1] = []
        elif kind == 2:
            words[at : at + 1] = [rng.choice(vocabulary)]
        else:
            phrase = words[at : at + rng.randint(1, 12)]
            del words[at : at + len(phrase)]
            to = rng.randint(0, len(words))
            words[to:to] = phrase
    return words


def drawn(rng, vocabulary, length):
    return [rng.choice(vocabulary) for _ in range(length)]


def word_pairs(rng):
    """(count, kind of pairs): small vocabularies make ties and many candidates, unequal lengths leave the beam."""
    for _ in range(1000):
        vocabulary = range(rng.randint(1, 5))
        yield drawn(rng, vocabulary, rng.randint(0, 9)), drawn(rng, vocabulary, rng.randint(0, 9))
    for _ in range(250):
        vocabulary = range(rng.choice((3, 8, 20)))
        reference = drawn(rng, vocabulary, rng.randint(1, 20))
        yield perturbed(rng, reference, vocabulary, rng.randint(0, 6)), reference
    for _ in range(40):
        vocabulary = range(rng.choice((20, 60)))
        reference = drawn(rng, vocabulary, rng.randint(20, 66))
        yield perturbed(rng, reference, vocabulary, rng.randint(0, 6)), reference
    for _ in range(40):
        vocabulary = range(rng.choice((3, 30)))
        hypothesis = drawn(rng, vocabulary, rng.randint(1, 12))
        reference = perturbed(rng, hypothesis + drawn(rng, vocabulary, rng.randint(20, 120)), vocabulary, 2)
        yield hypothesis, reference
        yield reference, hypothesis
    for turn in (5, 25, 26, 30, 50, 60):  # a phrase moved so far that the best path leaves the beam, or no shift may do it
        reference = list(range(turn + 40))
        yield reference[turn:] + reference[:turn], reference
        yield reference[turn:], reference + reference[:turn]
    for length in (63, 64, 65, 127, 128, 129, 200):
        reference = list(range(length))
        yield perturbed(rng, reference, range(2 * length), 8), reference
        yield reference[: length // 2][::-1], reference
    yield drawn(rng, range(2), 60), drawn(rng, range(2), 60)  # more than 1000 candidates
    yield [0] * 40, [0] * 60
    yield [0, 1] * 30, [1, 0] * 30


def sentence(rng, longest):
    return "".join(rng.choice(WORDS) + rng.choice(SPACES) for _ in range(rng.randint(0, longest)))


def generated(seed, sentences, references, longest):
    rng = random.Random(seed)
    truth = [sentence(rng, longest) for _ in range(sentences)]
    line = lambda text: " ".join(perturbed(rng, text.split(" "), WORDS, rng.randint(0, 3))) if rng.random() < 0.95 else ""
    refs = [[line(text) for text in truth] for _ in range(references)]
    return [line(text) + rng.choice(["", "", " ", "\r", "\u3000 ", "."]) for text in truth], refs


def all_options():
    for values in itertools.product((False, True), repeat=4):
        yield dict(zip(("normalized", "no_punct", "asian_support", "case_sensitive"), values))


def letters(options):
    return "".join(letter for letter, on in zip("npac", options.values()) if on)


def scored(corpus, options):
    metric = TER(**options)
    hypotheses, references = corpus["hypotheses"], corpus["references"]
    score = metric.corpus_score(hypotheses, references)
    signature = metric.get_signature().format()
    rows = [
        row + [metric.sentence_score(hypothesis, list(refs)).score]
        for row, hypothesis, *refs in zip(
            metric._extract_corpus_statistics(hypotheses, references), hypotheses, *references
        )
    ]
    return {
        "options": options,
        "score": score.score,
        "num_edits": score.num_edits,
        "ref_length": score.ref_length,
        "signature": signature,
        "line": score.format(2, False, signature),
        "json": score.format(3, False, signature, True),
        "sentences": rows,
    }


def main():
    tokenized = {}
    for options in all_options():
        tokenizer = TercomTokenizer(**options)
        tokenized[letters(options)] = [tokenizer(line) for line in LINES]

    edits = []
    for hypothesis, reference in word_pairs(random.Random(1)):
        count, _ = lib_ter.translation_edit_rate([str(word) for word in hypothesis], [str(word) for word in reference])
        edits.append([list(hypothesis), list(reference), count])

    corpora = []
    for count in (1, 2, 3):
        pairs = [pair for pair in HAND_PICKED if len(pair[1]) == count]
        corpora.append({
            "name": f"hand-picked, {count} references",
            "hypotheses": [hypothesis for hypothesis, _ in pairs],
            "references": [[references[r] for _, references in pairs] for r in range(count)],
        })
    for seed, sentences, references, longest in ((1, 60, 1, 12), (2, 40, 3, 15), (3, 1, 1, 0)):
        hypotheses, refs = generated(seed, sentences, references, longest)
        corpora.append({"name": f"generated {seed}", "hypotheses": hypotheses, "references": refs})
    corpora.append({"name": "no reference words", "hypotheses": ["a b", ""], "references": [["", " "]]})
    results = [
        {"corpus": index, **scored(corpus, options)}
        for index, corpus in enumerate(corpora)
        for options in all_options()
    ]

    answers = {
        "tokenizer": {"lines": LINES, "tokenized": tokenized},
        "edits": edits,
        "corpora": corpora,
        "results": results,
    }
    path = pathlib.Path(__file__).with_suffix(".json")
    text = json.dumps(answers, ensure_ascii=True, separators=(",", ":"))
    path.write_text(text.replace('},{"', '},\n{"').replace("],[[", "],\n[[") + "\n")


if __name__ == "__main__":
    main()
