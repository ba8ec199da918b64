"""recipes/python/penalmt_torch.py gives the logits of tests/golden, and the probabilities of the
program for models of every fusion that it has trained a little.

    PENALMT_PYTHON=python build/release/program_tests --gtest_filter='*PyTorchModule*'
    PENALMT=build/release/penalmt python tests/program/penalmt_torch_test.py
"""
import contextlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "recipes" / "python"))
import penalmt_torch
import sentencepiece
import torch
from safetensors.torch import load_file, save_file

GOLDEN = ROOT / "tests" / "golden"
PEER_NAMES = json.loads((ROOT / "recipes" / "benchmark" / "tensor_names.json").read_text())
SOURCES = ["a red circle .", "two squares and a star .", "", "a blue circle left of a square ."]
TARGETS = ["ein roter kreis .", "zwei quadrate und ein stern .", "", "ein kreis ."]


def from_peer(tensors):
    """The golden files' weights by our names."""
    ours = {name: tensor for name, tensor in tensors.items()
            if name.startswith("fusion.") or ".image_attention" in name}
    for pattern, parts in PEER_NAMES.items():
        for layer in range(9):
            names = [part.replace("*", str(layer)) for part in parts]
            if names[0] in tensors:
                ours[pattern.replace("*", str(layer))] = torch.cat([tensors[n] for n in names])
    return ours


class GoldenTest(unittest.TestCase):
    def group(self, file, name):
        return {key[len(name) + 1:]: tensor for key, tensor in load_file(GOLDEN / file).items()
                if key.startswith(name + "/")}

    def loaded(self, weights, **options):
        """Through a folder, as a user has it; in float64, as the golden answers are."""
        model = {"norm": "post", "activation": "relu", "positions": "sinusoidal",
                 "embeddings": "shared", "fusion": "none", "heads": 4} | options
        with tempfile.TemporaryDirectory() as folder:
            save_file(weights, folder + "/model.safetensors")
            pathlib.Path(folder, "model.json").write_text(json.dumps({"model": model}))
            return penalmt_torch.load(folder).double()

    def expect(self, logits, golden, output):
        real = output.ne(penalmt_torch.PADDING)
        self.assertLess((logits - golden)[real].abs().max().item(), 1e-10)

    def test_text(self):
        pre = {"norm": "pre", "activation": "gelu", "positions": "learned", "heads": 2,
               "embeddings": "separate"}
        for name, weights, options in (("post", "post", {}), ("post_penal", "post", {}),
                                       ("pre", "pre", pre)):
            case = self.group("tiny_transformer.safetensors", name)
            tensors = self.group("tiny_transformer.safetensors", weights + "/weights")
            model = self.loaded(from_peer(tensors), **options)
            logits = model(case["source"], case["target"][:, :-1])
            self.expect(logits, case["logits"], case["target"][:, 1:])

    @unittest.skipUnless("PENALMT" in os.environ, "PENALMT names no program")
    def test_every_imported_model(self):
        for name in ("swish", "gelu", "relu", "untied"):
            opus = GOLDEN / "marian" / name
            with tempfile.TemporaryDirectory() as folder:
                subprocess.run([os.environ["PENALMT"], "import", opus, "--out", folder + "/model"],
                               check=True, capture_output=True)
                model = penalmt_torch.load(folder + "/model").double()
            answers = load_file(opus / "answers.safetensors")
            padding = json.loads((opus / "config.json").read_text())["pad_token_id"]
            sides = [json.loads((opus / file).read_text()) for file in (
                "vocab.json", "target_vocab.json" if name in ("relu", "untied") else "vocab.json")]
            # Ours: padding, their padding, their end and unknown piece, the others.
            order = [[padding, 0, 1] + [id for id in range(len(side)) if id not in (0, 1, padding)]
                     for side in sides]
            source, target = (torch.tensor(
                [[0 if id == padding else numbers.index(id) + 1 for id in row]
                 for row in answers[what].tolist()])
                for numbers, what in zip(order, ("source", "target")))
            start = torch.full_like(target[:, :1], penalmt_torch.START)
            logits = model(source, torch.cat([start, target[:, :-1]], 1))
            self.assertTrue(logits[..., 0].isneginf().all())
            real = target.ne(penalmt_torch.PADDING)
            difference = (logits[..., 1:] - answers["logits"][..., order[1]])[real]
            self.assertLess(difference.abs().max().item(), 1e-5)

    def test_every_fusion(self):
        golden = load_file(GOLDEN / "fusions.safetensors")
        for fusion in ("gated", "concatenated", "selective", "doubly_attentive"):
            model = self.loaded(from_peer(self.group("fusions.safetensors", fusion + "/weights")),
                                fusion=fusion, image_encoder={"kind": "features"})
            logits = model(golden["source"], golden["target"][:, :-1], golden["features"],
                           golden["present"].bool())
            self.expect(logits, golden[fusion + "/logits"], golden["target"][:, 1:])
            logits = model.float()(golden["source"], golden["target"][:, :-1],
                                   golden["features"].float(), golden["present"].bool())
            self.assertLess((logits - golden[fusion + "/logits"]).abs().max().item(), 1e-5)

    def test_resnet(self):
        golden = load_file(GOLDEN / "resnet.safetensors")
        tensors = self.group("resnet.safetensors", "weights")
        tensors |= self.group("resnet.safetensors", "running")
        network = penalmt_torch.Part(tensors).double()
        regions = penalmt_torch.encode_images(network, {"kind": "resnet", "blocks": 2},
                                              golden["pixels"])
        self.assertLess((regions - golden["evaluated"]).abs().max().item(), 1e-10)

    def test_what_is_not_known_is_refused(self):
        weights = {"embedding": torch.ones(5, 4), "encoder.final_norm.weight": torch.ones(4)}
        for change, options, words in (
                ({}, {"fusion": "summed"}, "model.json: model.fusion: got summed, expected one of "
                 "none, gated, concatenated, selective, doubly_attentive"),
                ({"bias": torch.ones(5)}, {}, "model.safetensors: tensor 'bias' is unknown here")):
            with self.assertRaises(ValueError) as refused:
                self.loaded(weights | change, **options)
            self.assertEqual(str(refused.exception).rpartition("/")[2], words)
        with self.assertRaises(ValueError) as refused:
            penalmt_torch.load("/nowhere")
        self.assertEqual(str(refused.exception),
                         "/nowhere: no model here; expected averaged/, best/ or model.json")


