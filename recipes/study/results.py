"""results.jsonl: one line a result. Files of several machines merge line by line.

Lines of one record, arm, seed and precision are one result: a field has the value of the first
line that gives it. So a run made twice counts once, and a measure may be added by a later line.
"""

import fcntl
import json
import os

from plan import StudyError


class Results:
    def __init__(self, path):
        self.path = path

    def read(self):
        """The results, in the order of their first lines."""
        merged = {}
        if not self.path.exists():
            return []
        text = self.path.read_text(encoding="utf-8")
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip():
                continue
            try:
                entry = json.loads(line)
                key = (entry["record"], entry["arm"], entry["seed"], entry["precision"])
            except (ValueError, KeyError, TypeError) as error:
                raise StudyError(
                    f"{self.path}:{number}: not a result; expected a JSON object with record, arm, "
                    "seed and precision"
                ) from error
            merged[key] = {**entry, **merged.get(key, {})}
        return [entry for entry in merged.values() if "updates" in entry]

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
