"""One run of the study: its program copied, trained, translated, scored, measured, written down."""

import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import platform
import shutil
import signal
import subprocess
import sys

import measures
from plan import REPOSITORY, StudyError


class Interrupted(Exception):
    pass


class Failed(Exception):
    """A step of a run ended with an error; its last words."""


def say(text):
    print(f"study: {text}", file=sys.stderr, flush=True)


# ---- where runs lie, and whose they are


def runs_folder(plan):
    home = os.environ.get("PENALMT_RUNS") or os.path.expanduser("~/penalmt-runs")
    return pathlib.Path(home) / "study" / f"record{plan.record}"


@contextlib.contextmanager
def lock(folder):
    """Yields the lock's file where the run is ours until the end, else None. The programs that we
    start hold it, too: where we are killed, the run is free when they have ended."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        file.truncate(0)
        file.write(f"{platform.node()}, process {os.getpid()}")
        file.flush()
        yield file


def holder(folder):
    """Who works on the run now: host and process; empty: nobody."""
    if not (folder / "lock").exists():
        return ""
    with open(folder / "lock", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            who = file.read() or "somebody"
            host, _, process = who.partition(", process ")
            if host == platform.node() and not pathlib.Path(f"/proc/{process}").exists():
                who += ", which was killed; the program that it started goes on"
            return who
    return ""


def failure(folder, program):
    """The last words of the run that failed with this very program; empty: it may be tried."""
    try:
        told = json.loads((folder / "failed").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return told["words"] if program in ("", told["program"]) else ""


# ---- the machine


def cpu_info(field):
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(field)), "")


def gpu():
    """The first GPU, which penalmt chooses; empty: there is none."""
    with contextlib.suppress(OSError):
        asked = subprocess.run(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"],
                               capture_output=True, text=True, check=False)
        if asked.returncode == 0 and asked.stdout.strip():
            return asked.stdout.splitlines()[0].strip()
    return ""


def processor():
    """What a run is computed on."""
    return gpu() or cpu_info("model name") or platform.processor() or platform.machine()


def fast_precision():
    """bfloat16 where the processor multiplies it."""
    has = set(cpu_info("flags").split()) & {"avx512_bf16", "amx_bf16"}
    return "bfloat16" if has else "float32"


def precision_of(run, table):
    """That of the results which the run is compared with; the first of them takes the fastest."""
    for entry in table:
        if run.arm.control in (entry["arm"], entry["control"]):
            return entry["precision"]
    return fast_precision()


# ---- the program


def digest(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def git(*words):
    """What git says of the program's sources; "" where there is no git, or no checkout."""
    if shutil.which("git") is None:
        return ""
    command = ["git", *words, "--", "src", "models", "tokenizers", "datasets", "CMakeLists.txt"]
    answer = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return answer.stdout.strip()


def commit():
    """The last one that changed the program: results that are committed in between do not."""
    changed = "-changed" if git("status", "--porcelain") else ""
    return (git("log", "-1", "--format=%h", "--abbrev=12") or "unknown") + changed


def built_program():
    program = pathlib.Path(os.environ["PENALMT"]).resolve()
    if not program.is_file() or not (program.parent / "penalmt-engine").is_file():
        raise StudyError(f"PENALMT: {program}: expected the program, penalmt-engine beside it")
    return program


def copy_program(folder, precision):
    """The run's own copy, kept once its training has begun; returns its commit and precision."""
    target, note = folder / "program", folder / "program.json"
    if note.exists() and (folder / "model" / "checkpoints").exists():
        return json.loads(note.read_text(encoding="utf-8"))
    source = built_program()
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for name in ("penalmt", "penalmt-engine"):
        shutil.copy2(source.parent / name, target / name)
    whole = subprocess.run([target / "penalmt", "train", "--fields"], capture_output=True, check=False)
    if whole.returncode != 0:
        raise StudyError(f"{source}: its copy does not run; is it being built? Try again")
    about = {"commit": commit(), "precision": precision, "program": digest(target / "penalmt-engine")}
    note.write_text(json.dumps(about) + "\n", encoding="utf-8")
    return about


