"""Writes a text-only model of ours as a CTranslate2 model: with its tokenizer, and a program of ten
lines that translates with it.

    python3 -m venv ct2 && ct2/bin/pip install ctranslate2==4.8.5 numpy safetensors sentencepiece
    ct2/bin/python recipes/export/ctranslate2.py RUN --out DIR     RUN: a run folder or a checkpoint folder
    ct2/bin/python DIR/translate.py < lines.en > lines.de

Weights are float32; CTranslate2 makes int8, float16 or bfloat16 of them as it loads them. Scales of
branches are folded into the linear maps before them. What has no place in CTranslate2's model (a
fusion, say) is refused: nothing is exported in part.

DIR/translate.py has CTranslate2's search as near to ours as its settings go: the end counts in a
hypothesis's length (return_end_token), a translation may be empty (min_decoding_length) and has at
most 2 S + 20 pieces, padding and start are never written (suppress_sequences), and the search goes
on until twice as many hypotheses are finished as a beam holds (patience; ours goes on until no open
one can win). Greedy search is then ours. In a beam one thing stays: the place of a hypothesis that
ends goes to the next best one, where ours leaves it empty for that position: of 200 sentences 2
came out otherwise, with better scores.
"""
import argparse
import importlib
import json
import math
import pathlib
import shutil
import sys

# This file is called as the library is, and stands first in the path.
HERE = pathlib.Path(__file__).resolve().parent
sys.path = [entry for entry in sys.path if pathlib.Path(entry or ".").resolve() != HERE]

PACKAGES = "ctranslate2==4.8.5 numpy safetensors sentencepiece"
FORMAT = 2  # of model.json: the newest that is read
OWN_VOCABULARY = b"\xc2\x0c\x05<pad>\xc2\x0c\x03<s>"  # begins so (tokenizers/piece_vocabulary.h)
LONGEST_LINE = 1024  # source tokens that CTranslate2 reads of a line

EXAMPLE = '''\
"""Translates lines, where ctranslate2 and sentencepiece are installed: python translate.py < in > out"""
import pathlib, ctranslate2, sentencepiece
here = pathlib.Path(__file__).resolve().parent
source = sentencepiece.SentencePieceProcessor(str(here / "{source}"))
target = sentencepiece.SentencePieceProcessor(str(here / "{target}"))
with open(0, encoding="utf-8-sig", newline="\\n") as file:
    lines = [source.encode({text}, out_type=str) for line in file]
limits = [min({limit}, {most}) for line in lines]  # pieces of a translation
found = ctranslate2.Translator(str(here), compute_type="float32").translate_batch(
    lines, beam_size={beam}, length_penalty={length_penalty}, patience=2, return_end_token=True,
    min_decoding_length={min_length}, max_decoding_length=max(limits, default=0) + 1,
    max_input_length={longest}, no_repeat_ngram_size={no_repeat_ngram}, disable_unk={no_unknown},
    suppress_sequences={never}, max_batch_size=2048, batch_type="tokens")
for limit, result in zip(limits, found):
    print(target.decode([piece for piece in result.hypotheses[0][:limit] if piece != "{end}"]))
'''


def fail(text):
    print("ctranslate2.py: " + text, file=sys.stderr)
    sys.exit(2)


def need(package):
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        fail(f"no Python package {error.name}; get it with: python3 -m venv ct2 && ct2/bin/pip install {PACKAGES}")


def locate(run):
    """The folder of the model, and its two tokenizers, found as the program finds them."""
    if not run.is_dir():
        fail(f"{run}: no such folder; expected a run folder or a checkpoint folder")
    places = [run, run / "averaged", run / "best"]
    model = next((place for place in places if (place / "model.json").is_file()), None)
    if model is None:
        fail(f"{run}: no model here; expected averaged/, best/, or model.safetensors and "
             "model.json")
    for place in [model.resolve(), *model.resolve().parents[:2]]:
        for names in (["tokenizer.model"] * 2, ["source.model", "target.model"]):
            if all((place / name).is_file() for name in names):
                return model, [place / name for name in names]
    fail(f"{model}: no tokenizer here or in the two folders above; expected tokenizer.model, or "
         "source.model and target.model")


