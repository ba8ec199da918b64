"""Tables and figures of results.jsonl, put between the marks of the study's README."""

import os
import re
import statistics
from collections import Counter

import chain_tables
import figures
import verdicts
from permutation import p_value
from plan import StudyError
from results import core_minutes

BEGIN, END = "<!-- results: made by run.sh report -->", "<!-- end of results -->"


def write(study, plan, table):
    """Replaces what stands between the marks, and the figures."""
    readme = study / "README.md"
    prose = readme.read_text(encoding="utf-8") if readme.exists() else f"{BEGIN}\n{END}\n"
    if prose.count(BEGIN) != 1 or prose.count(END) != 1 or prose.find(BEGIN) > prose.find(END):
        raise StudyError(f"{readme}: expected one line '{BEGIN}' and after it one '{END}'")
    before, rest = prose.split(BEGIN)
    text, drawings = results_text(plan, table.read())
    folder = study / "figures"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.svg"):
        if old.name not in drawings:
            old.unlink()
    for name, drawing in drawings.items():
        replace(folder / name, drawing)
    replace(readme, f"{before}{BEGIN}\n\n{text}\n{END}{rest.split(END)[1]}")
    return 0


def replace(path, text):
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)


def results_text(plan, entries):
    """The text, and the drawings by their names."""
    if not entries:
        return "No run has ended yet.\n", {}
    parts, drawings = [], {}
    for record in sorted({e["record"] for e in entries}, reverse=True):
        of_record = [e for e in entries if e["record"] == record]
        current = record == plan.record
        if not current:
            what = plan.records.get(str(record), "unknown")
            parts.append(f"## Record {record} ({what}): not comparable with the above\n")
        elif judged := verdicts.text(plan, of_record):
            parts.append(judged)
        for group in in_order(plan, [e["group"] for e in of_record], "group"):
            members = [e for e in of_record if e["group"] == group]
            section = Section(plan, group, members, of_record)
            parts.append(section.text(current))
            if current:
                drawings |= section.drawings()
    return "\n".join(parts), drawings


def in_order(plan, names, kind):
    """The names once each: as the plan orders them, then those that it no longer has."""
    planned = [arm.group if kind == "group" else arm.name for arm in plan.arms]
    return [n for n in dict.fromkeys(planned) if n in names] + [
        n for n in dict.fromkeys(names) if n not in planned
    ]


class Row:
    """An arm in one precision: its seeds, and its control's in that precision."""

    def __init__(self, arm, precision, entries, controls):
        self.arm, self.precision, self.entries, self.controls = arm, precision, entries, controls
        self.is_control = entries[0]["control"] == arm
        self.machines = {e["processor"] for e in [*entries, *controls]}

    def cells(self, measure, digits):
        """mean ± deviation, difference from the control, p."""
        values = numbers(self.entries, measure)
        if not values:
            return ["", "", ""]
        mean = statistics.fmean(values)
        against = numbers(self.controls, measure)
        if self.is_control or not against:
            return [spread(values, digits), "", ""]
        difference = f"{mean - statistics.fmean(against):+.{digits}f}"
        enough = len(values) > 1 and len(against) > 1
        return [spread(values, digits), difference, f"{p_value(values, against):.3f}" if enough else ""]


def short(processor):
    """Without its maker: "NVIDIA H200" → "H200"."""
    return re.sub(r"\((R|TM|tm)\)|NVIDIA|AMD|Intel|CPU|Processor|@.*", "", processor).strip()


def trained_on(entries):
    """How many on what: "3 EPYC, 2 H200"."""
    counted = Counter(short(e["processor"]) for e in entries).most_common()
    return ", ".join(f"{count} {name}" for name, count in counted)


def minutes(entries):
    """The mean core-minutes of CPUs; where there are none, "1.9 (GPU)": a core that drove one."""
    if of_cpu := core_minutes(entries):
        return f"{statistics.fmean(of_cpu):.1f}"
    known = [e["seconds"] / 60 for e in entries if e["seconds"] is not None]
    return f"{statistics.fmean(known):.1f} (GPU)" if known else ""


