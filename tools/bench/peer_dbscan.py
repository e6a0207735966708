#!/usr/bin/env python3
"""A peer's DBSCAN of one file, for tools/bench/dbscan.

usage: peer_dbscan.py sklearn|dbscan FILE ROWS COLS EPS MIN_POINTS LABELS

FILE holds float32, column after column; the peer gets the same values as
float64, row after row, which is what it computes in. Prints
`seconds=... peak_bytes=...` (of the CPU; beyond what the process held before) and writes
one int32 a row to LABELS.
"""

import sys
import time

import numpy


def peer_of(name):
    if name == "sklearn":
        from sklearn.cluster import DBSCAN

        return lambda x, eps, least: DBSCAN(
            eps=eps, min_samples=least, n_jobs=1).fit(x).labels_
    from dbscan import DBSCAN

    return lambda x, eps, least: DBSCAN(x, eps=eps, min_samples=least)[0]


def peak_bytes():
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def main():
    name, path, rows, cols, eps, least, labels = sys.argv[1:]
    x = numpy.fromfile(path, numpy.float32).reshape(int(cols), int(rows))
    x = numpy.ascontiguousarray(x.T.astype(numpy.float64))
    cluster = peer_of(name)
    before = peak_bytes()
    begun = time.process_time()
    found = cluster(x, float(eps), int(least))
    seconds = time.process_time() - begun
    print(f"seconds={seconds:.4f} peak_bytes={peak_bytes() - before}")
    numpy.asarray(found).astype(numpy.int32).tofile(labels)


main()
