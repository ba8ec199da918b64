"""The timing of scoring.sh, which calls it: PENALMT SACREBLEU-SOURCE FOLDER SEGMENTS ROUNDS."""

import bz2
import json
import pathlib
import pickle
import subprocess
import sys
import time

penalmt, source, folder, segments, rounds = sys.argv[1:]
segments = int(segments)
folder = pathlib.Path(folder)
with bz2.BZ2File(pathlib.Path(source, "test", "wmt17_en_de_systems.pkl.bz2")) as file:
    systems = dict(pickle.load(file))
(reference,) = systems.pop("reference")


def write(name, lines):
    path = folder / name
    path.write_text("".join(line.rstrip() + "\n" for line in lines), encoding="utf-8")
    return str(path)


# All systems one after the other, as often as it takes.
times = -(-segments // (len(systems) * len(reference)))
many = [write("hypotheses", (([line for lines in systems.values() for line in lines]) * times)[:segments])]
many_reference = write("references", (reference * len(systems) * times)[:segments])
five = [write(f"system{i}", lines) for i, lines in enumerate(list(systems.values())[:5])]
one_reference = write("reference", reference)

SACREBLEU = [sys.executable, "-m", "sacrebleu", "--quiet"]
WORK = {
    "BLEU + chrF + TER": (many, many_reference, segments, ["--metrics", "bleu", "chrf", "ter"]),
    "paired bootstrap, 1,000 samples, 5 systems, BLEU": (five, one_reference, 5 * len(reference), ["--paired-bs"]),
    "paired bootstrap, 1,000 samples, 5 systems, BLEU + chrF": (five, one_reference, 5 * len(reference), ["--paired-bs", "--metrics", "bleu", "chrf"]),
}


def timed(command):
    began = time.monotonic()
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return time.monotonic() - began, output


for round_ in range(int(rounds)):
    for name, (hypotheses, references, count, options) in WORK.items():
        ours, _ = timed([penalmt, "evaluate", "--hypotheses", *hypotheses, "--references", references, "--threads", "1", *options])
        theirs, _ = timed([*SACREBLEU, references, "--input", *hypotheses, "--format", "text", *options])
        print(json.dumps({"work": name, "segments": count, "penalmt_seconds": round(ours, 2), "sacrebleu_seconds": round(theirs, 2),
                          "ratio": round(theirs / ours, 1)}), flush=True)