def numbers(entries, measure):
    """The measure of each seed; "tests/x" is the field x of the field tests."""
    found = []
    for entry in entries:
        for part in measure.split("/"):
            entry = entry.get(part) if isinstance(entry, dict) else None
        if entry is not None:
            found.append(entry)
    return found


def spread(values, digits):
    text = f"{statistics.fmean(values):.{digits}f}"
    return text + (f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else "")


class Section:
    """A group's table, its figure and its chain."""

    def __init__(self, plan, group, entries, of_record):
        self.group, self.kind = group, entries[0]["kind"]
        self.measure = "valid_accuracy" if self.kind == "classifier" else "valid_bleu"
        self.name = "validation accuracy, %" if self.kind == "classifier" else "validation BLEU"
        self.tests = list(dict.fromkeys(test for e in entries for test in e["tests"]))
        self.rows = []
        # A control of another group is shown, too.
        controls = {e["control"] for e in entries}
        arms = {*controls, *(e["arm"] for e in entries)}
        entries = [e for e in of_record if e["arm"] in arms]
        for arm in in_order(plan, [e["arm"] for e in entries], "arm"):
            of_arm = [e for e in entries if e["arm"] == arm]
            for precision in dict.fromkeys(e["precision"] for e in of_arm):
                mine = [e for e in of_arm if e["precision"] == precision]
                controls = [e for e in of_record if e["arm"] == mine[0]["control"]
                            and e["precision"] == precision]
                self.rows.append(Row(arm, precision, mine, controls))
        self.entries = entries
        self.several_precisions = len({row.precision for row in self.rows}) > 1

    def label(self, row):
        return f"{row.arm} ({row.precision})" if self.several_precisions else row.arm

    def figure_name(self):
        return re.sub("[^a-z0-9]+", "-", self.group.lower()).strip("-") + ".svg"

    def text(self, with_figure):
        shown = [f"`{test}`" for test in self.tests]
        head = ["arm", "seeds", "trained on", "validation nll", self.name, "against control", "p",
                *shown]
        if shown:
            head += [f"{shown[0]} against control", "p"]
        head.append("core-minutes")
        lines = [table_line(head), table_line(["---"] * len(head))]
        lines += [table_line(self.cells(row)) for row in self.rows]
        parts = [f"### {self.group}\n", self.origin() + "\n", "\n".join(lines) + "\n"]
        if with_figure:
            parts.append(f"![{self.name} of each seed](figures/{self.figure_name()})\n")
        if chain := chain_tables.text([(self.label(row), row.entries) for row in self.rows]):
            parts.append(chain)
        return "\n".join(parts)

    def cells(self, row):
        tests = [spread(numbers(row.entries, f"tests/{test}"), 2) for test in self.tests]
        first = row.cells(f"tests/{self.tests[0]}", 2)[1:] if self.tests else []
        return [self.label(row), str(len(row.entries)), trained_on(row.entries),
                spread(numbers(row.entries, "valid_nll"), 3), *row.cells(self.measure, 2),
                *tests, *first, minutes(row.entries)]

    def origin(self):
        def listed(field):
            return ", ".join(dict.fromkeys(str(e[field]) for e in self.entries))

        controls = ", ".join(dict.fromkeys(row.entries[0]["control"] for row in self.rows))
        text = (f"Control: {controls}. {listed('precision')}, one thread, on {listed('processor')}; "
                f"program of {listed('commit')}.")
        across = [self.label(row) for row in self.rows
                  if not row.is_control and row.controls and len(row.machines) > 1]
        if across:
            text += ("\n\nArm and control were not all trained on one processor: "
                     f"{'; '.join(across)}. What it changes is part of their differences and p.")
        return text

    def drawings(self):
        rows = [(self.label(row), numbers(row.entries, self.measure)) for row in self.rows]
        control = next((self.label(row) for row in self.rows if row.is_control), None)
        drawing = figures.dots(self.group, f"{self.name}, one dot a seed", rows, control)
        return {self.figure_name(): drawing}


def table_line(cells):
    return "| " + " | ".join(cells) + " |"
