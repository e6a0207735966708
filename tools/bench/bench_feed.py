"""A run of fyke that reads what is written to its pipe, and the disk beside
it: what tools/bench/interval is made of."""

import fcntl
import os
import subprocess
import time
from pathlib import Path

import bench_input
import bench_lib as lib

PIPE_BYTES = 1 << 20
WARM_ROWS = 1100       # the columns are pinned after 1 000 records
PARTS = ["queue", "worker", "travel", "merge", "wait", "commit"]


class Feed:
    """`fyke run -` in `folder` with the lines of a CSV file on its standard
    input, again and again from the first."""

    def __init__(self, fyke, rows_path, folder, flags):
        with open(rows_path, "rb") as file:
            self.header = file.readline()
            self.lines = file.readlines()
        self.next_line = 0
        self.database = Path(folder) / "feed.db"
        self.err_path = Path(folder) / "err"
        with open(self.err_path, "wb") as err:
            self.child = subprocess.Popen(
                [fyke, "run", "-", "--format", "csv", "--header", "yes",
                 "--trees", "100",
                 "--db", str(self.database), "--quiet", *flags],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=err)
        self.pipe = self.child.stdin.fileno()
        try:
            fcntl.fcntl(self.pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        except OSError:
            pass  # an unprivileged user's share of pipes may be smaller
        self.rows = 0

    def write(self, rows):
        """Returns when the pipe has taken all of them."""
        end = self.next_line + rows
        text = b"".join(self.lines[self.next_line:end])
        while end > len(self.lines):
            end -= len(self.lines)
            text += b"".join(self.lines[:end])
        self.next_line = end
        self.rows += rows
        self.write_bytes(text)

    def write_bytes(self, text):
        view = memoryview(text)
        try:
            while view:
                view = view[os.write(self.pipe, view):]
        except BrokenPipeError:
            self.fail("ended early")

    def warm_up(self, batch):
        """Columns are pinned, pools and caches are filled, and all that was
        written is committed. Returns the last batch of it."""
        self.write_bytes(self.header)
        self.write(-(-WARM_ROWS // batch) * batch)
        while True:
            last, rows = self.committed()
            if rows == self.rows:
                return last
            if self.child.poll() is not None:
                self.fail("does not begin")
            time.sleep(0.05)

    def committed(self):
        """(last batch, records) of what a reader sees."""
        if not self.database.exists():
            return 0, 0
        return bench_input.query(
            self.database, "select ifnull(max(batch), 0), "
            "ifnull(sum(rows_in), 0) from batches")[0]

    def end(self):
        """End of input; waits for the exit. All rows must have arrived."""
        self.child.stdin.close()
        if self.child.wait() != 0:
            self.fail(f"ended with {self.child.returncode}")
        rows = bench_input.rows_of(self.database)
        if rows != self.rows:
            self.fail(f"committed {rows} of {self.rows} rows")

    def fail(self, what):
        self.child.kill()
        self.child.wait()
        raise lib.BenchError(f"fyke run - {what}:\n{lib.tail(self.err_path)}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()

    def batches(self, after):
        """What the batches after that one took, in ms."""
        names = ["rows_in", "interval_ms", "overrun", "total_ms", "worker_ms",
                 "queue_ms", "compute_ms", "merge_ms", "wait_ms", "commit_ms"]
        found = bench_input.query(
            self.database, f"select {','.join(names)} from batches "
            f"where batch > {after} order by batch")
        return [with_parts(dict(zip(names, row))) for row in found]


def with_parts(batch):
    """Adds what the batch cost beyond computing, and the parts of its time;
    `travel` is what sending, waiting for a worker and answering took."""
    worker = batch["worker_ms"] or 0.0
    batch["beyond"] = batch["total_ms"] - worker
    batch["parts"] = {
        "queue": batch["queue_ms"], "worker": worker,
        "travel": batch["compute_ms"] - worker, "merge": batch["merge_ms"],
        "wait": batch["wait_ms"] or 0.0, "commit": batch["commit_ms"] or 0.0}
    return batch


def feed_batches(feed, rows, count, period_s):
    """Writes `count` batches of `rows` records, one every period. Returns by
    how much the last was late, in seconds: the source was held up."""
    begun = time.monotonic()
    for i in range(count):
        sleep_until(begun + i * period_s)
        feed.write(rows)
    return time.monotonic() - (begun + (count - 1) * period_s)


def feed_evenly(feed, rows_per_s, seconds, tick_s=0.001):
    """Writes that many records a second, a few every tick. Returns by how
    much the last was late, in seconds."""
    begun = time.monotonic()
    total, sent = round(rows_per_s * seconds), 0
    while sent < total:
        now = time.monotonic()
        due = min(total, int((now - begun) * rows_per_s) + 1)
        if due > sent:
            feed.write(due - sent)
            sent = due
        sleep_until(now + tick_s)
    return max(0.0, time.monotonic() - begun - seconds - tick_s)


def sleep_until(when):
    left = when - time.monotonic()
    if left > 0:
        time.sleep(left)


def probe_disk(folder, count=500):
    """Milliseconds of writing 4 KiB and fdatasync, in the folder."""
    path = Path(folder) / "probe"
    block = b"\xa5" * 4096
    found = []
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        for i in range(count):
            begun = time.perf_counter()
            os.pwrite(descriptor, block, i * len(block))
            os.fdatasync(descriptor)
            found.append((time.perf_counter() - begun) * 1000)
    finally:
        os.close(descriptor)
        path.unlink()
    return found
