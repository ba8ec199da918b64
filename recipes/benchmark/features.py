"""The timing of features.sh, which calls it: IMAGES ROUNDS IMAGES THREADS; and with "eager LIST BATCH THREADS" one run of the peer."""
import concurrent.futures
import json
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import numpy

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent / "vision"))
sys.dont_write_bytecode = True
import export

MODEL = "efficientnet-lite0"


def eager(names, batch, threads):
    torch = export.torch
    torch.set_num_threads(threads)
    encoder, preprocessing = export.load(MODEL, "pooled", "squash")
    batches = [names[i:i + batch] for i in range(0, len(names), batch)]

    def load(files):
        return torch.stack([export.load_image(file, preprocessing) for file in files])

    with torch.inference_mode(), concurrent.futures.ThreadPoolExecutor(threads) as pool:
        encoder(load(batches[0]))
        began = time.monotonic()
        features = torch.cat([encoder(pixels) for pixels in pool.map(load, batches)])
    return {"seconds": round(time.monotonic() - began, 2), "sum": features.double().sum().item(),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def ours(folder, images, threads):
    began = time.monotonic()
    code = """import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"""
    command = ["build/release/penalmt", "features", f"{folder}/list.txt", "--image-root", images, "--encoder", f"{folder}/encoder", "--out",
               f"{folder}/f.npy", "--precision", "fp32", "--threads", threads, "--overwrite"]
    peak = subprocess.run([sys.executable, "-c", code, *command], check=True, capture_output=True, text=True).stdout
    seconds = time.monotonic() - began
    return {"seconds": round(seconds, 2), "sum": numpy.load(f"{folder}/f.npy").astype(numpy.float64).sum(), "peak_mb": int(peak)}


def compare(images, rounds, images, threads):
    names = sorted(file.name for file in pathlib.Path(images).iterdir())[:int(images)]
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "list.txt").write_text("\n".join(names) + "\n")
        pathlib.Path(folder, "paths.txt").write_text("\n".join(f"{images}/{name}" for name in names) + "\n")
        subprocess.run([sys.executable, here.parent / "vision" / "export.py", MODEL, "--layout", "pooled", "--fit", "squash", "--out",
                        f"{folder}/encoder"], check=True, stdout=sys.stderr)
        for _ in range(int(rounds)):
            row = {"images": len(names), "threads": int(threads), "penalmt": ours(folder, images, threads)}
            for batch in (1, 16):
                output = subprocess.run([sys.executable, __file__, "eager", f"{folder}/paths.txt", str(batch), threads], check=True, capture_output=True, text=True)
                row[f"eager, batches of {batch}"] = json.loads(output.stdout.splitlines()[-1])
            sums = [engine.pop("sum") for engine in row.values() if isinstance(engine, dict)]
            if max(sums) - min(sums) > 1e-5 * abs(sums[0]):
                sys.exit(f"features.py: the sums of all features differ: {sums}")
            best = min(engine["seconds"] for name, engine in row.items() if name.startswith("eager"))
            print(json.dumps(row | {"ratio": round(best / row["penalmt"]["seconds"], 2)}), flush=True)


if sys.argv[1] == "eager":
    print(json.dumps(eager(pathlib.Path(sys.argv[2]).read_text().splitlines(), int(sys.argv[3]), int(sys.argv[4]))))
else:
    compare(*sys.argv[1:])
