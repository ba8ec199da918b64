"""The plan: groups of arms, each trained with several seeds and compared with its control.

plan.json, in the order in which runs are taken (seed by seed within a group):

  record    number of the mathematics and draws that runs have; a change of either takes a new one
  records   what each number stands for
  choices   by name: the settings that earlier results chose on validation, or null: not chosen yet
  groups    name, kind (translation or classifier), recipe, set (recipe keys and values), seeds,
            minutes (core-minutes of one run, estimated), control (an arm's name), tests (the test
            sets that are scored), probe (optional: the kind of words that are masked) and
  arms      of a group: name (unique in the plan), set, choice (optional: a name in choices whose
            settings are added), and seeds, minutes, control where they differ from the group's
"""

import dataclasses
import json
import re


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
    waits_for: str  # the choice that is not made yet; empty: ready


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


GROUP_KEYS = {"name", "kind", "recipe", "set", "seeds", "minutes", "control", "tests", "probe", "arms"}
ARM_KEYS = {"name", "set", "choice", "seeds", "minutes", "control"}


def read(path):
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StudyError(f"{path}: cannot read: {error.strerror}") from error
    except ValueError as error:
        raise StudyError(f"{path}: not JSON: {error}") from error
    arms = []
    for group in data["groups"]:
        refuse_unknown(path, group, GROUP_KEYS)
        for arm in group["arms"]:
            refuse_unknown(path, arm, ARM_KEYS)
            arms.append(make_arm(path, data["choices"], group, arm))
    names = [arm.name for arm in arms]
    for arm in arms:
        if names.count(arm.name) > 1:
            raise StudyError(f"{path}: two arms are named '{arm.name}'")
        if arm.control not in names:
            raise StudyError(f"{path}: arm '{arm.name}': control '{arm.control}' is no arm")
    return Plan(data["record"], data["records"], tuple(arms))


def refuse_unknown(path, entry, known):
    for key in sorted(set(entry) - known):
        raise StudyError(f"{path}: '{entry.get('name')}': unknown key '{key}'")


def make_arm(path, choices, group, arm):
    choice = arm.get("choice", "")
    if choice and choice not in choices:
        raise StudyError(f"{path}: arm '{arm['name']}': choice '{choice}' is not in choices")
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
        waits_for=choice if choice and choices[choice] is None else "",
    )
