"""One line at a time, as somebody waits for each: ours through a pipe, each line sent once the one before is answered, and CTranslate2's
translate_batch of one line, on the same weights. One JSON object a line: ms a line, and ours also ms until a started program's first answer.

    python recipes/benchmark/one_line.py MODEL --multi30k DIR [--program build/release/penalmt] [--lines 300] [--rounds 2]

MODEL: a text-only Tiny model of ours, post-norm, ReLU. Without ctranslate2 4.8.5 (numpy, sentencepiece, sacrebleu, safetensors) only ours runs.
Ours counts tokenising, joining and the pipe; CTranslate2's does not. One thread each.
"""
import argparse, importlib.util, json, pathlib, subprocess, sys, tempfile, time

HERE = pathlib.Path(__file__).parent


def ours(program, model, lines, beam, precision):
    command = [program, "translate", model, "--device", "cpu", "--threads", "1", "--beam", str(beam), "--precision", precision]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    ends = []
    for line in lines:
        process.stdin.write(line + "\n"); process.stdin.flush()
        assert process.stdout.readline().endswith("\n")
        ends.append(time.perf_counter())
    process.stdin.close()
    assert process.wait() == 0
    return {"engine": "penalmt", "precision": precision, "beam": beam, "ms_a_line": 1e3 * (ends[-1] - ends[0]) / (len(lines) - 1),
            "first_answer_ms": 1e3 * (ends[0] - began)}


def peer(folder, lines, beam, kind):
    import ctranslate2, sentencepiece
    pieces = sentencepiece.SentencePieceProcessor(model_file=f"{folder}/spm.model")
    translator = ctranslate2.Translator(f"{folder}/ct2", device="cpu", compute_type=kind, inter_threads=1, intra_threads=1)
    sources = [pieces.encode(line, out_type=str) for line in lines]
    translator.translate_batch(sources[:1], beam_size=beam)
    began = time.perf_counter()
    for source in sources[1:]:
        translator.translate_batch([source], beam_size=beam, length_penalty=1.0)
    return {"engine": f"ctranslate2 {ctranslate2.__version__}", "precision": kind, "beam": beam,
            "ms_a_line": 1e3 * (time.perf_counter() - began) / (len(lines) - 1)}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("model"); arguments.add_argument("--multi30k", required=True)
    arguments.add_argument("--program", default="build/release/penalmt")
    arguments.add_argument("--lines", type=int, default=300); arguments.add_argument("--rounds", type=int, default=2)
    a = arguments.parse_args()
    lines = open(f"{a.multi30k}/tok/test_2016_flickr.lc.norm.tok.en", encoding="utf-8").read().splitlines()[: a.lines]
    with tempfile.TemporaryDirectory() as work:
        has_peer = importlib.util.find_spec("ctranslate2") is not None
        if has_peer:
            subprocess.run([sys.executable, str(HERE / "peer_weights.py"), a.model, work], check=True)
            sys.path.insert(0, str(HERE / "peers"))
            from ct2_decode import convert
            convert(work, f"{work}/ct2")
        else:
            print("one_line.py: no peer: no module ctranslate2", file=sys.stderr)
        for _ in range(a.rounds):
            for beam in (5, 1):
                for precision in ("float32", "int8"):
                    print(json.dumps(ours(a.program, a.model, lines, beam, precision)), flush=True)
                for kind in ("float32", "int8", "int8_float32") if has_peer else ():
                    print(json.dumps(peer(work, lines, beam, kind)), flush=True)


if __name__ == "__main__":
    main()
