#!/usr/bin/env python3
"""FYKE TOOLS SET.csv...: forests of scikit-learn against fyke's scores.

Of each set: a forest is fitted, exported, run (`fyke run --model`) and scored
(`fyke score --model`); both must be -score_samples within 2e-6, in the same
order where scikit-learn's own scores differ by more than 1e-7."""
import csv
import os
import sqlite3
import subprocess
import sys

import numpy as np
from sklearn.ensemble import IsolationForest

BOUND = 2e-6
ORDER = 1e-7  # path lengths are integers: closer scores may change places
CASES = [{}, {"bootstrap": True, "max_features": 0.6, "n_estimators": 50},
         {"max_samples": 1.0, "n_estimators": 20}]
FIELDS = ("label", "kind")


def read_set(path):
    with open(path, encoding="utf-8") as file:
        rows = list(csv.reader(file))
    names, keep = [], []
    for k, name in enumerate(rows[0]):
        try:
            for row in rows[1:]:
                if row[k] != "":
                    float(row[k])
        except ValueError:
            continue
        if name not in FIELDS:
            names.append(name)
            keep.append(k)
    x = [[float(r[k]) if r[k] != "" else np.nan for k in keep]
         for r in rows[1:]]
    return names, np.array(x, dtype=np.float32)


def fyke_scores(fyke, path):
    model = ["--model", "peer.fyke-model", "-q"]
    subprocess.run([fyke, "run", path, "--keep-scores", "--fresh", "--db",
                    "peer.db", *model], check=True)
    rows = sqlite3.connect("peer.db").execute(
        "select score from scores order by batch, row").fetchall()
    out = subprocess.run([fyke, "score", path, *model], check=True,
                         capture_output=True, text=True).stdout
    lines = list(csv.DictReader(out.splitlines()))
    return (np.array([r[0] for r in rows]),
            np.array([float(line["score"]) for line in lines]))


def order_errors(want, got):
    """Neighbours in our order that scikit-learn has clearly the other way."""
    sorted_want = want[np.argsort(got, kind="stable")]
    return int((np.maximum.accumulate(sorted_want) - sorted_want >
                ORDER).sum())


def main(fyke, tools, paths):
    sys.path.insert(0, tools)
    from export_iforest import export_iforest
    bad = 0
    for path in paths:
        names, x = read_set(path)
        for k, case in enumerate(CASES):
            forest = IsolationForest(random_state=k, **case).fit(x)
            export_iforest(forest, "peer.fyke-model", names)
            want = -forest.score_samples(x)
            run, score = fyke_scores(fyke, path)
            if len(run) != len(want) or len(score) != len(want):
                print(path, case, "rows:", len(want), len(run), len(score))
                bad += 1
                continue
            gap = max(np.abs(run - want).max(), np.abs(score - want).max())
            wrong = order_errors(want, run)
            same = int((np.argsort(run, kind="stable") ==
                        np.argsort(want, kind="stable")).sum())
            print(f"set={os.path.basename(path)} rows={len(want)} case={k} "
                  f"max_diff={gap:.2e} order_errors={wrong} "
                  f"same_place={same}")
            bad += gap > BOUND or wrong > 0
    return bad > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