class Program:
    """The program of a run, which holds the run's lock; what it says goes to the run's log."""

    def __init__(self, folder, held):
        self.folder, self.log, self.held = folder, folder / "log", held

    def run(self, *words, output=None, note=lambda seconds: None):
        """A signal to us ends it in its own way, then us. Its processor seconds are noted each
        second and at its end."""
        command = [str(self.folder / "program" / "penalmt"), *map(str, words)]
        with open(self.log, "ab") as log, open(output or os.devnull, "wb") as out:
            log.write((" ".join(command) + "\n").encode())
            log.flush()
            child = subprocess.Popen(command, stdout=out, stderr=log, stdin=subprocess.DEVNULL,
                                     cwd=REPOSITORY, pass_fds=[self.held.fileno()])
            # Ctrl-C reaches the child from the terminal; other signals are handed on.
            before = {s: signal.signal(s, lambda number, _: child.send_signal(number))
                      for s in (signal.SIGTERM, signal.SIGHUP)}
            before[signal.SIGINT] = signal.signal(signal.SIGINT, lambda *_: None)
            before[signal.SIGALRM] = signal.signal(
                signal.SIGALRM, lambda *_: note_so_far(note, child.pid))
            signal.setitimer(signal.ITIMER_REAL, 1, 1)
            try:
                _, status, usage = os.wait4(child.pid, 0)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
                for number, handler in before.items():
                    signal.signal(number, handler)
        child.returncode = os.waitstatus_to_exitcode(status)
        note(usage.ru_utime + usage.ru_stime)
        if child.returncode == 130 or child.returncode in (-signal.SIGINT, -signal.SIGTERM, -signal.SIGHUP):
            raise Interrupted
        if child.returncode != 0:
            words = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
            raise Failed(f"exit {child.returncode}: {words[-1]}")

    def can(self, command):
        """Whether the program has this command; help of one that it lacks is help of all."""
        words = [self.folder / "program" / "penalmt", command, "--help"]
        shown = subprocess.run(words, capture_output=True, text=True, check=False).stdout
        return f"penalmt {command}" in shown


def note_so_far(note, process):
    """The processor seconds of a process; nothing where it has just ended."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        text = pathlib.Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
        ticks = text.rpartition(")")[2].split()[11:15]  # its own and its children's
        note(sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK"))


# ---- a run


class Seconds:
    """The processor seconds of a run's training, in its file `seconds`; None: not known whole. A
    driver that is killed has noted them at most a second before; where the training it started
    went on and validated after that, nobody counted."""

    def __init__(self, folder):
        self.file = folder / "seconds"
        metrics = folder / "model" / "metrics.jsonl"
        noted = self.file.stat().st_mtime_ns if self.file.exists() else 0
        self.spent = 0.0
        if metrics.exists() and metrics.stat().st_mtime_ns > noted:
            self.spent = None
        elif noted:
            with contextlib.suppress(ValueError):
                self.spent = None
                self.spent = json.loads(self.file.read_text(encoding="utf-8"))
        self.total = self.spent
        self.note(0.0)

    def note(self, seconds):
        """So many of this part."""
        if self.spent is not None:
            self.total = self.spent + seconds
        partial = self.file.with_name("seconds.partial")
        partial.write_text(json.dumps(self.total) + "\n", encoding="utf-8")
        os.replace(partial, self.file)


def setting(key, value):
    return f"{key}={value if isinstance(value, str) else json.dumps(value)}"


def train(run, folder, program, precision):
    """Returns the processor seconds of all its parts; None: not known whole."""
    settings = {**run.arm.settings, "training.seed": run.seed, "training.precision": precision}
    words = ["train"] if run.arm.kind == "translation" else ["classify", "train"]
    words += [run.arm.recipe, "--out", folder / "model", "--threads", "1", "--resume"]
    words += ["--device", run.arm.device] if run.arm.device else []
    words += [f"--set={setting(key, value)}" for key, value in settings.items()]
    seconds = Seconds(folder)
    program.run(*words, note=seconds.note)
    return seconds.total


def perform(plan, run, folder, precision, held):
    """Trains, scores and measures; returns the result's line."""
    about = copy_program(folder, precision)
    program, settings = Program(folder, held), run.arm.told()
    say(f"{run}: training in {about['precision']}; its log: {folder / 'log'}")
    seconds = train(run, folder, program, about["precision"])
    spent = "unknown" if seconds is None else f"{seconds / 60:.1f}"
    say(f"{run}: trained in {spent} core-minutes; scoring")
    return {
        "record": plan.record,
        "group": run.arm.group,
        "arm": run.arm.name,
        "control": run.arm.control,
        "kind": run.arm.kind,
        "seed": run.seed,
        "precision": about["precision"],
        "commit": about["commit"],
        "processor": processor(),
        "seconds": seconds and round(seconds, 1),
        "settings": settings,
        **measures.of_run(run.arm, folder, program),
    }


