"""What is measured of a trained run: its learning curve, its scores, its chain, its use of images.

On the CPU, wherever it was trained, so that the results of two machines differ in training alone.
"""

import json
import os
import pathlib

ONE_CPU = ("--threads", "1", "--device", "cpu")


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


def of_run(arm, folder, program):
    """The fields of a result that come from the run's folder."""
    lines = (folder / "model" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    curve = [json.loads(line) for line in lines]
    measured = {"updates": curve[-1]["update"]}
    if arm.kind == "classifier":
        measured |= recognition(arm, folder, program, curve)
    else:
        measured |= translation(arm, folder, program, curve)
    if chain_of_run := chain(arm, folder, program):
        measured["chain"] = chain_of_run
    return measured


# ---- classifiers: the last model, whose average is of one checkpoint


def recognition(arm, folder, program, curve):
    data = read_json(folder / "model" / "recipe.json")["data"]
    tests = {}
    for test in arm.tests:
        output = folder / f"{test}.json"
        images = pathlib.Path(os.path.expandvars(data["folder"])) / test
        program.run("classify", "predict", folder / "model", "--labelled", images, "--json",
                    *ONE_CPU, output=output)
        tests[test] = 100 * read_json(output)["accuracy"]
    return {
        "valid_nll": curve[-1]["valid_nll"],
        "valid_accuracy": 100 * curve[-1]["valid_accuracy"],
        "tests": tests,
    }


# ---- translation models: beam 5, the averaged checkpoints, BLEU of the tokens


class Corpus:
    """Where the splits of a translation run lie, and the options that its images need."""

    def __init__(self, folder):
        recipe = read_json(folder / "model" / "recipe.json")
        self.data = recipe["data"]
        self.root = pathlib.Path(os.path.expandvars(self.data["folder"]))
        self.has_images = recipe["model"]["fusion"] != "none"

    def text(self, split, side):
        language = self.data[f"{side}_language"]
        if self.data["text"] == "tok":
            return self.root / "tok" / f"{split}.lc.norm.tok.{language}"
        file = self.root / "raw" / f"{split}.{language}"
        return file if file.exists() else file.with_name(file.name + ".gz")

    def tokenizer(self):
        """Tokenised text is scored on its tokens, as the published figures are."""
        return "none" if self.data["text"] == "tok" else "13a"

    def image_options(self, split):
        """Without any image at hand the option is refused: then the text alone is translated."""
        names = self.root / "image_splits" / f"{split}.txt"
        if not self.has_images or not names.exists():
            return []
        images = self.root / self.data["images"]
        listed = names.read_text(encoding="utf-8").split("\n")
        if not any((images / name.split("#")[0]).is_file() for name in listed if name):
            return []
        if self.data["features"]:
            store = os.path.expandvars(self.data["features"]).replace("{split}", split)
            return ["--images", names, "--features", store]
        return ["--images", names, "--image-root", images]


def translation(arm, folder, program, curve):
    corpus = Corpus(folder)
    scores = {split: bleu(folder, program, corpus, split)
              for split in (corpus.data["valid"], *arm.tests)}
    measured = {
        "valid_nll": min(line["valid_nll"] for line in curve),
        "valid_bleu": scores.pop(corpus.data["valid"]),
        "tests": scores,
    }
    if arm.probe:
        measured["probe"] = probe(arm, folder, program, corpus)
    return measured


def bleu(folder, program, corpus, split):
    hypotheses, scores = folder / f"{split}.translated", folder / f"{split}.json"
    program.run("translate", folder / "model", "--input", corpus.text(split, "source"), "--output",
                hypotheses, "--beam", "5", *ONE_CPU, *corpus.image_options(split))
    program.run("evaluate", "--hypotheses", hypotheses, "--references",
                corpus.text(split, "target"), "--tokenize", corpus.tokenizer(), "--width", "4", "--json",
                output=scores)
    return read_json(scores)["score"]


def probe(arm, folder, program, corpus):
    """By what stands in the place of the images: each metric's score, on the first test set."""
    test, output = arm.tests[0], folder / "probe.json"
    positions = corpus.root / "masking" / f"{test}.{arm.probe}.positions"
    program.run("probe", folder / "model", "--source", corpus.text(test, "source"), "--references",
                corpus.text(test, "target"), "--mask", positions, "--kind", arm.probe, "--json",
                *ONE_CPU, *corpus.image_options(test), output=output)
    return {row["images"]: {name: value["score"] for name, value in row.items() if name != "images"}
            for row in read_json(output)["conditions"]}


# ---- the chain


def chain(arm, folder, program):
    """Each stack's measures on the validation split; None where the program has no such command."""
    if not program.can("chain"):
        return None
    output = folder / "chain.json"
    if arm.kind == "classifier":
        data = read_json(folder / "model" / "recipe.json")["data"]
        images = pathlib.Path(os.path.expandvars(data["folder"])) / arm.tests[0]
        options = ["--labelled", images]
    else:
        corpus = Corpus(folder)
        valid = corpus.data["valid"]
        options = ["--source", corpus.text(valid, "source"), "--references",
                   corpus.text(valid, "target"), *corpus.image_options(valid)]
    program.run("chain", folder / "model", *options, "--json", *ONE_CPU, output=output)
    return {chain["stack"]: of_stack(chain) for chain in read_json(output)["chains"]}


def of_stack(chain):
    """The stack's own measures, and the means over its residuals of theirs."""
    found = {name: chain[name]["mean"] for name in ("straightness", "evenness") if chain[name]}
    for name in ("alignment", "turning", "ratio", "step"):
        means = [node[name]["mean"] for node in chain["nodes"] if node[name]]
        if means:
            found[name] = sum(means) / len(means)
    return {name: round(number, 6) for name, number in found.items()}
