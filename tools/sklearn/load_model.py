#!/usr/bin/env python3
"""Reads a fyke model file into numpy, and scores rows with it.

    from load_model import load_model, score
    model = load_model("forest.fyke-model")
    score(model, X)          # 0 to 1, higher is stranger

    tools/sklearn/load_model.py forest.fyke-model            what is in it
    tools/sklearn/load_model.py forest.fyke-model rows.csv   a score a line

The scores are computed in double from the definition, by no code of fyke: a
reference. The format is described in README.md beside this script. Needs
numpy.
"""
import hashlib
import json
import signal
import sys

import numpy as np

EULER_GAMMA = 0.57721566490153286061
LEAF = 0xFFFF


def load_model(path):
    """The header, with its arrays under their names."""
    with open(path, "rb") as file:
        raw = file.read()
    model = json.loads(raw[:raw.index(b"\n")])
    if model.get("format") != "fyke-model" or model.get("version") != 1:
        raise ValueError(f"{path} is no fyke model file of version 1")
    data = model["data"]
    if hashlib.sha256(raw[data:]).hexdigest() != model["sha256"]:
        raise ValueError(f"{path} is damaged: its arrays do not have the hash "
                         "that its header says")
    for name, a in model["arrays"].items():
        model[name] = np.frombuffer(raw, a["type"], a["count"],
                                    data + a["offset"])
    model["hash"] = hashlib.sha256(raw).hexdigest()
    return model


def average_path(n):
    """c(n), the expected path length of an unsuccessful search among n."""
    n = np.asarray(n, dtype=np.float64)
    below = np.maximum(n - 1, 1)
    c = 2 * (np.log(below) + EULER_GAMMA) - 2 * below / np.maximum(n, 1)
    return np.where(n <= 1, 0.0, np.where(n == 2, 1.0, c))


def goes_right(model, node, first, x):
    """Which rows of `x` leave the inner nodes `node` to the right."""
    width = model.get("extension", 0) + 1
    if width == 1:
        value = x[np.arange(len(x)), model["feature"][node]]
        value = value.astype(np.float64)
    else:
        axis = model["axis"].reshape(-1, width)[node]
        weight = model["weight"].reshape(-1, width)[node].astype(np.float64)
        value = np.zeros(len(x))
        for k in range(width):
            value = value + weight[:, k] * x[np.arange(len(x)), axis[:, k]]
    right = first + model["right"][node]
    if "missing_right" in model:
        missing = model["missing_right"][node] != 0
    else:
        missing = model["count"][right] > model["count"][node + 1]
    return np.where(np.isnan(value), missing, value > model["threshold"][node])


def path_lengths(model, x):
    """The sum of every row's path lengths over all trees."""
    x = np.asarray(x, dtype=np.float32)
    if x.shape[1] != model["features"]:
        raise ValueError(f"{x.shape[1]} columns, the model has "
                         f"{model['features']} features")
    total = np.zeros(len(x))
    for first in model["tree_first"][:-1].astype(np.int64):
        node = np.full(len(x), first)
        depth = np.zeros(len(x))
        inner = model["feature"][node] != LEAF
        while inner.any():
            at = np.flatnonzero(inner)
            right = goes_right(model, node[at], first, x[at])
            node[at] = np.where(right, first + model["right"][node[at]],
                                node[at] + 1)
            depth[at] += 1
            inner[at] = model["feature"][node[at]] != LEAF
        total += depth + average_path(model["count"][node])
    return total


def score(model, x):
    """0 to 1, higher is stranger: what scikit-learn's score_samples is the
    negative of."""
    usual = model["trees"] * average_path(model["subsample"])
    if usual == 0:
        return np.full(len(x), 0.5)
    return 2.0 ** (-path_lengths(model, x) / usual)


def read_rows(path, model):
    """The model's features from a CSV file with a header."""
    with open(path, encoding="utf-8") as file:
        header = file.readline().rstrip("\n").split(",")
        rows = np.genfromtxt(file, delimiter=",", dtype=np.float32, ndmin=2)
    names = model.get("names")
    if names is None:
        return rows
    return rows[:, [header.index(name) for name in names]]


def main(argv):
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # "| head" is no error
    if "-h" in argv or "--help" in argv:
        print(__doc__.strip())
        return
    if len(argv) not in (2, 3):
        sys.exit("usage: load_model.py MODEL [ROWS.csv]")
    model = load_model(argv[1])
    if len(argv) == 3:
        np.savetxt(sys.stdout, score(model, read_rows(argv[2], model)),
                   fmt="%.9f")
        return
    for name in ("hash", "kind", "made_by", "trees", "subsample", "extension",
                 "nodes", "features", "names"):
        print(f"{name:10} {model.get(name)}")
    print("arrays     " + ", ".join(model["arrays"]))


if __name__ == "__main__":
    main(sys.argv)
