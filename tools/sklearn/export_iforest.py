#!/usr/bin/env python3
"""Writes a fitted scikit-learn IsolationForest to a fyke model file.

    import joblib
    from export_iforest import export_iforest
    forest = IsolationForest(n_estimators=200).fit(X)      # a DataFrame or array
    export_iforest(forest, "forest.fyke-model")

or, for one that was stored with joblib or pickle (which run code from the
file: open only what you trust):

    tools/sklearn/export_iforest.py forest.joblib forest.fyke-model

Then `fyke run INPUT --model forest.fyke-model`, or `fyke model import`.

What is written: every tree of `estimators_` with the features of the whole
forest (`estimators_features_` is undone), its rows per node, the child that
takes a missing value, and `max_samples_`. A threshold is a double in
scikit-learn and a float32 here: it is rounded towards minus infinity, so that
x <= threshold holds for the same float32 values x. The file's format is
described in README.md beside this script.

Needs scikit-learn (1.3 or newer) and numpy.
"""
import hashlib
import json
import sys

import numpy as np

TREES_MAX = 2000
FEATURES_MAX = 1024
SUBSAMPLE_MAX = 1 << 20
HEIGHT_MAX = 64
LEAF = 0xFFFF
HEADER_ALIGN = 64

TYPES = {
    "tree_first": "<u4",
    "feature": "<u2",
    "threshold": "<f4",
    "right": "<u4",
    "count": "<u4",
    "missing_right": "|u1",
}


class CannotExport(ValueError):
    """The forest is one that a fyke model file cannot hold."""


def float32_floor(value):
    """The largest float32 that is not above each double."""
    near = value.astype(np.float32)
    return np.where(near.astype(np.float64) > value,
                    np.nextafter(near, np.float32(-np.inf)), near)


def preorder(left, right):
    """Node numbers so that a left child follows its parent, and heights."""
    order, heights, stack = [], [], [(0, 0)]
    while stack:
        node, height = stack.pop()
        order.append(node)
        heights.append(height)
        if left[node] >= 0:
            stack.append((right[node], height + 1))
            stack.append((left[node], height + 1))
    return np.array(order), max(heights)


def tree_arrays(tree, columns, name):
    """One tree (an sklearn.tree._tree.Tree) as the arrays of the file.

    `columns` are the features of the forest that the tree's features are."""
    order, height = preorder(tree.children_left, tree.children_right)
    if height > HEIGHT_MAX:
        raise CannotExport(f"{name} is {height} levels deep, at most "
                           f"{HEIGHT_MAX} can be written")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    left, right = tree.children_left[order], tree.children_right[order]
    inner = left >= 0
    threshold = tree.threshold[order]
    if not np.isfinite(threshold[inner]).all():
        raise CannotExport(f"{name} has a threshold that is not finite: it was "
                           "fitted on infinite values")
    threshold = np.where(inner, threshold, 0)
    floor = float32_floor(threshold)
    if not np.isfinite(floor).all():
        raise CannotExport(f"{name} has a threshold beyond float32: "
                           f"{threshold[~np.isfinite(floor)][0]:g}")
    count = tree.n_node_samples[order]
    to_left = getattr(tree, "missing_go_to_left", None)
    if to_left is None:  # before scikit-learn 1.3 no tree took a missing value
        missing_right = count_rule(count, left, right, place, inner)
    else:
        missing_right = inner & (np.asarray(to_left)[order] == 0)
    return {
        "feature": np.where(inner, columns[np.maximum(tree.feature[order], 0)],
                            LEAF),
        "threshold": floor,
        "right": np.where(inner, place[right], 0),
        "count": count,
        "missing_right": missing_right,
    }


def count_rule(count, left, right, place, inner):
    """The child that holds more rows, the left one when both hold as many."""
    heavier = np.zeros(len(count), dtype=bool)
    heavier[inner] = count[place[right[inner]]] > count[place[left[inner]]]
    return heavier


