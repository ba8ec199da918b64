"""A pytest plugin: writes every score that sacreBLEU's own tests compute, as JSON lines, to the file that CASES names.

    CASES=cases.jsonl python3 -m pytest -p record_cases test/test_bleu.py ...
"""

import json
import os

from sacrebleu.metrics import BLEU, CHRF, TER

OPTIONS = {
    BLEU: ("lowercase", "smooth_method", "smooth_value", "max_ngram_order", "effective_order"),
    CHRF: ("char_order", "word_order", "beta", "lowercase", "whitespace", "eps_smoothing"),
    TER: ("normalized", "no_punct", "asian_support", "case_sensitive"),
}


def recording(kind, level, original):
    def score(self, hypotheses, references, *arguments, **named):
        result = original(self, hypotheses, references, *arguments, **named)
        if references is not None and not isinstance(self.num_refs, str):
            case = {"metric": kind.__name__, "level": level, "options": {name: getattr(self, name) for name in OPTIONS[kind]}}
            if kind is BLEU:
                case["options"]["tokenize"] = self.tokenizer_signature
            case.update(hypotheses=hypotheses, references=references, score=result.score, signature=self.get_signature().format())
            with open(os.environ["CASES"], "a") as file:
                file.write(json.dumps(case) + "\n")
        return result

    return score


for kind in OPTIONS:
    kind.corpus_score = recording(kind, "corpus", kind.corpus_score)
    kind.sentence_score = recording(kind, "sentence", kind.sentence_score)
