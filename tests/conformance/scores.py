"""Compares penalmt's scores with sacreBLEU's, number for number; exits with 1 where one differs.

    python3 scores.py PENALMT SACREBLEU [published] [generated] [real] [words]

PENALMT: the program. SACREBLEU: the unpacked source package of sacreBLEU 2.6.0 (its test/ folder is used; the library itself must be
importable, with NumPy 2). All four parts by default:
  published   whatever sacreBLEU's own tests score (record_cases.py listens to them)
  generated   some 11,940 generated pairs with all of Unicode's troubles, each sentence and the whole, under many options
  real        the WMT17 English-German systems in its test folder: scores, confidence, paired tests
  words       the two command lines with the same words: what they print, byte for byte
"""

import bz2
import itertools
import json
import os
import pathlib
import pickle
import random
import re
import subprocess
import sys
import tempfile

import sacrebleu
from sacrebleu.metrics import BLEU, CHRF, TER
from sacrebleu.significance import PairedTest

HERE = pathlib.Path(__file__).resolve().parent
METRICS = {"BLEU": BLEU, "CHRF": CHRF, "TER": TER}
PREFIX = {"BLEU": "", "CHRF": "chrf-", "TER": "ter-"}
WIDTH = 13
if sys.version_info >= (3, 12):  # sum() compensates since: the last bits may differ
    WIDTH = 9

penalmt, source = sys.argv[1:3]
parts = sys.argv[3:] or ["published", "generated", "real", "words"]
temporary = tempfile.TemporaryDirectory(prefix="penalmt_scores_")  # removed at the end
folder = pathlib.Path(temporary.name)
compared = differences = 0


def check(what, got, expected):
    global compared, differences
    compared += 1
    if got != expected:
        differences += 1
        if differences <= 20:
            print(f"DIFFERENT {what}\n  penalmt   {got}\n  sacreBLEU {expected}", flush=True)


def write(name, lines):
    path = folder / name
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="\n")
    return str(path)


def flags(metric, options):
    for name, value in options.items():
        flag = "--" + PREFIX[metric] + name.replace("_", "-")
        if value is True:
            yield flag
        elif value is not False and value is not None:
            yield from (flag, str(value))


def run(hypotheses, references, *arguments):
    command = [penalmt, "evaluate", "--hypotheses", *hypotheses, "--references", *references, "--force", "--threads", "1", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit {done.returncode}: {done.stderr}")
    return done.stdout


def as_sacrebleu(text):
    version = text.split("penalmt-")[1].split('"')[0].split("|")[0]
    return text.replace("penalmt-" + version, sacrebleu.__version__)


def expected_json(score, signature):
    return json.loads(score.format(WIDTH, False, signature, True))


def remembering(metric):
    """The metric, whose statistics of the same sentences are computed once (TER's take a minute)."""
    extract, known = metric._extract_corpus_statistics, {}

    def statistics(hypotheses, references):
        if id(hypotheses) not in known:
            known[id(hypotheses)] = extract(hypotheses, references)
        return known[id(hypotheses)]

    metric._extract_corpus_statistics = statistics
    return metric


def published():
    cases = folder / "cases.jsonl"
    environment = dict(os.environ, CASES=str(cases), PYTHONPATH=os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")]))
    tests = [f"test/test_{name}.py" for name in ("bleu", "sentence_bleu", "chrf", "ter")]
    subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "record_cases", "-p", "no:cacheprovider", *tests], cwd=source, env=environment,
                   check=True, stdout=subprocess.DEVNULL)
    seen, left_out = set(), 0
    for line in cases.read_text().splitlines():
        case = json.loads(line)
        options = dict(case["options"])
        sentence = case["level"] == "sentence"
        if sentence:
            hypotheses, references = [case["hypotheses"]], [[text] for text in case["references"]]
        else:
            hypotheses, references = case["hypotheses"], case["references"]
        lines = hypotheses + [text for reference in references for text in reference if text is not None]
        # What a user of either command line cannot say.
        other_order = options.pop("max_ngram_order", 4) != 4
        effective = options.pop("effective_order", sentence) != sentence
        trailing = case["metric"] == "CHRF" and options["whitespace"] and any(text != text.rstrip() for text in lines)
        if other_order or effective or trailing or any("\n" in text for text in lines) or any(text is None for reference in references for text in reference):
            left_out += 1
            continue
        arguments = ["--metrics", case["metric"].lower(), "--json", "--width", str(WIDTH), *flags(case["metric"], options)] + ["--sentence-level"] * sentence
        key = json.dumps([arguments, hypotheses, references])
        if key in seen:
            continue
        seen.add(key)
        got = json.loads(as_sacrebleu(run([write("h", hypotheses)], [write(f"r{i}", reference) for i, reference in enumerate(references)], *arguments)))
        check(line, (got["score"], got["signature"]), (float(f"{case['score']:.{WIDTH}f}"), case["signature"]))
    print(f"published: {len(seen)} distinct cases of sacreBLEU's tests; left out, as they need its Python interface: {left_out}", flush=True)


