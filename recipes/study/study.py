"""The study's command line; run.sh starts it and says what there is."""

import argparse
import pathlib
import signal
import sys

import plan
import report
import results
import runner
import status


def arguments():
    parser = argparse.ArgumentParser(prog="run.sh")
    parser.add_argument("command", choices=["next", "all", "measure", "status", "report"])
    parser.add_argument("--study", default=pathlib.Path(__file__).parent, type=pathlib.Path)
    parser.add_argument("--group", default="")
    parser.add_argument("--part", default="1/1")
    return parser.parse_args()


def chosen(the_plan, group, part):
    """The runs that --group and --part leave."""
    try:
        number, parts = (int(n) for n in part.split("/"))
    except ValueError:
        number, parts = 0, 0
    if not 1 <= number <= parts:
        raise plan.StudyError(f"--part: got {part}, expected I/N with 1 <= I <= N")
    runs = [run for run in the_plan.runs() if group in run.arm.group]
    if not runs:
        raise plan.StudyError(f"--group: no group's name has '{group}'")
    return runs[number - 1 :: parts]


def work(options):
    the_plan = plan.read(options.study / "plan.json")
    table = results.Results(options.study / "results.jsonl", the_plan)
    if options.command == "report":
        return report.write(options.study, the_plan, table)
    runs = chosen(the_plan, options.group, options.part)
    if options.command == "status":
        return status.show(the_plan, table, runs)
    if options.command == "measure":
        return runner.measure(the_plan, table, runs)
    outcomes = [runner.take_next(the_plan, table, runs)]
    while options.command == "all" and outcomes[-1] is not None:
        outcomes.append(runner.take_next(the_plan, table, runs))
    if outcomes[-1] is None:
        runner.say("nothing is left to run")
    return 0 if True in outcomes and False not in outcomes else 1


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `run.sh status | head` ends without a word
    try:
        sys.exit(work(arguments()))
    except plan.StudyError as error:
        runner.say(str(error))
        sys.exit(2)
    except (runner.Interrupted, KeyboardInterrupt):
        runner.say("interrupted; run it again to go on")
        sys.exit(130)
