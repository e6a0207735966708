/*
 * What DBSCAN's tasks and their self-test share. Internal to the room.
 */
#ifndef FYKE_WORKERS_DBSCAN_TASK_H
#define FYKE_WORKERS_DBSCAN_TASK_H

#include <stdint.h>

/* Runs every kind of task on built-in points and hashes what comes out; 0
 * when memory is short, which no other worker answers. */
uint64_t dbscan_selftest(void);

#endif