def generated():
    sys.path.insert(0, str(HERE.parent / "golden"))
    from bleu import HAND_PICKED, perturbed, sentence  # noqa: E402

    rng = random.Random(2026)

    def line(longest):
        text = sentence(rng, longest)
        if rng.random() < 0.02:
            text = " ".join([text] * 40)
        if rng.random() < 0.05:
            text += "".join(chr(rng.choice((rng.randrange(0x20, 0x3000), rng.randrange(0x3000, 0xD800), rng.randrange(0xE000, 0x20000)))) for _ in range(rng.randint(1, 12)))
        return text.replace("\n", " ")

    truth = [line(rng.choice((0, 1, 3, 8, 15, 30))) for _ in range(11900)]
    pairs = [(perturbed(rng, text).replace("\n", " ") if rng.random() < 0.97 else "", text) for text in truth]
    pairs += [(h, r[0]) for h, r in HAND_PICKED if "\n" not in h + r[0]] + [("", "a b"), ("a b", ""), ("", "")]
    hypotheses = [h.rstrip() for h, _ in pairs]
    references = [[r.rstrip() for _, r in pairs], [perturbed(rng, r).replace("\n", " ").rstrip() for _, r in pairs]]
    paths = [write("h", hypotheses)], [write(f"r{i}", reference) for i, reference in enumerate(references)]

    settings = [("BLEU", dict(tokenize=t, lowercase=l)) for t in ("13a", "none", "intl", "zh", "char") for l in (False, True)]
    settings += [("BLEU", dict(smooth_method=m, smooth_value=v)) for m, v in (("floor", 0.01), ("add-k", 2.0), ("none", None))]
    settings += [("CHRF", dict(word_order=w, lowercase=l, whitespace=s, eps_smoothing=e)) for w, l, s, e in ((0, 0, 0, 0), (2, 0, 0, 0), (1, 1, 1, 0), (2, 1, 0, 1))]
    settings += [("TER", dict(zip(("normalized", "no_punct", "asian_support", "case_sensitive"), on)))
                 for on in ((False,) * 4, (True, False, True, True), (True, True, True, False), (False, True, False, False), (False, True, True, True), (True, False, False, False))]
    for (name, options), count in itertools.product(settings, (1, 2)):
        if count == 2 and (name == "TER" or options.get("lowercase")):
            continue
        options = {key: bool(value) if value in (0, 1) and key not in ("word_order", "smooth_value") else value for key, value in options.items()}
        arguments = ["--metrics", name.lower(), "--json", "--width", str(WIDTH), *flags(name, options)]
        corpus, lines = (as_sacrebleu(run(paths[0], paths[1][:count], *arguments, *more)) for more in ((), ("--sentence-level",)))
        metric = remembering(METRICS[name](**options, **({"force": True} if name == "BLEU" else {})))
        score = metric.corpus_score(hypotheses, references[:count])
        check((name, options, count, "corpus"), json.loads(corpus), expected_json(score, metric.get_signature().format()))
        rows = metric._extract_corpus_statistics(hypotheses, references[:count])
        if name == "BLEU":
            metric.effective_order = True
        signature = metric.get_signature().format()
        for i, (got, row) in enumerate(zip(lines.splitlines(), rows, strict=True)):
            check((name, options, count, hypotheses[i], references[0][i]), json.loads(got), expected_json(metric._aggregate_and_compute([row]), signature))
    print(f"generated: {len(pairs)} pairs, {len(settings)} settings", flush=True)


