"""`penalmt import`: log probabilities and translations of random MarianMT models are Transformers'.

    PENALMT_PYTHON=python build/release/program_tests --gtest_filter='*ImportedModels*'
    PENALMT=build/release/penalmt python tests/program/marian_test.py
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import torch
import torch.nn.functional as F
from transformers.utils import logging

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "golden"))
import marian

logging.set_verbosity_error()
logging.disable_progress_bar()
LINES = 200
# Sizes, activations, what is shared, how words are cut: each in another mixture than the golden
# files have.
MODELS = {
    "wide": dict(activation_function="silu", scale_embedding=True, d_model=48, encoder_ffn_dim=64,
                 encoder_layers=3, decoder_layers=1, encoder_attention_heads=6,
                 tokenizers=dict(normalization_rule_name="nmt_nfkc", vocab_size=90)),
    "bpe": dict(activation_function="gelu", scale_embedding=False, d_model=32, encoder_ffn_dim=20,
                encoder_layers=1, decoder_layers=2, encoder_attention_heads=2,
                tokenizers=dict(model_type="bpe", normalization_rule_name="nmt_nfkc_cf")),
    "apart": dict(activation_function="relu", scale_embedding=False, d_model=32,
                  encoder_ffn_dim=32, encoder_layers=2, decoder_layers=2,
                  encoder_attention_heads=4, share_encoder_decoder_embeddings=False),
    "untied": dict(activation_function="swish", scale_embedding=True, d_model=32,
                   encoder_ffn_dim=48, encoder_layers=2, decoder_layers=2,
                   encoder_attention_heads=8, tie_word_embeddings=False, renormalize=True),
    # Weights as they are drawn: it goes on to the last piece, whose end is forced.
    "drawn": dict(activation_function="gelu", scale_embedding=True, d_model=16, encoder_ffn_dim=32,
                  encoder_layers=2, decoder_layers=1, encoder_attention_heads=2, updates=0),
}


def run_program(*words):
    done = subprocess.run([os.environ["PENALMT"], *map(str, words)], capture_output=True,
                          text=True, encoding="utf-8", check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{words}: {done.stderr}")
    return done.stdout


class ImportTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.lines = self.folder / "lines"
        self.lines.write_text("\n".join(marian.lines(LINES)) + "\n", encoding="utf-8")

    def translated(self, *options):
        return run_program("translate", self.folder / "ours", "--input", self.lines, "--threads", 1,
                           *options).splitlines()

    def expect_equal(self, seed, options):
        opus = marian.make(self.folder / "opus", seed=seed, **({"updates": 120} | options))
        run_program("import", opus, "--out", self.folder / "ours")
        model, tokenizer = marian.opened(opus)
        texts = marian.lines(LINES)
        for search, words in (("greedy", ["--beam", 1]), ("beam", []),
                              ("never", ["--patience", 0, "--length-penalty", 0.6]),
                              ("guess", ["--beam", 3, "--patience", 0, "--guess-end"]),
                              ("short", ["--max-length", 6])):
            theirs = marian.translations(model, tokenizer, texts, search)
            self.assertEqual(self.translated(*words), theirs, search)
            self.assertGreater(len(set(theirs)), 1)

        targets = self.folder / "targets"
        pairs = list(zip(texts, marian.sentences("de", LINES)))[:40]
        targets.write_text("".join(target + "\n" for _, target in pairs), encoding="utf-8")
        sources = self.folder / "sources"
        sources.write_text("".join(source + "\n" for source, _ in pairs), encoding="utf-8")
        ours = run_program("score", self.folder / "ours", "--source", sources, "--target", targets,
                           "--threads", 1).split()
        for (source, target), score in zip(pairs, ours):
            ids = tokenizer([source], return_tensors="pt")
            labels = tokenizer(text_target=[target], return_tensors="pt").input_ids
            with torch.no_grad():
                logits = model(**ids, labels=labels).logits[0]
            loss = F.cross_entropy(logits, labels[0], reduction="sum").item()
            self.assertAlmostEqual(float(score), -loss, delta=1e-4 + 1e-5 * loss)

    def test_wide(self):
        self.expect_equal(7, MODELS["wide"])

    def test_bpe(self):
        self.expect_equal(2, MODELS["bpe"])

    def test_apart(self):
        self.expect_equal(3, MODELS["apart"])

    def test_untied(self):
        self.expect_equal(4, MODELS["untied"])

    def test_drawn(self):
        self.expect_equal(6, MODELS["drawn"])

    def test_target_language(self):
        opus = marian.make(self.folder / "opus", seed=5, updates=60, **marian.CASES["swish"])
        run_program("import", opus, "--out", self.folder / "ours")
        model, tokenizer = marian.opened(opus)
        texts = marian.sentences("en", LINES)
        self.lines.write_text("\n".join(texts) + "\n", encoding="utf-8")
        self.assertEqual(self.translated("--target-language", "nld"), marian.translations(
            model, tokenizer, [">>nld<< " + text for text in texts], "beam"))


if __name__ == "__main__":
    torch.set_num_threads(1)
    unittest.main()
