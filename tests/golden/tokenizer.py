#!/usr/bin/env python3
"""Writes tokenizer.json: a small corpus, the pieces that SentencePiece's Python package and its tool spm_train find in it, and how
the package splits some lines.

Run with: python3 tests/golden/tokenizer.py   (needs the Python package sentencepiece, and Debian's of the same name)
"""
import io
import itertools
import json
import pathlib
import subprocess
import tempfile

import sentencepiece

WHO = ["a man", "a woman", "two men", "a little girl", "three boys", "ein mann", "eine frau", "zwei männer", "drei jungen", "ein kleines mädchen"]
DOES = ["is walking", "are playing", "climbs", "läuft", "spielen fußball", "klettert", "wartet geduldig"]
WHERE = ["in the street .", "on a bridge .", "near the water .", "auf der straße .", "über eine brücke .", "am wasser , draußen ."]
CORPUS = [" ".join(words) for words in itertools.product(WHO, DOES, WHERE)][::5] + ["  two  spaces ", "½ ﬁ Ａ é e\u0301 😀", ""]

# Lines that were seen, new words, odd spaces, characters never seen, and what looks like a special piece.
LINES = ["a man is walking in the street .", "eine brückenfrau spielt wasserfußball .", "", " ", "   a  man ", "½ ﬁ Ａ é e\u0301 😀",
         "tab\there", "日本 and ∞", "▁a", "<s> </s> <unk> <pad>", "a\rb", "ZWEI MÄNNER"]

CASES = [{"kind": "bpe", "vocabulary": 150, "normalizer": "identity", "byte_fallback": False},
         {"kind": "unigram", "vocabulary": 70, "normalizer": "identity", "byte_fallback": False},
         {"kind": "bpe", "vocabulary": 400, "normalizer": "nmt_nfkc", "byte_fallback": True}]


def python_model(case):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS), model_writer=model, model_type=case["kind"], vocab_size=case["vocabulary"],
        normalization_rule_name=case["normalizer"], byte_fallback=case["byte_fallback"], character_coverage=1.0,
        remove_extra_whitespaces=False, pad_id=0, bos_id=1, eos_id=2, unk_id=3, max_sentence_length=1000000, num_threads=16, minloglevel=2)
    return model.getvalue()


def tool_model(case):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "corpus").write_text("".join(line + "\n" for line in CORPUS), encoding="utf-8")
        subprocess.run(["spm_train", f"--input={folder}/corpus", f"--model_prefix={folder}/m", f"--model_type={case['kind']}",
                        f"--vocab_size={case['vocabulary']}", f"--normalization_rule_name={case['normalizer']}",
                        f"--byte_fallback={str(case['byte_fallback']).lower()}", "--character_coverage=1.0", "--remove_extra_whitespaces=false",
                        "--pad_id=0", "--bos_id=1", "--eos_id=2", "--unk_id=3", "--max_sentence_length=1000000", "--minloglevel=2"], check=True)
        return (folder / "m.model").read_bytes()


def pieces_of(model):
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    return [processor.id_to_piece(i) for i in range(processor.get_piece_size())]


def answers(case):
    model = python_model(case)
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    answer = {**case, "python_pieces": pieces_of(model), "tool_pieces": pieces_of(tool_model(case)),
              "lines": [{"text": line, "pieces": processor.encode(line, out_type=str), "ids": processor.encode(line),
                         "decoded_ids": processor.decode(processor.encode(line)),
                         "decoded_pieces": processor.decode(processor.encode(line, out_type=str))} for line in LINES]}
    # Releases order pieces of nearly equal probability differently: for unigram the answers belong to this very model.
    return {**answer, "model": model.hex()} if case["kind"] == "unigram" else answer


golden = {"python_version": sentencepiece.__version__, "corpus": CORPUS, "cases": [answers(case) for case in CASES]}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
