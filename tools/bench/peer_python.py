"""The pipeline that one would write in Python: pandas reads a batch at a time,
scikit-learn fits an isolation forest on the batch and scores it, sqlite3 keeps
the highest rows in one transaction per batch.

usage: peer_python.py OPTIONS.json

The options: input, format (csv or ndjson), delimiter, header, features (names
with NDJSON, positions with CSV), clean (their cells are numbers or missing),
batch, jobs, seed, share, db, scores (a file for every row's score, or null).
Prints one JSON object: rows, seconds, and the seconds of each step.

Written as well as the libraries allow without another design: float32 columns
are parsed once and only the needed ones, nothing is copied between pandas and
scikit-learn but one matrix, the forest's threads are asked for where they pay
(jobs), the finished checks of values are not made twice, and the insert is one
executemany within one transaction.
"""

import json
import sqlite3
import sys
import time

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.ensemble import IsolationForest


def chunks(o):
    """Data frames of o["batch"] rows, only the features, float32."""
    if o["format"] == "ndjson":
        for frame in pd.read_json(o["input"], lines=True,
                                  chunksize=o["batch"]):
            yield frame[o["features"]]
        return
    read = {"sep": o["delimiter"], "chunksize": o["batch"],
            "usecols": o["features"], "na_values": ["?"],
            "header": 0 if o["header"] else None}
    if o["clean"]:
        read["dtype"] = np.float32
    else:
        read.update(low_memory=False, on_bad_lines="skip")
    yield from pd.read_csv(o["input"], **read)


def matrix(frame):
    """Rows x features, float32; missing and unreadable values as medians."""
    if not all(kind == np.float32 for kind in frame.dtypes):
        frame = frame.apply(pd.to_numeric, errors="coerce")
    x = np.ascontiguousarray(frame.to_numpy(dtype=np.float32))
    gaps = ~np.isfinite(x)
    if gaps.any():
        known = pd.DataFrame(np.where(gaps, np.nan, x))
        x = known.fillna(known.median()).fillna(0).to_numpy(dtype=np.float32)
    return x


def score(x, o, batch):
    """Higher is stranger; and the seconds of fitting."""
    begun = time.perf_counter()
    forest = IsolationForest(n_estimators=100, max_samples=min(256, len(x)),
                             n_jobs=o["jobs"],
                             random_state=o["seed"] * 1_000_003 + batch)
    with joblib.parallel_config("threading", n_jobs=o["jobs"]):
        forest.fit(x)
        fitted = time.perf_counter()
        return -forest.score_samples(x), fitted - begun


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        o = json.load(file)
    sklearn.set_config(assume_finite=True)
    begun = time.perf_counter()
    store = sqlite3.connect(o["db"], isolation_level=None)
    store.execute("pragma journal_mode=wal")
    store.execute("pragma synchronous=full")
    store.execute("create table flagged(batch, row, score, record)")
    kept, seconds = [], {"fit": 0.0, "score": 0.0, "commit": 0.0}
    rows = 0
    for batch, frame in enumerate(chunks(o), 1):
        x = matrix(frame)
        start = time.perf_counter()
        scores, fit_s = score(x, o, batch)
        scored = time.perf_counter()
        top = max(1, round(len(x) * o["share"]))
        places = np.argpartition(scores, -top)[-top:]
        places = places[np.argsort(-scores[places], kind="stable")]
        store.execute("begin immediate")
        store.executemany(
            "insert into flagged values(?,?,?,?)",
            ((batch, int(i), float(scores[i]), json.dumps(x[i].tolist()))
             for i in places))
        store.execute("commit")
        rows += len(x)
        seconds["fit"] += fit_s
        seconds["score"] += scored - start - fit_s
        seconds["commit"] += time.perf_counter() - scored
        if o["scores"]:
            kept.append(scores)
    store.close()
    if o["scores"]:
        np.concatenate(kept).astype("<f8").tofile(o["scores"])
    print(json.dumps({"rows": rows, "steps": seconds,
                      "seconds": time.perf_counter() - begun}))


if __name__ == "__main__":
    main()
