#!/usr/bin/env python3
"""A peer's isolation forest over one file, for tools/bench/iforest.

usage: peer_iforest.py sklearn|isotree FILE ROWS COLS RUNS SCORES

FILE holds float32, column after column; the peer gets them row after row,
which both score fastest. 100 trees of 256 rows, one thread. Prints
`fit_s=... score_s=... batch_10000_s=...`, seconds of the CPU, one for each
run, and writes one float64 a row to SCORES, higher = stranger.
"""

import sys
import time

import numpy


def peer_of(name):
    """(a new forest, its scores of rows)"""
    if name == "sklearn":
        from sklearn.ensemble import IsolationForest

        return (lambda: IsolationForest(n_estimators=100, max_samples=256,
                                        n_jobs=1, random_state=1),
                lambda forest, x: -forest.score_samples(x))
    from isotree import IsolationForest

    return (lambda: IsolationForest(
        ntrees=100, sample_size=256, ndim=1, prob_pick_pooled_gain=0,
        missing_action="fail", nthreads=1, random_seed=1),
            lambda forest, x: forest.predict(x))


def timed(runs, work):
    """(seconds of each run, what the last one gave)"""
    seconds, given = [], None
    for _ in range(runs):
        begun = time.process_time()
        given = work()
        seconds.append(time.process_time() - begun)
    return seconds, given


def main():
    name, path, rows, cols, runs, scores = sys.argv[1:]
    x = numpy.fromfile(path, numpy.float32).reshape(int(cols), int(rows))
    x = numpy.ascontiguousarray(x.T)
    head, runs = x[:10000], int(runs)
    forest, score = peer_of(name)
    fit, fitted = timed(runs, lambda: forest().fit(x))
    scored, found = timed(runs, lambda: score(fitted, x))
    batch, _ = timed(runs, lambda: score(forest().fit(head), head))
    print(" ".join(f"{what}_s=" + ",".join(f"{s:.6f}" for s in seconds)
                   for what, seconds in [("fit", fit), ("score", scored),
                                         ("batch_10000", batch)]))
    numpy.asarray(found, dtype=numpy.float64).tofile(scores)


main()
