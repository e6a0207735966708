#!/usr/bin/env python3
"""Makes model_sklearn.fyke-model and model_sklearn.csv: a forest of
scikit-learn as tools/sklearn/export_iforest.py writes it, and rows with the
score that scikit-learn gives them (-score_samples). All data is generated here.

    tests/golden/make_model_golden.py     (needs scikit-learn 1.9)

The forest has what makes imports hard: features drawn per tree, bootstrap,
missing values in the training rows and in the scored ones, and ties.
"""
import csv
import os
import sys

import numpy as np
from sklearn.ensemble import IsolationForest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tools", "sklearn"))
from export_iforest import export_iforest  # noqa: E402

NAMES = ["load", "Temperature", "flow", "size"]


def rows(random, n):
    x = random.normal(size=(n, 4)) * [1, 10, 0.01, 1e6]
    x[:, 0] = np.round(x[:, 0])  # many equal values
    x[random.random((n, 4)) < 0.05] = np.nan
    return x.astype(np.float32)


def main():
    random = np.random.default_rng(20)
    forest = IsolationForest(n_estimators=12, max_samples=48, max_features=0.7,
                             bootstrap=True, random_state=3)
    forest.fit(rows(random, 500))
    x = np.vstack([rows(random, 60), 4 * rows(random, 20)])
    export_iforest(forest, os.path.join(HERE, "model_sklearn.fyke-model"),
                   NAMES)
    with open(os.path.join(HERE, "model_sklearn.csv"), "w", newline="",
              encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        # The stream's columns stand in another order, with others between.
        out.writerow(["size", "note", "flow", "load", "temperature", "want"])
        for row, score in zip(x, -forest.score_samples(x)):
            text = ["" if np.isnan(v) else repr(float(v)) for v in row]
            out.writerow([text[3], "x", text[2], text[0], text[1],
                          f"{score:.12f}"])


if __name__ == "__main__":
    main()
