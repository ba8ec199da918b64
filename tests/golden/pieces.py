"""Writes pieces.model, a small SentencePiece model of the kind of Flores-101's (unigram, a normaliser, SentencePiece's own ids), and
pieces.json: sacreBLEU 2.6's answers with that model in the place of the one that it fetches. Run with Python 3.11, sacrebleu==2.6.0
and the Python package sentencepiece:

    python tests/golden/pieces.py

tokens: line, and its pieces by sacreBLEU's flores101.
scores: hypotheses, references, and per options: score, line and the sentences' scores.
"""

import io
import json
import os
import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CACHE = tempfile.mkdtemp()
os.environ["SACREBLEU"] = CACHE  # read when sacreBLEU is imported

import sacrebleu
import sentencepiece
from bleu import generated
from sacrebleu.metrics import BLEU
from tokenizer import CORPUS

assert sacrebleu.__version__ == "2.6.0" and sys.version_info[:2] == (3, 11)

RULES = [("Ａ", "A"), ("ﬁ", "fi"), ("\u00a0", " "), ("\u3000", " "), ("½", "1/2"), ("E\u0301", "É"), ("e\u0301", "é")]
LINES = ["a man is walking in the street .", "zwei  männer  ", " ", "", "½ ﬁ Ａ é e\u0301 😀", "a\u00a0b\u3000c\u2003d", "▁a <s> </s> <unk>",
         "ZWEI MÄNNER", "日本 and ∞", "a\rb", "tab\there", "wartet geduldig, draußen!"]


def model():
    with tempfile.NamedTemporaryFile("w", suffix=".tsv", encoding="utf-8") as rules:
        for source, target in RULES:
            rules.write(" ".join(f"{ord(c):X}" for c in source) + "\t" + " ".join(f"{ord(c):X}" for c in target) + "\n")
        rules.flush()
        written = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(CORPUS), model_writer=written, model_type="unigram", vocab_size=70,
                                                 normalization_rule_tsv=rules.name, num_threads=1, minloglevel=2)
        return written.getvalue()


def main():
    (HERE / "pieces.model").write_bytes(model())
    for name in ("sacrebleu_tokenizer_spm.model", "flores200sacrebleuspm"):
        pathlib.Path(CACHE, "models").mkdir(exist_ok=True)
        shutil.copy(HERE / "pieces.model", pathlib.Path(CACHE, "models", name))
    lines = LINES + generated(21, 30, 1, 12)[0]
    tokens = [{"line": line, "pieces": BLEU(tokenize="flores101")._preprocess_segment(line)} for line in lines]
    hypotheses, references = generated(22, 40, 2, 15)
    scores = []
    for options in ({"tokenize": "flores101"}, {"tokenize": "flores200", "lowercase": True}, {"tokenize": "spm", "smooth_method": "floor"}):
        metric = BLEU(**options)
        score = metric.corpus_score(hypotheses, references)
        single = BLEU(**options, effective_order=True)
        scores.append({"options": options, "score": score.score, "line": score.format(2, False, metric.get_signature().format()),
                       "sentences": [single.sentence_score(h, list(r)).score for h, *r in zip(hypotheses, *references)]})
    answers = {"tokens": tokens, "hypotheses": hypotheses, "references": references, "scores": scores}
    (HERE / "pieces.json").write_text(json.dumps(answers, ensure_ascii=True, separators=(",", ":")).replace('},{"', '},\n{"') + "\n")
    shutil.rmtree(CACHE)


if __name__ == "__main__":
    main()