def tidy(folder):
    """What a finished run no longer needs: the model and its texts stay."""
    shutil.rmtree(folder / "model" / "checkpoints", ignore_errors=True)
    shutil.rmtree(folder / "program", ignore_errors=True)


def done_runs(plan, table):
    return {(e["arm"], e["seed"]) for e in table.read() if e["record"] == plan.record}


def take_next(plan, table, runs):
    """The first run that is free, made. True: done, False: it failed, None: there was none."""
    program = digest(built_program().parent / "penalmt-engine")
    for run in runs:
        folder = runs_folder(plan) / run.folder_name
        if run.arm.waits_for or (run.arm.name, run.seed) in done_runs(plan, table):
            continue
        entries = [e for e in table.read() if e["record"] == plan.record]
        precision = precision_of(run, entries)
        if precision == "bfloat16" != fast_precision():
            continue  # its control was trained in bfloat16, which this machine does not multiply
        if run.arm.device == "cpu" and gpu():
            continue  # it is left to a machine without one
        with lock(folder) as held:
            # Another may have finished it since we looked.
            if held is None or (run.arm.name, run.seed) in done_runs(plan, table):
                continue
            if failure(folder, program):
                continue
            if (folder / "failed").exists():  # of another program: this one goes on
                (folder / "failed").unlink()
                (folder / "program.json").unlink(missing_ok=True)
            try:
                table.append(perform(plan, run, folder, precision, held))
            except Failed as failed:
                told = {"program": program, "words": str(failed)}
                (folder / "failed").write_text(json.dumps(told) + "\n", encoding="utf-8")
                say(f"{run}: FAILED: {failed}")
                return False
            tidy(folder)
            say(f"{run}: done")
            return True
    return None


def measure(plan, table, runs):
    """Adds the chain to finished runs of this machine whose result lacks it."""
    lacking = {(e["arm"], e["seed"]): e for e in table.read()
               if e["record"] == plan.record and "chain" not in e}
    for run in runs:
        folder = runs_folder(plan) / run.folder_name
        entry = lacking.get((run.arm.name, run.seed))
        if entry is None or not (folder / "model").exists():
            continue
        with lock(folder) as held:
            if held is None:
                continue
            (folder / "program.json").unlink(missing_ok=True)
            copy_program(folder, entry["precision"])
            chain = measures.chain(run.arm, folder, Program(folder, held))
            tidy(folder)
            if not chain:
                raise StudyError("the program has no command chain; build a newer one")
            key = {name: entry[name] for name in ("record", "arm", "seed", "precision")}
            table.append({**key, "chain": chain})
            say(f"{run}: measured")
    return 0
