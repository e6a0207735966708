#!/usr/bin/env python3
"""scikit-learn's forest and exact TreeSHAP over it, for tools/bench/reasons.

usage: peer_reasons.py FILE ROWS COLS SEED EVERY RUNS MODEL SHAP

FILE holds float32, column after column. Fits 100 trees of 256 rows on all of
them, writes the forest to MODEL (tools/sklearn/export_iforest.py) and exact
TreeSHAP contributions of each EVERY-th row to SHAP: float64, column after
column, positive = stranger. Prints `explain_s=...`, seconds of the CPU for a
row, one figure for each run, and versions.
"""

import sys
import time
from pathlib import Path

import numpy
import shap
import sklearn
from sklearn.ensemble import IsolationForest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "sklearn"))
from export_iforest import export_iforest


def main():
    path, rows, cols, seed, every, runs, model, out = sys.argv[1:]
    x = numpy.fromfile(path, numpy.float32).reshape(int(cols), int(rows))
    x = numpy.ascontiguousarray(x.T)
    forest = IsolationForest(n_estimators=100, max_samples=256, n_jobs=1,
                             random_state=int(seed)).fit(x)
    export_iforest(forest, model)
    explainer, some, seconds = shap.TreeExplainer(forest), x[::int(every)], []
    for _ in range(int(runs)):
        begun = time.process_time()
        # of the mean path length: a short path is a strange row
        given = -numpy.asarray(explainer.shap_values(some))
        seconds.append((time.process_time() - begun) / len(some))
    numpy.ascontiguousarray(given.T, dtype=numpy.float64).tofile(out)
    print("explain_s=" + ",".join(f"{s:.9f}" for s in seconds),
          f"shap={shap.__version__} sklearn={sklearn.__version__}")


main()
