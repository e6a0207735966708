"""How long Spark Structured Streaming takes for a batch in which nothing is
read, parsed or computed: its rate source makes the rows.

usage: peer_spark_interval.py OPTIONS.json

The options: sink ("none" or "file", CSV), interval_ms (0 = back to back),
batches, rows (of a batch), cores, folder. Prints one JSON object: trigger_ms,
what each trigger took from its begin to its end.
"""

import json
import sys
import time

WARM_BATCHES = 50


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


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        o = json.load(file)
    spark = session(o)
    query = start(spark, o)
    wanted = o["batches"] + WARM_BATCHES
    while query.isActive and (query.lastProgress is None
                              or query.lastProgress.batchId + 1 < wanted):
        time.sleep(0.5)
    if query.exception() is not None:
        raise query.exception()
    query.stop()
    found = [p.durationMs["triggerExecution"] for p in query.recentProgress
             if WARM_BATCHES <= p.batchId < wanted and p.numInputRows > 0]
    spark.stop()
    print(json.dumps({"trigger_ms": found}))


if __name__ == "__main__":
    main()