def describe(file):
    """model.json of a model that can be exported."""
    try:
        description = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        fail(f"{file}: no JSON: {error}")
    if description.get("format", 1) > FORMAT:
        fail(f"{file}: got format {description['format']}, expected at most {FORMAT}; use the "
             "script that comes with the program that wrote it")
    if "classes" in description:
        fail(f"{file}: a classifier, which does not translate; expected a translation model")
    model = description["model"]
    if model["fusion"] != "none":
        fail(f"{file}: model.fusion: got {model['fusion']}, expected none; CTranslate2's "
             "translation models take no image")
    for key, known in (("norm", ("post", "pre")), ("activation", ("relu", "gelu", "silu")),
                       ("positions", ("sinusoidal", "marian", "learned"))):
        if model[key] not in known:
            fail(f"{file}: model.{key}: got {model[key]}, expected {' or '.join(known)}, which "
                 "can be exported")
    return description


class Weights:
    """Tensors by name; it knows which of them nobody asked for."""

    def __init__(self, file):
        library = need("safetensors.numpy")
        try:
            self.tensors = library.load_file(file)
        except Exception as error:  # the library's own class, or the system's
            fail(f"{file}: cannot read: {error}")
        self.file, self.left = file, set(self.tensors)

    def __contains__(self, name):
        return name in self.tensors

    def __getitem__(self, name):
        if name not in self:
            fail(f"{self.file}: no tensor '{name}', which the model needs; is it another model's?")
        self.left.discard(name)
        return self.tensors[name]

    def expect_none_left(self):
        if self.left:
            fail(f"{self.file}: tensor '{min(self.left)}': it has no place in CTranslate2's model")


def put_linear(spec, weights, name, residual=None):
    """`residual`: the one whose branch this map ends; the branch's scale is folded in."""
    spec.weight, spec.bias = weights[name + ".weight"], weights[name + ".bias"]
    scale = f"{residual}.connection.scale"
    if scale in weights:
        spec.weight, spec.bias = spec.weight * weights[scale][:, None], spec.bias * weights[scale]


def put_norm(spec, weights, name):
    spec.gamma, spec.beta = weights[name + ".weight"], weights[name + ".bias"]


def put_attention(spec, weights, name, projections):
    for linear, projection in zip(spec.linear, projections):
        put_linear(linear, weights, f"{name}.{projection}")
    put_linear(spec.linear[-1], weights, name + ".out_projection", name + "_residual")
    put_norm(spec.layer_norm, weights, name + "_residual.norm")


def put_layer(spec, weights, name):
    put_attention(spec.self_attention, weights, name + ".self_attention", ["in_projection"])
    if hasattr(spec, "attention"):
        put_attention(spec.attention, weights, name + ".cross_attention",
                      ["query_projection", "memory_projection"])
    put_linear(spec.ffn.linear_0, weights, name + ".feed_forward.up")
    put_linear(spec.ffn.linear_1, weights, name + ".feed_forward.down",
               name + ".feed_forward_residual")
    put_norm(spec.ffn.layer_norm, weights, name + ".feed_forward_residual.norm")


def computed_positions(kind, length, width):
    numpy, half = need("numpy"), width // 2
    steps = half if kind == "marian" else half - 1
    step = math.log(10000) / steps if steps > 0 else 0
    angle = numpy.arange(length)[:, None] * numpy.exp(numpy.arange(half) * -step)
    return numpy.concatenate([numpy.sin(angle), numpy.cos(angle)], 1).astype("float32")


