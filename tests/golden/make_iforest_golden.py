#!/usr/bin/env python3
"""Fits small isolation forests with scikit-learn and writes their trees and
scores as C, for tests/unit/workers/detect/test_golden.c.

usage: make_iforest_golden.py > iforest_sklearn.inc      (needs scikit-learn)

A threshold is float64 there and float32 here: the largest float32 that is not
above it decides the same for every float32 value.
"""

import sys

import numpy as np
import sklearn
from sklearn.ensemble import IsolationForest

FLT_MAX = float(np.finfo(np.float32).max)
SEED = 2008


def floor32(threshold):
    x = np.float32(threshold)
    if float(x) > threshold:
        x = np.nextafter(x, np.float32(-np.inf))
    return x


def c_float(x):
    return f"{float(x).hex()}f"


def c_array(kind, name, values, show):
    print(f"static const {kind} {name}[] = {{")
    line = "   "
    for value in values:
        text = f" {show(value)},"
        if len(line) + len(text) > 79:
            print(line)
            line = "   "
        line += text
    print(line)
    print("};")


def extreme_rows(rng):
    return np.array([
        [0, 0, 0],
        [FLT_MAX, FLT_MAX, FLT_MAX],
        [-FLT_MAX, -FLT_MAX, -FLT_MAX],
        [FLT_MAX, 0, -FLT_MAX],
        [1e-45, -1e-45, 1e-38],
        [100, 100, 100],
    ] + [rng.normal(0, 1 + 3 * (i % 3), 3) for i in range(42)],
        dtype=np.float32)


def write_forest(name, trees, subsample, rng):
    train = rng.normal(0, 1, (500, 3)).astype(np.float32)
    train[:, 1] = np.round(train[:, 1] * 2)  # ties
    model = IsolationForest(n_estimators=trees, max_samples=subsample,
                            random_state=SEED).fit(train)
    parts = [e.tree_ for e in model.estimators_]
    feature, threshold, right, count, first = [], [], [], [], [0]
    for tree in parts:
        leaf = tree.children_left == -1
        at = np.arange(tree.node_count)
        assert np.all(tree.children_left[~leaf] == at[~leaf] + 1)
        feature += list(np.where(leaf, 0xFFFF, tree.feature))
        threshold += [np.float32(0) if is_leaf else floor32(t)
                      for is_leaf, t in zip(leaf, tree.threshold)]
        right += list(np.where(leaf, 0, tree.children_right))
        count += list(tree.n_node_samples)
        first.append(len(feature))
    # values of the sample itself lie exactly on both sides of thresholds
    rows = np.vstack([extreme_rows(rng), train[:40],
                      [[t, t, t] for t in threshold[:24]]]).astype(np.float32)
    print(f"#define {name.upper()}_TREES {trees}u")
    print(f"#define {name.upper()}_SUBSAMPLE {subsample}u")
    print(f"#define {name.upper()}_ROWS {len(rows)}u")
    c_array("uint32_t", f"{name}_first", first, str)
    c_array("uint16_t", f"{name}_feature", feature, str)
    c_array("float", f"{name}_threshold", threshold, c_float)
    c_array("uint32_t", f"{name}_right", right, str)
    c_array("uint32_t", f"{name}_count", count, str)
    c_array("float", f"{name}_x", rows.T.ravel(), c_float)
    c_array("double", f"{name}_score", -model.score_samples(rows),
            lambda x: float(x).hex())


def main():
    rng = np.random.default_rng(SEED)
    print(f"/* Made by make_iforest_golden.py with scikit-learn "
          f"{sklearn.__version__}: do not edit. */")
    write_forest("small", 5, 32, rng)
    write_forest("odd", 12, 101, rng)
    return 0


if __name__ == "__main__":
    sys.exit(main())
