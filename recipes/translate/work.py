"""The work folder: a corpus in shards, their translations, and what they were made with.

    state.json          what is translated, and how many rows each shard has; written with input/
    input/00001.txt     the shards, in order: rows of the corpus, tables with its header
    output/00001.txt    their translations, complete or absent
    logs/00001.log      what penalmt said of each; locked by whoever translates the shard
"""

import contextlib
import fcntl
import json
import pathlib
import shutil
import subprocess
import time

import corpus
import request
from corpus import Corpus, ShardFailed, ShardsError, counted
from split import Splitter


@contextlib.contextmanager
def locked(path):
    with open(path, "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class Work:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.state = None

    def read(self):
        file = self.folder / "state.json"
        try:
            self.state = json.loads(file.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            raise ShardsError(f"{self.folder}: no work folder; expected state.json there") from None
        except ValueError as error:
            raise ShardsError(f"{file}: damaged: {error}") from error
        return self

    @property
    def count(self):
        return len(self.state["rows"])

    @property
    def is_table(self):
        return self.state["form"] in corpus.TABLES

    @property
    def unit(self):
        return "rows" if self.is_table else "lines"

    def input(self, number):
        return self.folder / "input" / f"{number:05}{self.state['ending']}"

    def output(self, number):
        ending = "." + self.state["form"] if self.is_table else ".txt"
        return self.folder / "output" / f"{number:05}{ending}"

    def log(self, number):
        return self.folder / "logs" / f"{number:05}.log"

    def missing(self):
        return [n for n in range(1, self.count + 1) if not self.output(n).exists()]

    def written_rows(self, number):
        """The rows of a shard's translation."""
        return Corpus(self.output(number), self.state["form"] if self.is_table else "answers")

    def place(self, number):
        """Where a shard stands in the corpus."""
        before = sum(self.state["rows"][: number - 1])
        last = before + self.state["rows"][number - 1]
        name = pathlib.Path(self.state["corpus"]["file"]).name
        return f"{self.unit} {before + 1:,} to {last:,} of {name}"

    # ---- splitting

    def split(self, wanted):
        """The shards are there afterwards; what is not what they were made of is refused."""
        if not (self.folder / "state.json").exists():
            self.make(wanted)
        request.expect_same(wanted, self.read().state, self.folder)

    def make(self, wanted):
        if self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            raise ShardsError(f"{self.folder}: not empty, and no work folder; expected none there")
        partial = self.folder.with_name(self.folder.name + ".partial")
        partial.mkdir(parents=True, exist_ok=True)
        with locked(partial / "lock"):
            if (self.folder / "state.json").exists():  # made while we waited
                return
            try:
                for name in ("input", "output", "logs"):
                    shutil.rmtree(partial / name, ignore_errors=True)
                    (partial / name).mkdir()
                state = Splitter(wanted, partial / "input").split()
                text = json.dumps(state, ensure_ascii=False, indent=1) + "\n"
                (partial / "state.json").write_text(text, encoding="utf-8")
                partial.rename(self.folder)
            except BaseException:
                shutil.rmtree(partial, ignore_errors=True)
                raise

    # ---- translating

    def command(self, number, penalmt, threads):
        options = self.state["options"]
        if number in self.state["without_images"]:
            options = request.without_images(options)
        if self.state["images"]:
            options = ["--json-input", *options]
        if threads and not request.value_of(options, "--threads"):
            options = [*options, "--threads", str(threads)]
        return [
            *(penalmt, "translate", self.state["model"]["folder"]),
            *("--table" if self.is_table else "--input", str(self.input(number))),
            *("--output", str(self.output(number)), *options),
        ]

    def translate(self, number, penalmt, threads):
        """One shard, unless it is there; returns what there is to say. Throws ShardsError."""
        if not 1 <= number <= self.count:
            raise ShardsError(f"{self.folder}: got shard {number}, expected 1 to {self.count}")
        began = time.monotonic()
        model = self.state["model"]
        with open(self.log(number), "a", encoding="utf-8") as log:
            try:  # penalmt inherits the lock: where it outlives us, its shard stays taken
                fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ShardFailed(f"shard {number}: another process translates it now") from None
            if self.output(number).exists():
                return f"shard {number}: there already"
            log.truncate(0)
            files = request.model_files(pathlib.Path(model["folder"]))
            if request.digest(files) != model["sha256"]:
                raise ShardFailed(f"{model['folder']}: another model than this work began with")
            command = self.command(number, penalmt, threads)
            status = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False,
                cwd=self.state["directory"],
            ).returncode
        if status != 0:
            raise ShardFailed(self.failure(number, status))
        rows = sum(1 for _ in self.written_rows(number))
        if rows != self.state["rows"][number - 1]:
            self.output(number).unlink()
            raise ShardFailed(f"shard {number}: {self.miscount(number, rows)}")
        seconds = time.monotonic() - began
        return f"shard {number} of {self.count}: {counted(rows, self.unit)}, {seconds:.0f} s"

    def failure(self, number, status):
        lines = self.log(number).read_text(encoding="utf-8", errors="replace").splitlines()
        words = [line for line in lines if line.startswith("penalmt: ")] or [""]
        how = f"signal {-status}" if status < 0 else f"exit {status}"
        return (
            f"shard {number} ({self.place(number)}): FAILED: {how}; {words[-1] or 'no word'}; "
            f"log: {self.log(number)}"
        )

    def miscount(self, number, rows):
        return (
            f"{self.output(number)}: {counted(rows, self.unit)}, expected "
            f"{self.state['rows'][number - 1]:,} as in {self.input(number)}"
        )

    # ---- joining

    def join(self, output):
        """All translations in order; returns how many rows. Throws ShardsError."""
        if missing := self.missing():
            some = ", ".join(map(str, missing[:10])) + (", ..." if len(missing) > 10 else "")
            raise ShardFailed(
                f"{len(missing)} of {counted(self.count, 'shards')} missing: {some}; nothing is "
                "joined; the same call again does what is missing"
            )
        header = None
        for number in range(1, self.count + 1):
            translation = self.written_rows(number)
            rows = sum(1 for _ in translation)
            if rows != self.state["rows"][number - 1]:
                raise ShardFailed(
                    f"{self.miscount(number, rows)}; nothing is joined; remove it and call again"
                )
            if header not in (None, translation.header):
                raise ShardFailed(
                    f"{self.output(number)}: another first row than {self.output(1)} has; nothing "
                    "is joined; remove one of them and call again"
                )
            header = translation.header
        partial = output.with_name(output.name + ".partial")
        with locked(self.folder / "lock"):
            try:
                with corpus.written(partial, output.name.endswith(".gz")) as file:
                    file.write(header)
                    for number in range(1, self.count + 1):
                        file.writelines(row for row, _ in self.written_rows(number))
                partial.rename(output)
            except BaseException:
                partial.unlink(missing_ok=True)
                raise
        return sum(self.state["rows"])
