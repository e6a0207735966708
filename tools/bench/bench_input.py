"""The file that is measured with: generated or a person's own, what fyke made
of it, and the same in the words of pandas and Spark."""

import array
import csv
import heapq
import json
import os
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import bench_lib as lib

FORMAT_NDJSON = 2


def query(database, sql):
    """All rows; the database may be in use."""
    store = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60)
    try:
        return store.execute(sql).fetchall()
    finally:
        store.close()


def rows_of(database):
    """Records that a run committed; it must account for each."""
    rows, known = query(database,
                        "select sum(rows_in), sum(rows_scored) + "
                        "sum(rows_quarantined) from batches")[0]
    if rows != known:
        raise lib.BenchError(f"{rows} rows in, {known} scored or quarantined")
    return rows


def run_quietly(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, check=False)
    if done.returncode != 0:
        raise lib.BenchError(f"{' '.join(command)}\nended with "
                             f"{done.returncode}:\n{done.stderr.strip()}")
    return done.stdout


def generate(fyke, path, rows, columns, seed):
    """Sensors: time, station and so many numbers; with ten of them about a
    hundred bytes a row. Equal seeds give equal bytes."""
    run_quietly([fyke, "gen", "sensors", "--columns", str(columns), "--rows",
                 str(rows), "--seed", str(seed), "--labels", "none",
                 "--output", str(path)])


class Data:
    """A file, and its columns as a run of fyke reads them."""

    def __init__(self, fyke, path, folder):
        if not os.path.isfile(path):
            raise lib.BenchError(f"no file {path}")
        self.path = str(Path(path).resolve())
        self.folder = folder
        self.bytes = os.path.getsize(path)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            database = Path(scratch) / "learn.db"
            run_quietly([fyke, "run", self.path, "--db", str(database),
                         "--quiet"])
            self.rows = rows_of(database)
            self.quarantined = query(
                database, "select sum(rows_quarantined) from batches")[0][0]
            schema = json.loads(
                query(database, "select schema from sources")[0][0])
        self.ndjson = schema["format"] == FORMAT_NDJSON
        self.delimiter = chr(schema["delimiter"])
        self.header = bool(schema["header"])
        self.row_names = bool(schema["row_names"])
        self.columns = [column["name"] for column in schema["columns"]]
        self.positions = schema["features"]
        self.features = [self.columns[i] for i in self.positions]
        self.cut = {}

    def describe(self):
        return (f"{lib.grouped(self.rows)} rows, {self.bytes / 2 ** 20:.0f} "
                f"MiB, {len(self.features)} features: "
                f"{' '.join(self.features[:12])}"
                f"{' ...' if len(self.features) > 12 else ''}")

    def for_pandas(self):
        if self.row_names:
            raise lib.BenchError(f"{self.path} has row names without a header"
                                 ": the peers do not read that. --no-peers")
        return {"input": self.path,
                "format": "ndjson" if self.ndjson else "csv",
                "delimiter": self.delimiter, "header": self.header,
                "features": self.features if self.ndjson else self.positions,
                # The quarantine holds the records where a feature is text.
                "clean": self.quarantined == 0}

    def agrees(self, rows):
        """Another program may leave out records that the quarantine has."""
        return self.rows - self.quarantined <= rows <= self.rows

    def for_spark(self, batch):
        if self.ndjson or self.row_names:
            raise lib.BenchError("with --spark the input must be CSV whose "
                                 "header names every column")
        return {"folder": self.files_of(batch), "delimiter": self.delimiter,
                "header": self.header, "columns": self.columns,
                "features": self.features}

    def files_of(self, batch):
        """A folder with a file per batch; cut once, not timed. Records with
        line breaks within quotes are beyond it."""
        if batch not in self.cut:
            folder = tempfile.mkdtemp(prefix="cut-", dir=self.folder)
            cut_file(self.path, folder, batch, self.header)
            self.cut[batch] = folder
        return self.cut[batch]


def cut_file(path, folder, batch, header):
    with open(path, "rb") as file:
        head = file.readline() if header else b""
        for number in range(1, 1 << 30):
            lines = [line for _, line in zip(range(batch), file)]
            if not lines:
                return
            part = Path(folder) / f"part-{number:06}.csv"
            part.write_bytes(head + b"".join(lines))
            # Spark takes the oldest file first.
            os.utime(part, (1_600_000_000 + number, 1_600_000_000 + number))


# The strangest rows, as indices into the file's records


def highest(scores, top):
    """Ties go to the earlier row."""
    ranked = heapq.nlargest(
        top, ((score, -i) for i, score in enumerate(scores)))
    return [-i for _, i in ranked]


def read_doubles(path):
    scores = array.array("d")
    scores.frombytes(Path(path).read_bytes())
    return scores


def strangest(fyke, database, top):
    """Of a run with --keep-scores."""
    first, total = {}, 0
    for batch, rows in query(database, "select batch, rows_in from batches "
                             "order by batch"):
        first[batch] = total
        total += rows
    scores = [float("-inf")] * total
    out = run_quietly([fyke, "export", "scores", "--db", str(database)])
    for line in csv.DictReader(out.splitlines()):
        row = first[int(line["batch"])] + int(line["row"])
        scores[row] = float(line["score"])
    return highest(scores, top)
