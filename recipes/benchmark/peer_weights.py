"""Writes a model of ours as the peers read it: model.safetensors under torch_tiny.py's names, and spm.model.

    python peer_weights.py RUN OUT        RUN: a run folder (its averaged/, else its best/) or a checkpoint folder
"""
import json, os, re, shutil, sys
import numpy as np
from safetensors.numpy import load_file, save_file


def main():
    run, out = sys.argv[1:]
    folder = next(f for f in (run, f"{run}/averaged", f"{run}/best") if os.path.exists(f"{f}/model.safetensors"))
    names = json.load(open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "tensor_names.json")))
    theirs = {}
    for name, tensor in load_file(f"{folder}/model.safetensors").items():
        layer = re.search(r"layers\.(\d+)\.", name)
        key = re.sub(r"layers\.\d+\.", "layers.*.", name)
        parts = names[key]  # one name, or several that lie one after the other in ours
        for part, rows in zip(parts, np.split(tensor, len(parts))):
            theirs[part.replace("*", layer.group(1)) if layer else part] = np.ascontiguousarray(rows)
    os.makedirs(out, exist_ok=True)
    save_file(theirs, f"{out}/model.safetensors")
    above = os.path.abspath(folder)
    while not os.path.exists(f"{above}/tokenizer.model") and above != "/":
        above = os.path.dirname(above)
    shutil.copy(f"{above}/tokenizer.model", f"{out}/spm.model")


main()
