"""The same pipeline in Spark Structured Streaming: a file source that takes
one file (a batch) per trigger, scikit-learn's isolation forest in mapInPandas
over Arrow, a checkpoint, and foreachBatch into sqlite3 in one transaction.

usage: peer_spark.py OPTIONS.json

The options: folder (of CSV files, one per batch), delimiter, header, columns
(names, in order), features (names), batch, cores, seed, share, db, checkpoint.
Prints one JSON object: batches, seconds, and steps: the seconds before the
first and the median of each part of a batch.

Written as one would for speed: a schema instead of inference, files cut
beforehand, one Arrow record batch per file, as many partitions as cores for
scoring only where a file is large enough that Spark itself splits it (the
forest is then fitted per partition), Python workers that are used again, no
shuffle, no user interface, and only the flagged rows leave the executors.
"""

import json
import os
import sqlite3
import sys
import time


def scorer(o):
    """The function that mapInPandas runs in the Python workers."""
    share = o["share"]
    cores, seed, batch = o["cores"], o["seed"], o["batch"]

    def score(frames):
        import joblib
        import numpy as np
        import pandas as pd
        import sklearn
        from sklearn.ensemble import IsolationForest

        parts = [frame for frame in frames if len(frame)]
        if not parts:
            return
        sklearn.set_config(assume_finite=True)
        frame = parts[0] if len(parts) == 1 else pd.concat(parts)
        frame = frame.astype("float32", copy=False)
        if frame.isna().any(axis=None):
            frame = frame.fillna(frame.median()).fillna(0)
        x = np.ascontiguousarray(frame.to_numpy())
        # A file that is one partition has the machine to itself.
        jobs = cores if len(x) >= batch else 1
        forest = IsolationForest(n_estimators=100,
                                 max_samples=min(256, len(x)), n_jobs=jobs,
                                 random_state=seed)
        with joblib.parallel_config("threading", n_jobs=jobs):
            scores = -forest.fit(x).score_samples(x)
        top = max(1, round(len(x) * share))
        places = np.argpartition(scores, -top)[-top:]
        out = frame.iloc[places].copy()
        out.insert(0, "score", scores[places].astype("float32"))
        yield out

    return score


def sink(o):
    store = sqlite3.connect(o["db"], isolation_level=None,
                            check_same_thread=False)
    store.execute("pragma journal_mode=wal")
    store.execute("pragma synchronous=full")
    store.execute("create table flagged(batch, score, record)")

    def write(frame, batch):
        rows = frame.collect()
        store.execute("begin immediate")
        store.execute("delete from flagged where batch=?", (batch,))
        store.executemany(
            "insert into flagged values(?,?,?)",
            ((batch, row[0], json.dumps(list(row)[1:])) for row in rows))
        store.execute("commit")

    return store, write


def medians(query):
    """Seconds of what Spark says a batch was made of: `addBatch` is the work,
    the rest its own."""
    found = {}
    for progress in query.recentProgress:
        for name, ms in progress.durationMs.items():
            found.setdefault(name, []).append(ms / 1000)
    return {name: sorted(values)[len(values) // 2]
            for name, values in found.items()}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        o = json.load(file)
    begun = time.perf_counter()
    os.environ["PYSPARK_PYTHON"] = sys.executable
    from pyspark.sql import SparkSession
    from pyspark.sql.types import (
        FloatType,
        StringType,
        StructField,
        StructType,
    )

    spark = (
        SparkSession.builder.master(f"local[{o['cores']}]")
        .appName("bench")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.memory", "2g")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", str(o["cores"]))
        .config("spark.sql.execution.arrow.pyspark.enabled", "true")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch",
                str(o["batch"]))
        .config("spark.python.worker.reuse", "true")
        .getOrCreate())
    spark.sparkContext.setLogLevel("ERROR")
    ready = time.perf_counter()
    schema = StructType([
        StructField(name, FloatType() if name in o["features"]
                    else StringType()) for name in o["columns"]])
    flagged = StructType([StructField(name, FloatType())
                          for name in ["score", *o["features"]]])
    store, write = sink(o)
    query = (
        spark.readStream.schema(schema).option("header", o["header"])
        .option("sep", o["delimiter"]).option("maxFilesPerTrigger", 1)
        .csv(o["folder"]).select(*(f"`{name}`" for name in o["features"]))
        .mapInPandas(scorer(o), flagged)
        .writeStream.foreachBatch(write)
        .option("checkpointLocation", o["checkpoint"])
        .trigger(availableNow=True).start())
    query.awaitTermination()
    done = time.perf_counter()
    steps = dict(medians(query), start=ready - begun)
    batches = store.execute(
        "select count(distinct batch) from flagged").fetchone()[0]
    store.close()
    spark.stop()
    print(json.dumps({"batches": batches, "seconds": done - ready,
                      "steps": steps}))


if __name__ == "__main__":
    main()
