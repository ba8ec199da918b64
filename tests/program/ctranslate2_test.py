"""recipes/export/ctranslate2.py: CTranslate2 gives the program's probabilities and translations of
models that the program has trained a little; what cannot be exported is refused in words.

    PENALMT_PYTHON=python build/release/program_tests --gtest_filter='*CTranslate2*'
    PENALMT=build/release/penalmt python tests/program/ctranslate2_test.py
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import ctranslate2
import sentencepiece

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "recipes" / "export" / "ctranslate2.py"
LINES = 200


def call(*words, **options):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True,
                          encoding="utf-8", check=False, **options)


def run_program(*words):
    done = call(os.environ["PENALMT"], *words)
    if done.returncode != 0:
        raise RuntimeError(f"{words}: {done.stderr}")
    return done.stdout


class ExportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        run_program("shapes", "--out", cls.folder / "corpus", "--train", 1000, "--val", 4, "--test",
                    LINES, "--size", 16)
        cls.source, cls.target = (cls.folder / f"corpus/tok/test.lc.norm.tok.{language}"
                                  for language in ("en", "de"))

    def train(self, name, updates, **model):
        recipe = {
            "data": {"folder": str(self.folder / "corpus"), "text": "tok"},
            "tokenizer": {"vocabulary": 120, "exact_vocabulary": False},
            "model": {"width": 32, "feed_forward": 64, "heads": 4, "encoder_layers": 2,
                      "decoder_layers": 2, "dropout": 0} | model,
            "training": {"updates": updates, "validate_every": updates, "learning_rate": 5e-3,
                         "warmup": 20, "validate_bleu": False, "batch_tokens": 1000,
                         "label_smoothing": 0}}
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps(recipe))
        run_program("train", file, "--out", self.folder / name, "--threads", 1)
        return self.folder / name

    def scores(self, exported, targets):
        """CTranslate2's log probabilities of some translations."""
        names = ["tokenizer.model"] * 2
        if not (exported / names[0]).exists():
            names = ["source.model", "target.model"]
        source, target = (sentencepiece.SentencePieceProcessor(str(exported / name))
                          for name in names)
        lines = self.source.read_text(encoding="utf-8").splitlines()
        found = ctranslate2.Translator(str(exported), intra_threads=1).score_batch(
            [source.encode(line, out_type=str) for line in lines],
            [target.encode(line, out_type=str) for line in targets])
        return [sum(result.log_probs) for result in found]

    def translated(self, exported, beam):
        program = (exported / "translate.py").read_text(encoding="utf-8")
        self.assertIn("beam_size=5", program)
        file = exported / "with_beam.py"
        file.write_text(program.replace("beam_size=5", f"beam_size={beam}"), encoding="utf-8")
        with open(self.source, encoding="utf-8") as lines:
            done = call(sys.executable, file, stdin=lines)
        self.assertEqual(done.stderr, "")
        return done.stdout.splitlines()

    def expect_equal(self, run):
        exported = self.folder / "exported" / run.name
        done = call(sys.executable, SCRIPT, run, "--out", exported)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

        ours = run_program("score", run, "--source", self.source, "--target", self.target,
                           "--threads", 1).split()
        theirs = self.scores(exported, self.target.read_text(encoding="utf-8").splitlines())
        for a, b in zip(ours, theirs):
            self.assertAlmostEqual(float(a), b, delta=1e-4)

        for beam in (1, 5):
            ours = run_program("translate", run, "--input", self.source, "--beam", beam,
                               "--threads", 1).splitlines()
            theirs = self.translated(exported, beam)
            self.assertEqual(len(theirs), LINES)
            others = [i for i in range(LINES) if ours[i] != theirs[i]]
            print(f"{run.name}, beam {beam}: {len(others)} of {LINES} differ", file=sys.stderr)
            # In a beam a few: CTranslate2 fills the places of hypotheses that end.
            self.assertLessEqual(len(others), 0 if beam == 1 else LINES // 20)

    def test_post_norm(self):
        self.expect_equal(self.train("post", 200))

    def test_pre_norm(self):
        self.expect_equal(self.train("pre", 200, norm="pre", activation="gelu", longest=60,
                                     positions="learned", embeddings="separate",
                                     branch_scale="channel"))

    def test_what_imported_models_have(self):
        self.expect_equal(self.train("silu", 200, activation="silu", positions="marian",
                                     scale_embeddings=False, output_bias=True))

    def refusal(self, run, out="none"):
        done = call(sys.executable, SCRIPT, run, "--out", self.folder / out)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertFalse((self.folder / "none").exists())
        return done.stderr.replace(f"{self.folder}/", "")

    def test_refusals(self):
        run = self.train("refused", 1, fusion="gated",
                         image_encoder={"size": 16, "patch": 8, "width": 8, "heads": 2})
        self.assertEqual(self.refusal(run),
                         "ctranslate2.py: refused/averaged/model.json: model.fusion: got gated, "
                         "expected none; CTranslate2's translation models take no image\n")
        self.assertEqual(self.refusal(run, "corpus"), "ctranslate2.py: --out: corpus: it is there "
                         "already; expected a folder that is not\n")
        file = run / "averaged" / "model.json"
        description = json.loads(file.read_text())
        description["model"]["fusion"] = "none"
        file.write_text(json.dumps(description))
        self.assertIn("model.safetensors: tensor 'fusion.gate.bias': it has no place in "
                      "CTranslate2's model\n", self.refusal(run))
        file.write_text(json.dumps(description | {"format": 7}))
        self.assertEqual(self.refusal(run),
                         "ctranslate2.py: refused/averaged/model.json: got format 7, expected at "
                         "most 2; use the script that comes with the program that wrote it\n")
        run_program("import", ROOT / "tests/golden/marian/swish", "--out", self.folder / "opus")
        self.assertEqual(self.refusal(self.folder / "opus"),
                         "ctranslate2.py: opus/source.model: a SentencePiece model with a "
                         "vocabulary of its own, which is lost elsewhere; of an imported model, "
                         "CTranslate2 converts the folder that it was made of: "
                         "ct2-transformers-converter --model DIR --output_dir OUT\n")
        (self.folder / "opus/source.model").write_text("#version: 0.2\na b\n")
        self.assertEqual(self.refusal(self.folder / "opus"),
                         "ctranslate2.py: opus/source.model: codes of subword-nmt; expected a "
                         "SentencePiece model\n")
        self.assertEqual(self.refusal("/nowhere"), "ctranslate2.py: /nowhere: no such folder; "
                         "expected a run folder or a checkpoint folder\n")


if __name__ == "__main__":
    unittest.main()
