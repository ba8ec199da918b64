"""The plan: groups of arms, each trained with several seeds and compared with its control.

plan.json, in the order in which runs are taken (seed by seed within a group):

  record    number of the mathematics and draws that runs have; a change of either takes a new one
  records   what each number stands for
  choices   by name: the settings that earlier results chose on validation, or null: not chosen yet
  groups    name, kind (translation or classifier), recipe, set (recipe keys and values), seeds,
            minutes (core-minutes of one run, estimated), control (an arm's name), tests (the test
            sets that are scored), probe (optional: the kind of words that are masked) and
  arms      of a group: name (unique in the plan), set, choice (optional: a name in choices whose
            settings are added), device (optional: cpu, for an arm that is never trained on a GPU),
            and seeds, minutes, control where they differ from the group's
"""

import dataclasses
import hashlib
import json
import pathlib
import re

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent


class StudyError(Exception):
    """Something that the user must do; one line."""


@dataclasses.dataclass(frozen=True)
class Arm:
    name: str
    group: str
    kind: str
    recipe: str
    settings: dict  # recipe key → value
    seeds: tuple
    minutes: float
    control: str
    tests: tuple
    probe: str
    device: str  # cpu, or empty: a GPU where there is one
    waits_for: str  # the choice that is not made yet; empty: ready

    def told(self):
        """What a result records of the settings; its recipe's comments do not count."""
        try:
            text = (REPOSITORY / self.recipe).read_text(encoding="utf-8")
        except OSError as error:
            raise StudyError(f"{self.recipe}: cannot read: {error.strerror}") from error
        lines = [line for line in text.splitlines() if not line.strip().startswith("//")]
        content = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]
        return {"recipe": self.recipe, "content": content, "set": self.settings}


@dataclasses.dataclass(frozen=True)
class Run:
    arm: Arm
    seed: int

    def __str__(self):
        return f"{self.arm.name}, seed {self.seed}"

    @property
    def folder_name(self):
        return f"{re.sub('[^A-Za-z0-9.]+', '-', self.arm.name)}-seed{self.seed}"


@dataclasses.dataclass(frozen=True)
class Plan:
    record: int
    records: dict
    arms: tuple

    def runs(self):
        """Every run, in the order in which they are taken."""
        ordered = []
        for group in dict.fromkeys(arm.group for arm in self.arms):
            arms = [arm for arm in self.arms if arm.group == group]
            for seed in dict.fromkeys(seed for arm in arms for seed in arm.seeds):
                ordered += [Run(arm, seed) for arm in arms if seed in arm.seeds]
        return ordered


NUMBER, NUMBER_OR_NULL = (int, float), (int, float, type(None))
PLAN = {"record": int, "records": dict, "choices": dict, "groups": list}
GROUP = {"name": str, "kind": str, "recipe": str, "set": dict, "seeds": list, "minutes": NUMBER,
         "control": str, "tests": list, "arms": list}
ARM = {"name": str}
GROUP_MAY = {"probe": str}
ARM_MAY = {"set": dict, "choice": str, "device": str, "seeds": list, "minutes": NUMBER,
           "control": str}
WORDS = {str: "a string", int: "a whole number", dict: "an object", list: "a list",
         NUMBER: "a number", NUMBER_OR_NULL: "a number or null"}


def check(where, entry, needed, optional):
    """Throws unless the entry is an object that has what is needed, each of its type."""
    if not isinstance(entry, dict):
        raise StudyError(f"{where}: expected an object with {', '.join(needed)}")
    for key, kind in {**needed, **optional}.items():
        if key in needed and key not in entry:
            raise StudyError(f"{where}: '{key}' is missing")
        if key in entry and not isinstance(entry[key], kind):
            raise StudyError(f"{where}: '{key}': expected {WORDS[kind]}")


def check_part(path, what, entry, needed, optional):
    """The same of a group or an arm, which has no other keys."""
    named = isinstance(entry, dict) and "name" in entry
    where = f"{path}: '{entry['name']}'" if named else f"{path}: {what}"
    check(where, entry, needed, optional)
    for key in sorted(set(entry) - set(needed) - set(optional)):
        raise StudyError(f"{where}: unknown key '{key}'")


def read(path):
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StudyError(f"{path}: cannot read: {error.strerror}") from error
    except ValueError as error:
        raise StudyError(f"{path}: not JSON: {error}") from error
    check(path, data, PLAN, {})
    made = {name: dict for name, chosen in data["choices"].items() if chosen is not None}
    check(f"{path}: choices", data["choices"], made, {})
    arms = []
    for number, group in enumerate(data["groups"], 1):
        check_part(path, f"group {number}", group, GROUP, GROUP_MAY)
        for place, arm in enumerate(group["arms"], 1):
            check_part(path, f"arm {place} of '{group['name']}'", arm, ARM, ARM_MAY)
            arms.append(make_arm(path, data["choices"], group, arm))
    names = [arm.name for arm in arms]
    for arm in arms:
        if names.count(arm.name) > 1:
            raise StudyError(f"{path}: two arms are named '{arm.name}'")
        if arm.control not in names:
            raise StudyError(f"{path}: arm '{arm.name}': control '{arm.control}' is no arm")
    return Plan(data["record"], data["records"], tuple(arms))


def make_arm(path, choices, group, arm):
    choice = arm.get("choice", "")
    if choice and choice not in choices:
        raise StudyError(f"{path}: arm '{arm['name']}': choice '{choice}' is not in choices")
    if group["kind"] not in ("translation", "classifier"):
        raise StudyError(f"{path}: '{group['name']}': kind: got '{group['kind']}', expected "
                         "translation or classifier")
    if arm.get("device", "") not in ("", "cpu"):
        raise StudyError(f"{path}: '{arm['name']}': device: got '{arm['device']}', expected cpu")
    settings = {**group["set"], **(choices.get(choice) or {}), **arm.get("set", {})}
    return Arm(
        name=arm["name"],
        group=group["name"],
        kind=group["kind"],
        recipe=group["recipe"],
        settings=settings,
        seeds=tuple(arm.get("seeds", group["seeds"])),
        minutes=arm.get("minutes", group["minutes"]),
        control=arm.get("control", group["control"]),
        tests=tuple(group["tests"]),
        probe=group.get("probe", ""),
        device=arm.get("device", ""),
        waits_for=choice if choice and choices[choice] is None else "",
    )
