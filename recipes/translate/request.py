"""What a call asks for, as state.json has it: a later call into the folder asks for the same."""

import hashlib
import itertools
import os

import corpus
from corpus import ShardsError

MOST_SHARDS = 99999
# What belongs to a call's own arguments, or speaks of lines by numbers that shards do not have.
RESERVED = ("--input", "--output", "--table", "--images", "--image", "--check", "--references")
OF_IMAGES = ("--image-column", "--image-root", "--features", "--feature-names", "--encoder")
OF_IMAGES_ALONE = ("--skip-broken", "--allow-outside")  # without a value


def value_of(options, name):
    """Of an option of penalmt, as `--name X` or `--name=X`; "" where it is not given."""
    for option, after in itertools.zip_longest(options, options[1:], fillvalue=""):
        if option == name:
            return after
        if option.startswith(name + "="):
            return option[len(name) + 1 :]
    return ""


def without_images(options):
    rest, words = [], iter(options)
    for word in words:
        if word in OF_IMAGES:
            next(words, None)
        elif word not in OF_IMAGES_ALONE and word.split("=")[0] not in OF_IMAGES:
            rest.append(word)
    return rest


def digest(paths):
    found = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            while block := file.read(1 << 20):
                found.update(block)
    return found.hexdigest()


def described(path):
    """A file as the state has it; None for none."""
    if not path:
        return None
    return {"file": str(path), "bytes": path.stat().st_size, "sha256": digest([path])}


def model_files(model):
    """The folder that penalmt takes of a run, and what stands above it: tokenizers, encoder."""
    for folder in (model, model / "averaged", model / "best"):
        if (folder / "model.safetensors").exists() and (folder / "model.json").exists():
            break
    else:
        raise ShardsError(
            f"{model}: no model here; expected averaged/, best/, or model.safetensors and "
            "model.json"
        )
    found = [path for path in folder.iterdir() if path.is_file()]
    for above in (folder, folder.parent, folder.parent.parent):
        found += [*above.glob("*.model"), *above.glob("image_encoder/*")]
    return sorted(set(found))


def form_of(arguments):
    if not arguments.table:
        return "objects" if "--json-input" in arguments.options else "lines"
    given = value_of(arguments.options, "--format")
    form = given or corpus.table_form(arguments.table)
    if form not in corpus.TABLES:
        raise ShardsError(
            f"--table: got {given or arguments.table.name}; expected a name that ends in .tsv, "
            ".csv or .jsonl, or -- --format tsv, csv or jsonl"
        )
    return form


def check_options(arguments):
    for name in RESERVED:
        if any(option.split("=")[0] == name for option in arguments.options):
            raise ShardsError(f"{name}: got it after --; there is none of a shard")
    n_best = value_of(arguments.options, "--n-best")
    if n_best and "--json" not in arguments.options:
        raise ShardsError("--n-best: its lines are numbered, which a shard's are not; add --json")
    if arguments.images and (arguments.table or "--json-input" in arguments.options):
        raise ShardsError("--images: got it too; expected the images in the rows themselves")
    if arguments.images and not (
        value_of(arguments.options, "--image-root") or value_of(arguments.options, "--features")
    ):
        raise ShardsError("--images: got no --image-root; expected both")
    if not 1 <= arguments.shards <= MOST_SHARDS:
        raise ShardsError(f"--shards: got {arguments.shards}, expected 1 to {MOST_SHARDS}")


def wanted_state(arguments):
    """What the arguments ask for; the shards are still to come (split.py)."""
    check_options(arguments)
    options = list(arguments.options)
    if value_of(options, "--image-column") and not (
        value_of(options, "--image-root") or value_of(options, "--features")
    ):
        options += ["--image-root", str(arguments.table.resolve().parent)]
    return {
        "corpus": described(arguments.table or arguments.input),
        "form": form_of(arguments),
        "images": described(arguments.images),
        "model": {
            "folder": str(arguments.model.resolve()),
            "sha256": digest(model_files(arguments.model)),
        },
        "options": options,
        "shards": arguments.shards,
        "directory": os.getcwd(),
    }


def told(value):
    """A value of the state in an error."""
    if isinstance(value, dict):
        return f"{value.get('file') or value['folder']} (sha256 {value['sha256'][:12]})"
    if isinstance(value, list):
        return " ".join(value) or "none"
    return "none" if value is None else str(value)


# The parts of a state that a later call must ask for, and what another one is called.
PARTS = {
    "corpus": "another corpus",
    "form": "another form",
    "images": "another list of images",
    "model": "another model",
    "options": "other options",
    "shards": "another number of shards",
}


def expect_same(wanted, state, folder):
    """Throws ShardsError. A file and a model are what they hold, wherever they lie."""
    for key, another in PARTS.items():
        one, other = wanted[key], state[key]
        if isinstance(one, dict) and isinstance(other, dict):
            is_same = one["sha256"] == other["sha256"]
        else:
            is_same = one == other
        if not is_same:
            raise ShardsError(
                f"{folder}: begun with {another}: got {told(one)}, expected {told(other)}; remove "
                "it, or give another --work folder, to begin anew"
            )
