"""How long Spark Structured Streaming takes for a batch in which nothing is
read, parsed or computed: its rate source makes the rows.

usage: peer_spark_interval.py OPTIONS.json

The options: sink ("none" or "file", CSV), interval_ms (0 = back to back),
batches, rows (of a batch), late_max (so many triggers longer than interval_ms
at most; it ends early when there are more), cores, folder. Prints one JSON
object: trigger_ms, what each trigger took from its begin to its end.
"""

import json
import sys
import time

WARM_BATCHES = 50
LOOKS = (300, 1000)  # batches; each look costs the run something


def session(o):
    from pyspark.sql import SparkSession

    spark = (
        SparkSession.builder.master(f"local[{o['cores']}]")
        .appName("bench")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.memory", "2g")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.streaming.numRecentProgressUpdates",
                str(2 * (o["batches"] + WARM_BATCHES)))
        .getOrCreate())
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def start(spark, o):
    rows = (spark.readStream.format("rate-micro-batch")
            .option("rowsPerBatch", o["rows"]).option("numPartitions", 1)
            .load())
    writer = (rows.writeStream
              .option("checkpointLocation", o["folder"] + "/checkpoint")
              .trigger(processingTime=f"{o['interval_ms']:.0f} milliseconds"))
    if o["sink"] == "none":
        return writer.format("noop").start()
    return writer.format("csv").option("path", o["folder"] + "/out").start()


def triggers(query, batches):
    """Milliseconds of each that is measured."""
    return [p.durationMs["triggerExecution"] for p in query.recentProgress
            if WARM_BATCHES <= p.batchId < WARM_BATCHES + batches
            and p.numInputRows > 0]


def wait_for(query, batches):
    """Until so many are measured; false when the query ended."""
    while query.isActive:
        last = query.lastProgress
        if last is not None and last.batchId + 1 >= WARM_BATCHES + batches:
            return True
        time.sleep(0.5)
    return False


def too_late(query, o):
    found = triggers(query, o["batches"])
    return sum(1 for ms in found if ms > o["interval_ms"]) > o["late_max"]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        o = json.load(file)
    spark = session(o)
    query = start(spark, o)
    looks = LOOKS if o["interval_ms"] > 0 else ()
    for count in [*(n for n in looks if n < o["batches"]), o["batches"]]:
        if not wait_for(query, count) or (count < o["batches"]
                                          and too_late(query, o)):
            break
    if query.exception() is not None:
        raise query.exception()
    query.stop()
    found = triggers(query, o["batches"])
    spark.stop()
    print(json.dumps({"trigger_ms": found}))


if __name__ == "__main__":
    main()