def real():
    with bz2.BZ2File(pathlib.Path(source, "test", "wmt17_en_de_systems.pkl.bz2")) as file:
        data = pickle.load(file)
    systems = dict(data)
    references = [[text.rstrip() for text in lines] for lines in systems.pop("reference")]
    named = [(name, [text.rstrip() for text in lines]) for name, lines in systems.items()]
    reference_path = [write("ref", references[0])]
    paths = {name: write(name, lines) for name, lines in named}

    every = {"BLEU": BLEU(references=references, force=True), "chrF2++": CHRF(word_order=2, references=references)}
    got = json.loads(run(list(paths.values()), reference_path, "--metrics", "bleu", "chrf", "--chrf-word-order", "2", "--json", "--width", str(WIDTH)))
    for row, (name, lines) in zip(got, named, strict=True):
        for key, metric in every.items():
            check((name, key), row[key], f"{metric.corpus_score(lines, None).score:.{WIDTH}f}")

    few = named[:3]
    few_paths = [paths[name] for name, _ in few]
    metrics = {"BLEU": BLEU(references=references, force=True), "CHRF": CHRF(references=references), "TER": TER(references=references)}
    metrics = {name: remembering(metric) for name, metric in metrics.items()}
    for flag, test, samples in (("--paired-bs", "bs", 1000), ("--paired-ar", "ar", 2000)):
        got = json.loads(run(few_paths, reference_path, flag, f"{flag}-n", str(samples), "--metrics", "bleu", "chrf", "ter", "--json"))
        _, scores = PairedTest(few, metrics, None, test_type=test, n_samples=samples)()
        for i, row in enumerate(got):
            for key in ("BLEU", "chrF2", "TER"):
                check((test, i, key), row[key], {name: None if value is None else float(value) for name, value in vars(scores[key][i]).items()})
    for name, metric in metrics.items():
        got = as_sacrebleu(run(few_paths[:1], reference_path, "--metrics", name.lower(), "--confidence", "--json", "--width", str(WIDTH)))
        score = metric.corpus_score(few[0][1], None, n_bootstrap=1000)
        check(("confidence", name), json.loads(got), expected_json(score, metric.get_signature().format()))
    print(f"real: {len(named)} systems of {len(references[0])} sentences", flush=True)


def words():
    sys.path.insert(0, str(HERE.parent / "golden"))
    from bleu import generated as generate

    def clean(lines):
        return [" ".join(line.split()) for line in lines]

    hypotheses, references = generate(31, 60, 2, 12)
    first, second, third = (write(name, clean(lines)) for name, lines in (("first", hypotheses), ("second", references[1]), ("third", hypotheses[:-1] + ["x"])))
    one, other = (write(name, clean(lines)) for name, lines in (("one", references[0]), ("other", references[1])))
    both = write("both", ["\t".join(pair) for pair in zip(clean(references[0]), [line + "." for line in clean(references[1])])])
    cases = [[one, "-i", first, "-f", form, *more] for form in ("json", "text") for more in (
        [], ["-m", "bleu", "chrf", "ter", "-w", "2"], ["-m", "bleu", "chrf", "-w", "2", "-tok", "13a", "-b", "-lc"], ["-b"], ["-b", "-q", "-nc", "-e", "utf-8"],
        ["-tok", "intl", "-s", "floor", "-sv", "0.01", "-sh"], ["--tokenize", "char", "--smooth-method=add-k", "--lowercase", "--width", "4"],
        ["-m", "chrf", "-cw", "2", "-cc", "4", "--chrf-beta", "3"], ["-m", "bleu", "chrf", "-ci", "-cin", "200"])]
    cases += [[one, other, "--input", first, "--format=json"], ["-w", "3", one, "-i", first, "--format", "text"], [both, "-nr", "2", "-i", first, "-f", "text"],
              [one, "-i", first, "-sl", "-w", "3", "-f", "text"], [one, "-f", "text", "-m", "ter"], [one, "-i", first, second, third, "-f", "json"],
              [one, "-i", first, second, third, "-pbs", "-pbsn", "100", "-j", "1", "-f", "json"],
              [one, "-i", first, second, third, "-m", "bleu", "ter", "--paired-ar", "-parn", "100", "-f", "json"]]
    for case in cases:
        text = None if "-i" in case or "--input" in case else pathlib.Path(first).read_text(encoding="utf-8")
        got = subprocess.run([penalmt, "evaluate", *case], capture_output=True, text=True, input=text)
        expected = subprocess.run([sys.executable, "-m", "sacrebleu", *case], capture_output=True, text=True, input=text, env=dict(os.environ, NO_COLOR="1"))
        check(case, (got.returncode, re.sub("penalmt-[0-9.]+", sacrebleu.__version__, got.stdout)), (expected.returncode, expected.stdout))
    print(f"words: {len(cases)} command lines", flush=True)


for part in parts:
    {"published": published, "generated": generated, "real": real, "words": words}[part]()
print(f"{compared} numbers compared, {differences} different")
sys.exit(differences > 0)
