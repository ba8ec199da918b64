"""The command line of run.sh and slurm.sh, which say what there is.

    run, submit ARGUMENTS      a corpus, here or by Slurm
    shard ... WORK [NUMBER]    one shard; in a Slurm array the task's own
    join WORK OUTPUT           the shards' translations, in order
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys

import request
import work
from corpus import ShardsError, counted

HERE = pathlib.Path(__file__).resolve().parent


def say(text):
    print(f"translate: {text}", file=sys.stderr, flush=True)


def arguments(command, words):
    """Those of a corpus; what stands after `--` is penalmt's."""
    at = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(
        prog={"run": "run.sh", "submit": "slurm.sh"}[command], allow_abbrev=False
    )
    path = pathlib.Path
    parser.add_argument("model", type=path)
    corpora = parser.add_mutually_exclusive_group(required=True)
    corpora.add_argument("--input", type=path)
    corpora.add_argument("--table", type=path)
    parser.add_argument("--output", type=path, required=True)
    parser.add_argument("--images", type=path)
    parser.add_argument("--image-root")
    parser.add_argument("--shards", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=0)
    parser.add_argument("--work", type=path)
    parser.add_argument("--sbatch", default="")
    own = words[:at]
    if "--sbatch" in own[:-1]:  # its value begins with a dash
        place = own.index("--sbatch")
        own[place : place + 2] = ["--sbatch=" + own[place + 1]]
    given = parser.parse_args(own)
    given.options = words[at + 1 :]
    if given.image_root is not None:
        given.options += ["--image-root", given.image_root]
    given.work = given.work or given.output.with_name(given.output.name + ".shards")
    for name in ("input", "table", "images"):
        read = getattr(given, name)
        if read and not read.is_file():
            raise ShardsError(f"--{name}: got {read}, expected a file")
        if read and given.output.exists() and given.output.samefile(read):
            raise ShardsError(f"--output: got {read}, which is read; expected another file")
    if given.jobs < 0:
        raise ShardsError(f"--jobs: got {given.jobs}, expected at least 1")
    return given


def built_program():
    """The program's path, PENALMT's where that is set."""
    built = HERE.parent.parent / "build/release/penalmt"
    program = pathlib.Path(os.environ.get("PENALMT") or built).resolve()
    if not os.access(program, os.X_OK) or program.is_dir():
        raise ShardsError(
            f"{program}: no program there; build it by recipes/build.sh, or name one by PENALMT"
        )
    return str(program)


def begin(given):
    """The work folder, split."""
    folder = work.Work(given.work)
    folder.split(request.wanted_state(given))
    missing = folder.missing()
    say(
        f"{counted(sum(folder.state['rows']), folder.unit)} in {counted(folder.count, 'shards')}, "
        f"{len(missing)} of them to do; {folder.folder}"
    )
    return folder, missing


def finish(folder, output):
    rows = folder.join(output)
    talking = sum(log.stat().st_size > 0 for log in folder.folder.glob("logs/[0-9]*.log"))
    if talking:
        logs = f"{folder.folder}/logs"
        say(f"penalmt's messages on {talking} of {counted(folder.count, 'shards')}: {logs}")
    say(f"{output}: {counted(rows, folder.unit)}; {folder.folder} is needed no more")


def run(given):
    program = built_program()
    folder, missing = begin(given)
    jobs = min(given.jobs or 1, max(1, len(missing)))
    threads = max(1, len(os.sched_getaffinity(0)) // jobs)
    shard = ["python3", str(HERE / "shards.py"), "shard"]
    shard += ["--penalmt", program, "--threads", str(threads), str(folder.folder.resolve())]
    if missing:
        numbers = "".join(f"{number}\n" for number in missing)
        subprocess.run([*many(jobs), *shard], input=numbers, text=True, check=False)
    finish(folder, given.output)


def many(jobs):
    """Runs a command for each number that it reads: GNU parallel, or else xargs."""
    if shutil.which("parallel"):  # moreutils has another program of that name
        version = subprocess.run(
            ["parallel", "--version"], capture_output=True, text=True, check=False
        )
        if version.stdout.startswith("GNU parallel"):
            return ["parallel", "--will-cite", "--quote", "--jobs", str(jobs)]
    return ["xargs", "-n", "1", "-P", str(jobs)]


def submit(given):
    program = built_program()
    if not shutil.which("sbatch"):
        raise ShardsError("no sbatch here; expected Slurm's; run.sh works without")
    folder, missing = begin(given)
    if not missing:
        return finish(folder, given.output)
    where = folder.folder.resolve()
    script = [str(HERE / "slurm.sh"), "job", str(HERE / "shards.py")]
    sbatch = ["sbatch", "--parsable", *given.sbatch.split()]
    array = ",".join(map(str, missing)) if len(missing) < folder.count else f"1-{folder.count}"
    array += f"%{given.jobs}" if given.jobs else ""
    tasks = [f"--array={array}", f"--output={where}/logs/slurm-%a.out"]
    job = submitted([*sbatch, *tasks, *script, "shard", "--penalmt", program, str(where)])
    after = [f"--dependency=afterany:{job}", f"--output={where}/logs/join.out"]
    last = submitted([*sbatch, *after, *script, "join", str(where), str(given.output.resolve())])
    say(f"job {job} translates, job {last} joins; what it says: {folder.folder}/logs/join.out")


def submitted(command):
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if ended.returncode != 0:
        raise ShardsError(f"sbatch: exit {ended.returncode}; the same call again submits again")
    return ended.stdout.strip().split(";")[0]


def shard(words):
    parser = argparse.ArgumentParser(prog="shards.py shard")
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("number", type=int, nargs="?")
    parser.add_argument("--penalmt", required=True)
    parser.add_argument("--threads", default=os.environ.get("SLURM_CPUS_PER_TASK"))
    given = parser.parse_args(words)
    number = given.number or int(os.environ.get("SLURM_ARRAY_TASK_ID", 0))
    say(work.Work(given.work).read().translate(number, given.penalmt, given.threads))


def join(words):
    finish(work.Work(words[0]).read(), pathlib.Path(words[1]))


def main(command, words):
    if command in ("run", "submit"):
        {"run": run, "submit": submit}[command](arguments(command, words))
    else:
        {"shard": shard, "join": join}[command](words)


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2:])
    except ShardsError as error:
        say(str(error))
        sys.exit(error.status)
    except OSError as error:  # without a name: reading or writing failed, as on a full disk
        say(f"{error.filename or 'the disk'}: {error.strerror}")
        sys.exit(2 if error.filename else 1)
    except KeyboardInterrupt:
        if sys.argv[1] != "shard":
            say("interrupted; the same call again goes on")
        sys.exit(130)
