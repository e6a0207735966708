# R's DBSCAN (package dbscan) of one file, for tools/bench/dbscan.
#
# usage: Rscript peer_dbscan.R FILE ROWS COLS EPS MIN_POINTS LABELS
#
# As peer_dbscan.py; R computes in double, and its noise is cluster 0.

suppressPackageStartupMessages(library(dbscan))
word <- commandArgs(trailingOnly = TRUE)
rows <- as.integer(word[2])
cols <- as.integer(word[3])
x <- matrix(readBin(word[1], "numeric", rows * cols, size = 4), rows, cols)
peak <- function() {
    line <- grep("^VmHWM", readLines("/proc/self/status"), value = TRUE)
    as.numeric(gsub("[^0-9]", "", line)) * 1024
}
invisible(gc())
before <- peak()
begun <- sum(proc.time()[1:2])
found <- dbscan(x, eps = as.numeric(word[4]), minPts = as.integer(word[5]))
seconds <- sum(proc.time()[1:2]) - begun
cat(sprintf("seconds=%.4f peak_bytes=%.0f\n", seconds, peak() - before))
writeBin(as.integer(found$cluster) - 1L, word[6])
