#!/usr/bin/env python3
"""Writes tokenizer.json: a small corpus, the pieces that SentencePiece's Python package finds in it, and how it splits some lines.

Run with: python3 tests/golden/tokenizer.py   (needs the package sentencepiece)
"""
import io
import itertools
import json
import pathlib

import sentencepiece

WHO = ["a man", "a woman", "two men", "a little girl", "three boys", "ein mann", "eine frau", "zwei männer", "drei jungen", "ein kleines mädchen"]
DOES = ["is walking", "are playing", "climbs", "läuft", "spielen fußball", "klettert", "wartet geduldig"]
WHERE = ["in the street .", "on a bridge .", "near the water .", "auf der straße .", "über eine brücke .", "am wasser , draußen ."]
CORPUS = [" ".join(words) for words in itertools.product(WHO, DOES, WHERE)][::3] + ["  two  spaces ", "½ ﬁ Ａ é e\u0301 😀", "", "tab\there"]

# Lines that were seen, new words, odd spaces, characters never seen, and what looks like a special piece.
LINES = ["a man is walking in the street .", "eine brückenfrau spielt wasserfußball .", "", " ", "   a  man ", "½ ﬁ Ａ é e\u0301 😀",
         "tab\there", "日本 and ∞", "▁a", "<s> </s> <unk> <pad>", "a\rb", "ZWEI MÄNNER"]

CASES = [{"kind": "bpe", "vocabulary": 150, "normalizer": "identity", "byte_fallback": False},
         {"kind": "unigram", "vocabulary": 70, "normalizer": "identity", "byte_fallback": False},
         {"kind": "bpe", "vocabulary": 400, "normalizer": "nmt_nfkc", "byte_fallback": True}]


def answers(case):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS), model_writer=model, model_type=case["kind"], vocab_size=case["vocabulary"],
        normalization_rule_name=case["normalizer"], byte_fallback=case["byte_fallback"], character_coverage=1.0,
        remove_extra_whitespaces=False, pad_id=0, bos_id=1, eos_id=2, unk_id=3, max_sentence_length=1000000, num_threads=16, minloglevel=2)
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    return {**case,
            "vocabulary_pieces": [processor.id_to_piece(i) for i in range(processor.get_piece_size())],
            "lines": [{"text": line, "pieces": processor.encode(line, out_type=str), "ids": processor.encode(line),
                       "decoded_ids": processor.decode(processor.encode(line)),
                       "decoded_pieces": processor.decode(processor.encode(line, out_type=str))} for line in LINES]}


golden = {"sentencepiece": sentencepiece.__version__, "corpus": CORPUS, "cases": [answers(case) for case in CASES]}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