def specification(model, weights, vocabularies):
    specs, numpy = need("ctranslate2.specs"), need("numpy")
    activation = specs.common_spec.Activation[
        {"relu": "RELU", "gelu": "GELU", "silu": "SWISH"}[model["activation"]]]
    spec = specs.TransformerSpec.from_config(
        (model["encoder_layers"], model["decoder_layers"]), model["heads"],
        pre_norm=model["norm"] == "pre", activation=activation)
    source, target, output = {
        "shared": ["embedding"] * 3,
        "target": ["source_embedding", "target_embedding", "target_embedding"],
        "separate": ["source_embedding", "target_embedding", "output_embedding"],
    }[model["embeddings"]]
    spec.encoder.embeddings[0].weight = weights[source]
    spec.decoder.embeddings.weight = weights[target]
    for stack, name, side in ((spec.encoder, "encoder", "source"),
                              (spec.decoder, "decoder", "target")):
        stack.scale_embeddings = model.get("scale_embeddings", True)  # by sqrt(C)
        stack.position_encodings.encodings = (
            weights[side + "_positions.weight"] if model["positions"] == "learned"
            else computed_positions(model["positions"], 2 * LONGEST_LINE + 20, model["width"]))
        for number, layer in enumerate(stack.layer):
            put_layer(layer, weights, f"{name}.layers.{number}")
        if model["norm"] == "pre":
            put_norm(stack.layer_norm, weights, name + ".final_norm")
    spec.decoder.projection.weight = weights[output]
    spec.decoder.projection.bias = numpy.zeros(len(vocabularies[1]), "float32")
    if model.get("output_bias", False):
        spec.decoder.projection.bias = weights["output_bias"].copy()
        spec.decoder.projection.bias[0] = -1e9  # padding has no probability
    weights.expect_none_left()

    spec.register_source_vocabulary(vocabularies[0])
    spec.register_target_vocabulary(vocabularies[1])
    spec.config.add_source_eos, spec.config.layer_norm_epsilon = True, 1e-5
    _, start, spec.config.eos_token, spec.config.unk_token = vocabularies[1][:4]
    spec.config.bos_token = spec.config.decoder_start_token = start
    spec.validate()
    spec.optimize()  # one copy of what is shared
    return spec


def pieces_of(file, expected, place):
    if (content := file.read_bytes()).startswith(b"#version:"):
        fail(f"{file}: codes of subword-nmt; expected a SentencePiece model")
    if OWN_VOCABULARY in content:
        fail(f"{file}: a SentencePiece model with a vocabulary of its own, which is lost elsewhere; "
             "of an imported model, CTranslate2 converts the folder that it was made of: "
             "ct2-transformers-converter --model DIR --output_dir OUT")
    processor = need("sentencepiece").SentencePieceProcessor(str(file))
    pieces = [processor.id_to_piece(number) for number in range(processor.get_piece_size())]
    if len(pieces) != expected:
        fail(f"{file}: {len(pieces)} pieces; expected {expected}, as {place} says; is it another "
             "run's?")
    return pieces


def example(description, tokenizers, vocabulary):
    """The program that is written beside the model."""
    decoding, learned = description["decoding"], description["model"]["positions"] == "learned"
    longest = description["model"]["longest"] if learned else LONGEST_LINE
    return EXAMPLE.format(
        source=tokenizers[0].name, target=tokenizers[1].name, longest=longest,
        never=[[piece] for piece in vocabulary[:2]], end=vocabulary[2],
        most=(longest if learned else 2 * LONGEST_LINE + 20) - 1,
        text='" ".join(line.split())' if description["text"] == "tok"
        else 'line.rstrip("\\r\\n") if line.strip() else ""',
        beam=decoding["beam"], length_penalty=decoding["length_penalty"],
        min_length=decoding.get("min_length", 0), no_unknown=decoding.get("no_unknown", False),
        no_repeat_ngram=decoding.get("no_repeat_ngram", 0),
        limit=decoding.get("max_length", 0) or "2 * len(line) + 21")


def export(run, out):
    folder, tokenizers = locate(run)
    if out.exists():
        fail(f"--out: {out}: it is there already; expected a folder that is not")
    file = folder / "model.json"
    description = describe(file)
    vocabularies = [pieces_of(tokenizer, description[side + "_vocabulary"], file)
                    for tokenizer, side in zip(tokenizers, ("source", "target"))]
    weights = Weights(folder / "model.safetensors")
    spec = specification(description["model"], weights, vocabularies)

    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    spec.save(str(partial))
    for tokenizer in set(tokenizers):
        shutil.copyfile(tokenizer, partial / tokenizer.name)
    program = example(description, tokenizers, vocabularies[1])
    (partial / "translate.py").write_text(program, encoding="utf-8")
    partial.rename(out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=pathlib.Path, help="a run folder or a checkpoint folder")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the folder to make")
    arguments = parser.parse_args()
    export(arguments.run, arguments.out)