def forest_arrays(forest):
    """The arrays of the file, and numbers of the header."""
    from sklearn.ensemble import IsolationForest
    from sklearn.utils.validation import check_is_fitted
    if not isinstance(forest, IsolationForest):
        raise CannotExport("this is a " + type(forest).__name__ + ", not a "
                           "scikit-learn IsolationForest; of a Pipeline, give "
                           "the forest alone: pipeline[-1]")
    check_is_fitted(forest)
    trees, features = len(forest.estimators_), int(forest.n_features_in_)
    subsample = int(forest.max_samples_)
    for what, n, most in (("trees", trees, TREES_MAX),
                          ("features", features, FEATURES_MAX),
                          ("rows a tree (max_samples)", subsample,
                           SUBSAMPLE_MAX)):
        if not 1 <= n <= most:
            raise CannotExport(f"{n} {what}; a model file takes 1 to {most}")
    parts, first = [], [0]
    for k, (estimator, columns) in enumerate(zip(forest.estimators_,
                                                 forest.estimators_features_)):
        part = tree_arrays(estimator.tree_, np.asarray(columns), f"tree {k}")
        parts.append(part)
        first.append(first[-1] + len(part["count"]))
    arrays = {name: np.concatenate([p[name] for p in parts]).astype(TYPES[name])
              for name in parts[0]}
    arrays = {"tree_first": np.array(first, dtype=TYPES["tree_first"]),
              **arrays}
    return arrays, {"features": features, "trees": trees,
                    "subsample": subsample, "nodes": first[-1]}


def file_bytes(arrays, numbers, names, maker):
    """Header line and arrays."""
    data, table, at = [], {}, 0
    for name, array in arrays.items():
        at += -at % 8
        table[name] = {"type": TYPES[name], "offset": at, "count": len(array)}
        at += array.nbytes
    body = bytearray(at)
    for name, array in arrays.items():
        offset = table[name]["offset"]
        body[offset:offset + array.nbytes] = array.tobytes()
    header = {"format": "fyke-model", "version": 1, "kind": "iforest",
              "made_by": maker, **numbers, "extension": 0}
    if names is not None:
        header["names"] = names
    header["sha256"] = hashlib.sha256(body).hexdigest()
    header["data"] = 0
    header["arrays"] = table
    return bytes(padded(header)) + bytes(body)


def padded(header):
    """The header line; "data" is its own length, where the arrays begin."""
    while True:
        line = json.dumps(header, ensure_ascii=False).encode()
        length = len(line) + 1
        length += -length % HEADER_ALIGN
        if header["data"] == length:
            return line.ljust(length - 1) + b"\n"
        header["data"] = length


def feature_names(forest, names):
    if names is None:
        names = getattr(forest, "feature_names_in_", None)
    if names is None:
        return None
    names = [str(name) for name in names]
    if len(names) != forest.n_features_in_:
        raise CannotExport(f"{len(names)} names for {forest.n_features_in_} "
                           "features")
    if len(set(names)) != len(names):
        raise CannotExport("two features have the same name")
    return names


def export_iforest(forest, path, names=None):
    """Writes `forest` to `path`.

    `names` are the features' names, in the order of the columns it was fitted
    on; without them `feature_names_in_` (a DataFrame's), and without those the
    file has none and fyke takes the features of its input in their order.
    Returns the model's hash, the SHA-256 of the file. Raises CannotExport."""
    import sklearn
    arrays, numbers = forest_arrays(forest)
    content = file_bytes(arrays, numbers, feature_names(forest, names),
                         "scikit-learn " + sklearn.__version__)
    with open(path, "wb") as out:
        out.write(content)
    return hashlib.sha256(content).hexdigest()


def main(argv):
    if "-h" in argv or "--help" in argv:
        print(__doc__.strip())
        return
    if len(argv) != 3:
        sys.exit("usage: export_iforest.py FITTED.joblib|FITTED.pickle MODEL")
    try:
        import joblib
        print(export_iforest(joblib.load(argv[1]), argv[2]), argv[2])
    except (CannotExport, OSError) as error:
        sys.exit(f"export_iforest.py: {argv[1]}: {error}")


if __name__ == "__main__":
    main(sys.argv)
