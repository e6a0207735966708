"""What the scripts of this folder share: one line per figure, tables, what
machine this is, quantiles, and running a program while its process tree is
watched. Standard library only."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parent.parent
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
SAMPLE_S = 0.05


class BenchError(Exception):
    """Something that a person has to mend: what, where, what to do."""


# What is printed


def commit_of_tree():
    """The commit that is checked out, with -dirty when files differ."""
    done = subprocess.run(
        ["git", "-C", str(TOP), "describe", "--always", "--dirty",
         "--exclude=*"], text=True, capture_output=True, check=False)
    return done.stdout.strip() or "unknown"


class Report:
    """Prints `bench name=... value=... unit=... n=... commit=...` lines."""

    def __init__(self, commit):
        self.commit = commit

    def line(self, name, value, unit, n, **more):
        extra = "".join(f" {key}={word(item)}" for key, item in more.items()
                        if item is not None)
        print(f"bench name={name} value={number(value)} unit={unit} n={n}"
              f"{extra} commit={self.commit}", flush=True)


def word(value):
    """A value of a line: without blanks."""
    return number(value) if isinstance(value, float) \
        else re.sub(r"\s+", "_", str(value))


def number(value):
    """Four digits that count, and never an exponent."""
    if value is None:
        return "-"
    if isinstance(value, int) or abs(value) >= 1000:
        return str(round(value))
    if value == 0:
        return "0"
    digits = 0
    while abs(value) * 10 ** digits < 1000 and digits < 6:
        digits += 1
    return f"{value:.{digits}f}"


def grouped(value):
    """1234567 as '1 234 567'."""
    return f"{round(value):,}".replace(",", " ")


def table(head, rows):
    """A Markdown table, numbers to the right."""
    cells = [head] + [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = []
    for row in cells:
        padded = [row[0].ljust(widths[0])]
        padded += [cell.rjust(width)
                   for cell, width in zip(row[1:], widths[1:])]
        lines.append("| " + " | ".join(padded) + " |")
    rule = ["-" * (widths[0] + 2)]
    rule += ["-" * (width + 1) + ":" for width in widths[1:]]
    lines.insert(1, "|" + "|".join(rule) + "|")
    return "\n".join(lines)


def quantile(values, share):
    """The smallest value that `share` of the values do not exceed."""
    ordered = sorted(values)
    if not ordered:
        return None
    place = -(-len(ordered) * share // 1)  # rounded up
    return ordered[max(0, min(len(ordered), int(place)) - 1)]


def median(values):
    return quantile(values, 0.5)


# Where this runs


def cores():
    """As fyke counts them: affinity, then the quota of the cgroup."""
    count = len(os.sched_getaffinity(0))
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        if quota != "max":
            count = min(count, max(1, int(quota) // int(period)))
    except (OSError, ValueError):
        pass
    return count


def cpu_name():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def file_system(folder):
    done = subprocess.run(["stat", "-f", "-c", "%T", str(folder)], text=True,
                          capture_output=True, check=False)
    return done.stdout.strip() or "unknown"


def machine_line(folder):
    pages = os.sysconf("SC_PHYS_PAGES")
    return (f"{cpu_name()}, {cores()} cores, "
            f"{pages * PAGE_BYTES / 2 ** 30:.0f} GiB, Linux "
            f"{platform.release()}, {file_system(folder)}, "
            f"load {os.getloadavg()[0]:.1f}, "
            f"{time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime())}")


def find_fyke(path):
    found = shutil.which(path) or shutil.which(str(TOP / path))
    if found is None:
        raise BenchError(f"no program at {path}: build it with tools/build, "
                         "or name it with --fyke")
    return str(Path(found).resolve())


def find_peer_python(venv):
    python = Path(venv) / "bin" / "python"
    if not python.exists():
        raise BenchError(f"no Python at {python}: run tools/bench/peers-setup,"
                         " name its folder with --venv, or leave the peers "
                         "out with --no-peers")
    return str(python)


def versions(python, names):
    """{package: version} of the packages that the environment has."""
    program = ("import importlib.metadata as m, json, sys\n"
               "out = {'python': sys.version.split()[0]}\n"
               "for name in sys.argv[1:]:\n"
               "    try: out[name] = m.version(name)\n"
               "    except m.PackageNotFoundError: pass\n"
               "print(json.dumps(out))")
    done = subprocess.run([python, "-c", program, *names], text=True,
                          capture_output=True, check=True)
    return json.loads(done.stdout)


def need_packages(python, names):
    """Their versions; fails when one is not there."""
    found = versions(python, names)
    for name in names:
        if name not in found:
            raise BenchError(f"{python} has no {name}: run tools/bench/"
                             "peers-setup (with --spark for Spark)")
    return found


# Running a program and watching its tree


class Ended:
    """What a program and its children did from start to exit."""

    def __init__(self, wall_s, cpu_s, peak_bytes, peak_of, out, err):
        self.wall_s = wall_s
        self.cpu_s = cpu_s
        self.peak_bytes = peak_bytes  # of the sum over the tree, PSS
        self.peak_of = peak_of        # {pid: peak PSS of that process}
        self.out = out
        self.err = err


def read_stat(pid):
    """(parent, CPU seconds) of a process; None when it has gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return int(fields[1]), (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def tree_of(root):
    """{pid: CPU seconds} of a process and all below it."""
    stats = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            stat = read_stat(name)
            if stat is not None:
                stats[int(name)] = stat
    found, waiting = {}, [root]
    while waiting:
        pid = waiting.pop()
        if pid in stats and pid not in found:
            found[pid] = stats[pid][1]
            waiting += [p for p, stat in stats.items() if stat[0] == pid]
    return found


def pss_bytes(pid):
    """Proportional set size: pages that processes share count once."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found.group(1)) * 1024 if found else 0


class Watch(threading.Thread):
    """Samples the tree of a process: every 50 ms, and less often where a
    sample is dear, so that watching takes at most 2 % of a core."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid = pid
        self.stop = threading.Event()
        self.peak_bytes = 0
        self.peak_of = {}
        self.cpu_of = {}

    def run(self):
        pause = 0.0
        while not self.stop.wait(pause):
            begun = time.thread_time()
            self.sample()
            pause = max(SAMPLE_S, 50 * (time.thread_time() - begun))

    def sample(self):
        total = 0
        for pid, cpu_s in tree_of(self.pid).items():
            size = pss_bytes(pid)
            total += size
            self.peak_of[pid] = max(self.peak_of.get(pid, 0), size)
            self.cpu_of[pid] = cpu_s
        self.peak_bytes = max(self.peak_bytes, total)


def run_watched(command, folder, env=None):
    """Runs `command` to its end. What it said lies in `folder`."""
    out_path, err_path = Path(folder) / "out", Path(folder) / "err"
    with open(out_path, "wb") as out, open(err_path, "wb") as err:
        begun = time.monotonic()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                                 stderr=err, env=env)
        watch = Watch(child.pid)
        watch.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            child.kill()
            raise
        wall_s = time.monotonic() - begun
        child.returncode = os.waitstatus_to_exitcode(status)
        watch.stop.set()
        watch.join()
    if child.returncode != 0:
        raise BenchError(f"{' '.join(map(str, command))}\nended with "
                         f"{child.returncode}:\n{tail(err_path)}")
    cpu_s = max(usage.ru_utime + usage.ru_stime, sum(watch.cpu_of.values()))
    return Ended(wall_s, cpu_s, watch.peak_bytes, watch.peak_of,
                 out_path.read_text(errors="replace"),
                 err_path.read_text(errors="replace"))


def tail(path, lines=25):
    return "\n".join(
        Path(path).read_text(errors="replace").splitlines()[-lines:])


def main_of(name, main):
    """Ends the script: 0, or 1 with what is wrong on standard error."""
    try:
        sys.exit(main())
    except BenchError as error:
        print(f"{name}: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
