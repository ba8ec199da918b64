"""What is done, what is running, what is left in core-hours."""

import statistics

from results import core_minutes
from runner import failure, holder, runs_folder


def show(plan, table, runs):
    entries = [e for e in table.read() if e["record"] == plan.record]
    done = {(e["arm"], e["seed"]) for e in entries}
    rows, notes = [], []
    for group in dict.fromkeys(run.arm.group for run in runs):
        counts = dict.fromkeys(("done", "running", "failed", "waiting", "left"), 0)
        minutes = 0.0
        for run in (run for run in runs if run.arm.group == group):
            state, note = state_of(plan, run, done)
            counts[state] += 1
            if note:
                notes.append(f"{state}: {run}: {note}")
            if state != "done":
                minutes += expected_minutes(run, entries)
        rows.append([group, *map(str, counts.values()), f"{minutes / 60:.1f}"])
    total = [sum(float(row[column]) for row in rows) for column in range(1, 7)]
    rows.append(["all", *(f"{n:.0f}" for n in total[:-1]), f"{total[-1]:.1f}"])
    print_table([["group", "done", "running", "failed", "waiting", "left", "core-hours"], *rows])
    for note in notes:
        print(note)
    return 0


def state_of(plan, run, done):
    """done, running, failed, waiting (for a choice) or left, and what there is to say of it."""
    folder = runs_folder(plan) / run.folder_name
    if (run.arm.name, run.seed) in done:
        return "done", ""
    if who := holder(folder):
        return "running", who
    if words := failure(folder, ""):
        return "failed", words
    if run.arm.waits_for:
        first = run.seed == run.arm.seeds[0]
        return "waiting", f"choices.{run.arm.waits_for} of plan.json" if first else ""
    return "left", ""


def expected_minutes(run, entries):
    """The mean of the arm's seeds that a CPU trained, else the plan's estimate."""
    known = core_minutes([e for e in entries if e["arm"] == run.arm.name])
    return statistics.fmean(known) if known else run.arm.minutes


def print_table(rows):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print("  ".join(cells).rstrip())
