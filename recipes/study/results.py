"""results.jsonl: one line a result. Files of several machines merge line by line.

Lines of one record, arm, seed and precision are one result: a field has the value of the first
line that gives it. So a run made twice counts once, and a measure may be added by a later line.

A line with `updates` is a result and has all of RESULT:
  seconds     processor seconds of the training; null: not known whole, a part of it was killed
  processor   what it was trained on
  settings    the arm's recipe, its content and what was set, as the plan had them; older lines
              have none
"""

import fcntl
import json
import os
import re

from plan import NUMBER, NUMBER_OR_NULL, StudyError, check

KEY = {"record": int, "arm": str, "seed": int, "precision": str}
RESULT = {"group": str, "control": str, "kind": str, "commit": str, "processor": str,
          "seconds": NUMBER_OR_NULL, "updates": int, "valid_nll": NUMBER, "tests": dict}
RESULT_MAY = {"settings": dict, "chain": dict, "probe": dict}
SETTINGS = {"recipe": str, "content": str, "set": dict}


class Results:
    def __init__(self, path, plan):
        self.path, self.plan = path, plan

    def read(self):
        """The results, in the order of their first lines. Throws where one of the plan's record
        was trained with other settings than the plan's."""
        merged = {}
        if not self.path.exists():
            return []
        text = self.path.read_text(encoding="utf-8")
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip():
                continue
            try:
                entry = json.loads(line)
                check("", entry, KEY, {})
            except (ValueError, StudyError) as error:
                raise StudyError(
                    f"{self.path}:{number}: not a result; expected a JSON object with record, arm, "
                    "seed and precision"
                ) from error
            self.check_line(f"{self.path}:{number}: {entry['arm']}, seed {entry['seed']}", entry)
            key = tuple(entry[name] for name in KEY)
            merged[key] = {**entry, **merged.get(key, {})}
        return [entry for entry in merged.values() if "updates" in entry]

    def check_line(self, where, entry):
        if "updates" in entry:
            score = "valid_accuracy" if entry.get("kind") == "classifier" else "valid_bleu"
            check(where, entry, {**RESULT, score: NUMBER}, RESULT_MAY)
        arm = next((arm for arm in self.plan.arms if arm.name == entry["arm"]), None)
        if "settings" not in entry or arm is None or entry["record"] != self.plan.record:
            return
        check(f"{where}: settings", entry["settings"], SETTINGS, {})
        found, planned = (flat(told) for told in (entry["settings"], arm.told()))
        for key in {**planned, **found}:
            if found.get(key) != planned.get(key):
                raise StudyError(
                    f"{where}: trained with {key} {json.dumps(found.get(key))}, expected "
                    f"{json.dumps(planned.get(key))} as in plan.json; raise its record or rename "
                    "the arm")

    def append(self, entry):
        """One whole line at the file's end, whoever else appends."""
        line = json.dumps(entry, ensure_ascii=False) + "\n"
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            size = os.fstat(descriptor).st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                line = "\n" + line
            os.write(descriptor, line.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def flat(told):
    """The settings by one key each."""
    return {"recipe": told["recipe"], "a recipe of content": told["content"], **told["set"]}


def trained_on_gpu(entry):
    return re.match("NVIDIA|Tesla|Quadro|GeForce", entry["processor"]) is not None


def core_minutes(entries):
    """Those of the results that a CPU trained, where they are known."""
    return [e["seconds"] / 60 for e in entries
            if e["seconds"] is not None and not trained_on_gpu(e)]
