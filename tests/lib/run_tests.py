#!/usr/bin/env python3
"""Run the tests that meson knows and count their cases.

usage: run_tests.py --build DIR [--suite NAME]... [--test NAME]...
                    [--jobs N] [--wrapper COMMAND]

Why not `meson test`: it counts executables, and it calls a TAP program that
printed nothing a skip. Here each TAP line is a case; a program that crashes,
cannot be started, prints no plan, or keeps to its plan but exits non-zero
adds a failed case of its own. A test without TAP is one case by its exit
status. The last line is always `N passed, M failed`; the exit status is 1
when M is not 0 or nothing ran.
"""

import argparse
import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

CASE = re.compile(r"(not )?ok\b\s*(\d+)?\s*(?:- )?([^#]*)(?:#\s*(.*))?$")
PLAN = re.compile(r"1\.\.(\d+)\b")
DURATION = re.compile(r"\s*\(\d+\.\d+s\)\s*$")  # Criterion's, in each name
DETAIL_LINES_MAX = 60


class Outcome:
    """What one test program did."""

    def __init__(self):
        self.passed = 0
        self.skips = []  # (name, reason)
        self.failures = []  # (name, lines of detail)
        self.seconds = 0.0


def read_tap(text, outcome):
    """Count the cases of a TAP text. Returns what is wrong with the whole."""
    plan, seen, detail = None, 0, None
    for line in text.splitlines():
        case, planned = CASE.match(line), PLAN.match(line)
        if case:
            seen += 1
            bad, number, name, note = case.groups()
            name = DURATION.sub("", name.strip()) or f"case {number or seen}"
            detail = None
            if bad:
                detail = []
                outcome.failures.append((name, detail))
            elif note and note.upper().startswith("SKIP"):
                outcome.skips.append((name, note[4:].strip()))
            else:
                outcome.passed += 1
        elif planned and plan is None:
            plan = int(planned.group(1))
        elif line.startswith("Bail out!"):
            return line
        elif detail is not None and len(detail) < DETAIL_LINES_MAX:
            detail.append(line)
    if plan is None:
        return "it printed no plan: it died or is no TAP program"
    if plan != seen:
        return f"it planned {plan} cases and ran {seen}"
    return "it has no cases" if plan == 0 else None


def ended_how(status):
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"


def tail_of(text):
    return text.splitlines()[-DETAIL_LINES_MAX:]


class Runner:
    def __init__(self, wrapper):
        self.wrapper = wrapper
        self.sessions = set()
        self.lock = threading.Lock()

    def kill_all(self):
        with self.lock:
            for session in self.sessions:
                kill_session(session)

    def start(self, test, out, err):
        environment = dict(os.environ, **test["env"])
        process = subprocess.Popen(
            self.wrapper + test["cmd"], stdin=subprocess.DEVNULL, stdout=out,
            stderr=err, cwd=test["workdir"] or None, env=environment,
            start_new_session=True)
        with self.lock:
            self.sessions.add(process.pid)
        status = process.wait()
        kill_session(process.pid)  # what a failed test left behind
        with self.lock:
            self.sessions.discard(process.pid)
        return status

    def run(self, test):
        outcome, begun = Outcome(), time.monotonic()
        # Files, not pipes: a process left behind cannot make us wait.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            try:
                status = self.start(test, out, err)
            except OSError as error:
                outcome.failures.append((test["name"], [str(error)]))
                return outcome
            texts = []
            for stream in (out, err):
                stream.seek(0)
                texts.append(stream.read().decode("utf-8", "replace"))
        judge(test, status, texts[0], texts[1], outcome)
        outcome.seconds = time.monotonic() - begun
        return outcome


def kill_session(session):
    """Kill a test's processes; fyke's workers have process groups of their
    own, the session is what they share."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="latin-1") as file:
                fields = file.read().rpartition(")")[2].split()
            if int(fields[3]) == session:
                os.kill(int(name), signal.SIGKILL)
        except (OSError, IndexError):
            pass  # it ended meanwhile


def judge(test, status, out, err, outcome):
    name = test["name"]
    if test["protocol"] != "tap":
        if status == 77:
            outcome.skips.append((name, "exit status 77"))
        elif status == 0:
            outcome.passed = 1
        else:
            lines = [ended_how(status)] + tail_of(out) + tail_of(err)
            outcome.failures.append((name, lines))
        return
    wrong = read_tap(out, outcome)
    if wrong is None and status != 0 and not outcome.failures:
        wrong = f"all its cases passed, but {ended_how(status)}"
    elif wrong is not None:
        wrong += f" ({ended_how(status)})"
    if wrong is not None:
        lines = [wrong] + tail_of(out) + tail_of(err)
        outcome.failures.append((f"{name} as a whole", lines))
    elif outcome.failures and err.strip():
        outcome.failures[-1][1].extend(["stderr:"] + tail_of(err))


def load_tests(build, suites, names):
    path = os.path.join(build, "meson-info", "intro-tests.json")
    with open(path, encoding="utf-8") as file:
        tests = json.load(file)
    for test in tests:
        test["suites"] = {s.split(":", 1)[-1] for s in test["suite"]}
    if suites:
        tests = [t for t in tests if t["suites"] & set(suites)]
    if names:
        tests = [t for t in tests if t["name"] in names]
    return tests


def report(index, count, test, outcome):
    suite = ",".join(sorted(test["suites"]))
    line = (f"  [{index:{len(str(count))}}/{count}] {suite:12}"
            f" {test['name']:32} {outcome.passed:4} passed")
    if outcome.failures:
        line += f", {len(outcome.failures)} FAILED"
    if outcome.skips:
        line += f", {len(outcome.skips)} skipped"
    print(f"{line}  {outcome.seconds:.1f} s")
    for name, reason in outcome.skips:
        print(f"      skipped: {name}: {reason or 'no reason given'}")
    for name, lines in outcome.failures:
        print(f"      FAILED: {name}")
        for text in lines:
            print(f"        {text}")
    sys.stdout.flush()


def run_all(runner, tests, jobs):
    """Yields (test, outcome): first the parallel ones, then one by one."""
    together = [t for t in tests if t["is_parallel"]]
    alone = [t for t in tests if not t["is_parallel"]]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        futures = {pool.submit(runner.run, t): t for t in together}
        try:
            for future in concurrent.futures.as_completed(futures):
                yield futures[future], future.result()
        except BaseException:
            for future in futures:
                future.cancel()
            runner.kill_all()
            raise
    for test in alone:
        try:
            yield test, runner.run(test)
        except BaseException:
            runner.kill_all()
            raise


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--build", required=True, metavar="DIR")
    parser.add_argument("--suite", action="append", metavar="NAME")
    parser.add_argument("--test", action="append", metavar="NAME")
    parser.add_argument("--wrapper", metavar="COMMAND")
    parser.add_argument("--jobs", type=int, default=0,
                        help="tests at a time (the cores of this process)")
    return parser.parse_args()


def main():
    options = arguments()
    jobs = options.jobs or len(os.sched_getaffinity(0))
    wrapper = []
    if options.wrapper:
        wrapper = [os.path.abspath(options.wrapper)]
    tests = load_tests(options.build, options.suite, options.test)
    passed = failed = skipped = 0
    outcomes = run_all(Runner(wrapper), tests, jobs)
    for index, (test, outcome) in enumerate(outcomes, 1):
        report(index, len(tests), test, outcome)
        passed += outcome.passed
        failed += len(outcome.failures)
        skipped += len(outcome.skips)
    if not tests:
        print("no test matches")
    if skipped:
        print(f"{skipped} skipped, as said above")
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
