"""The programs that tools/bench/e2e runs, each the same work from the same
file. `run(batch, folder)` gives what lib.run_watched does, and the program's
own account of it: rows, steps (seconds), and for fyke stages (CPU seconds) and
held (bytes)."""

import json
import re
from pathlib import Path

import bench_input
import bench_lib as lib

SHARE = 0.001  # of the rows are kept, as `--severity 99.9` does


class Fyke:
    """`fyke run` with the peers' 100 trees and a worker per core."""

    name = "fyke"

    def __init__(self, args, data):
        self.args, self.data = args, data

    def run(self, batch, folder):
        database = Path(folder) / "fyke.db"
        ended = lib.run_watched(
            [self.args.fyke, "run", self.data.path, "--db", str(database),
             "--max-rows", str(batch), "--workers", str(lib.cores()),
             "--trees", "100", "--log-level", "info"], folder)
        ended.rows = bench_input.rows_of(database)
        ended.steps = {}
        ended.stages = stages_of(ended.err)
        ended.held = memory_of(ended.err)
        return ended


class Python:
    name = "python"

    def __init__(self, args, data, jobs):
        self.args, self.data, self.jobs = args, data, jobs

    def run(self, batch, folder, scores=None, seed=None):
        options = dict(
            self.data.for_pandas(), batch=batch, jobs=self.jobs, share=SHARE,
            seed=seed or self.args.seed, scores=scores,
            db=str(Path(folder) / "python.db"))
        ended = lib.run_watched(
            [self.args.python, str(lib.HERE / "peer_python.py"),
             write_options(folder, options)], folder)
        return with_said(ended)


class Spark:
    name = "spark"

    def __init__(self, args, data):
        self.args, self.data = args, data

    def run(self, batch, folder):
        options = dict(
            self.data.for_spark(batch), batch=batch, cores=lib.cores(),
            seed=self.args.seed, share=SHARE,
            db=str(Path(folder) / "spark.db"),
            checkpoint=str(Path(folder) / "checkpoint"))
        ended = lib.run_watched(
            [self.args.python, str(lib.HERE / "peer_spark.py"),
             write_options(folder, options)], folder)
        with_said(ended)
        ended.rows = self.data.rows
        return ended


def write_options(folder, options):
    path = Path(folder) / "options.json"
    path.write_text(json.dumps(options))
    return str(path)


def with_said(ended):
    """Adds what the peer printed as its last line."""
    said = json.loads(ended.out.strip().splitlines()[-1])
    ended.rows = said.get("rows")
    ended.steps = said["steps"]
    ended.stages = {}
    return ended


def stages_of(log):
    """{stage: CPU seconds} summed over the coordinator and the workers."""
    found = {}
    for line in log.splitlines():
        if re.search(r"\bwhat=stages\b", line):
            for key, value in re.findall(r"(\w+)_ms=([0-9.]+)", line):
                found[key] = found.get(key, 0.0) + float(value) / 1000
    return found


def memory_of(log):
    """Bytes: what the coordinator held beyond its batches in flight, and the
    largest worker. None where the log does not say."""
    coordinator = worker = None
    for line in log.splitlines():
        if re.search(r"\bwhat=memory\b", line):
            found = {key: int(value) for key, value
                     in re.findall(r"(\w+_bytes)=(\d+)", line)}
            if "in_flight_peak_bytes" in found:
                coordinator = (found["rss_peak_bytes"]
                               - found["in_flight_peak_bytes"])
            else:
                worker = max(worker or 0, found["rss_peak_bytes"])
    return {"coordinator": coordinator, "worker": worker}