@unittest.skipUnless("PENALMT" in os.environ, "PENALMT names no program")
class ProgramTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.run_program("shapes", "--out", cls.folder / "corpus", "--train", 40, "--val", 4,
                        "--test", 4, "--size", 16)
        cls.pixels = torch.randint(0, 256, (3, 3, 16, 16), dtype=torch.uint8,
                                   generator=torch.Generator().manual_seed(1))
        for number, image in enumerate(cls.pixels):
            (cls.folder / f"{number}.ppm").write_bytes(
                b"P6 16 16 255\n" + bytes(image.permute(1, 2, 0).flatten().tolist()))
        (cls.folder / "list").write_text("0.ppm\n\n1.ppm\n2.ppm\n")
        (cls.folder / "a.en").write_text("\n".join(SOURCES) + "\n")
        (cls.folder / "a.de").write_text("\n".join(TARGETS) + "\n")

    @classmethod
    def run_program(cls, *words):
        command = [os.environ["PENALMT"], *(str(word) for word in words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{command}: {done.stderr}")
        return done.stdout

    def train(self, name, **model):
        image_encoder = {"size": 16, "patch": 8, "width": 8, "feed_forward": 16, "heads": 2}
        sizes = {"width": 16, "feed_forward": 32, "heads": 4, "encoder_layers": 2,
                 "decoder_layers": 2}
        recipe = {
            "data": {"folder": str(self.folder / "corpus"), "text": "tok"},
            "tokenizer": {"vocabulary": 120, "exact_vocabulary": False},
            "model": sizes | model | {
                "image_encoder": image_encoder | model.get("image_encoder", {})},
            "training": {"updates": 20, "validate_every": 20, "learning_rate": 0.01, "warmup": 1,
                         "validate_bleu": False, "batch_tokens": 200}}
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps(recipe))
        self.run_program("train", file, "--out", self.folder / name, "--threads", 1)
        return self.folder / name

    def batch(self, run, which):
        """The lines `which` as one padded batch."""
        names = ["tokenizer.model"] * 2
        if not (run / names[0]).exists():
            names = ["source.model", "target.model"]
        source, target = (sentencepiece.SentencePieceProcessor(str(run / name)) for name in names)
        ids = [source.encode(SOURCES[i]) + [penalmt_torch.END] for i in which], [
            [penalmt_torch.START] + target.encode(TARGETS[i]) + [penalmt_torch.END] for i in which]
        return (torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in side],
                                                batch_first=True) for side in ids)

    def expect_same_probabilities(self, run, images):
        options = ["--images", self.folder / "list", "--image-root", self.folder] if images else []
        expected = self.run_program("score", run, "--source", self.folder / "a.en", "--target",
                                    self.folder / "a.de", "--threads", 1, *options).split()
        which = [0, 1, 3]  # line 3 is empty; the second has no image
        source, target = self.batch(run, which)
        images = [self.pixels[[0, 2]], torch.tensor([True, False, True])] if images else []
        with torch.no_grad():
            scores = penalmt_torch.load(run)(source, target[:, :-1], *images).log_softmax(-1)
        of_tokens = scores.gather(2, target[:, 1:, None])[..., 0] * target[:, 1:].ne(0)
        for got, line in zip(of_tokens.sum(1).tolist(), which):
            self.assertAlmostEqual(got, float(expected[line]), delta=1e-4, msg=f"{run.name}")

    def test_text(self):
        run = self.train("text", norm="pre", activation="gelu", positions="learned",
                         embeddings="separate", branch_scale="channel")
        self.expect_same_probabilities(run, images=False)

    def test_every_fusion_and_image_encoder(self):
        for fusion, norm, embeddings, scale, image_encoder in (
                ("gated", "pre", "shared", "none", {"stem": "patches"}),
                ("concatenated", "post", "target", "scalar",
                 {"stem": "convolutions", "branch_scale": "scalar"}),
                ("selective", "post", "shared", "none", {"kind": "resnet", "blocks": 2}),
                ("doubly_attentive", "pre", "shared", "channel",
                 {"kind": "resnet", "stages": 2, "branch_scale": "channel"})):
            run = self.train(fusion, fusion=fusion, norm=norm, embeddings=embeddings,
                             branch_scale=scale, image_encoder=image_encoder)
            self.expect_same_probabilities(run, images=True)
            self.expect_same_probabilities(run, images=False)

    def test_the_example_in_its_text_runs(self):
        run = self.train("example", fusion="gated", image_encoder={"stem": "patches"})
        lines = re.search(r"    import torch.*?(?=\n\n\S)", penalmt_torch.__doc__, re.S)[0]
        code = "\n".join(line[4:] for line in lines.split("\n"))
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(code.replace("runs/gated", str(run)).replace("64, 64", "16, 16"), {})
        self.assertEqual(said.getvalue().count("\n"), 1)

    def test_classifier(self):
        for label in ("left", "right"):
            place = self.folder / "labelled" / label
            place.mkdir(parents=True)
            for number in range(3):
                image = (self.folder / f"{number}.ppm").read_bytes()
                (place / f"{number}.ppm").write_bytes(image)
        recipe = self.folder / "classes.json"
        data = str(self.folder)
        recipe.write_text(json.dumps({
            "data": {"folder": data, "train": "labelled", "valid": 1},
            "image_encoder": {"kind": "resnet", "size": 16, "width": 8},
            "training": {"updates": 4, "validate_every": 4, "batch": 3, "warmup": 1, "crop": 0}}))
        run = self.folder / "classes"
        self.run_program("classify", "train", recipe, "--out", run, "--threads", 1)
        shown = self.run_program("classify", "predict", run, self.folder / "1.ppm", "--top", 2)
        got = penalmt_torch.load(run)(self.pixels[1:2])[0].softmax(-1).tolist()
        expected = [float(word) for word in re.findall(r"\t([0-9.]+)", shown)]
        self.assertEqual(len(expected), 2)
        for a, b in zip(sorted(got), sorted(expected)):
            self.assertAlmostEqual(a, b, delta=1e-4)


if __name__ == "__main__":
    unittest.main()
