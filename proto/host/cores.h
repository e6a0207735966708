/*
 * How many cores this process may use, and which of their instructions.
 */
#ifndef FYKE_HOST_CORES_H
#define FYKE_HOST_CORES_H

#include "proto/base/isa.h"

/* The smallest of: the CPUs that the scheduler lets us run on, the cgroup
 * quota (v2 and v1, rounded up to whole cores) and SLURM_CPUS_PER_TASK.
 * At least 1. */
unsigned host_cores(void);

/* The cgroup quota in whole cores, rounded up; 0 for none. `membership` is
 * the text of /proc/self/cgroup, `root` where cgroups are mounted
 * (/sys/fs/cgroup). Every level up to the root counts; in a container, whose
 * path may not exist below its own mount, the root is what remains. */
unsigned host_cores_quota(const char *membership, const char *root);

/* The level that $FYKE_ISA names, ISA_BEST when it is empty or not set.
 * Errors: ERR_USAGE with a fault that names the choices. */
FYKE_MUST_USE int host_isa(enum isa *ret_isa, struct fault *fault);

#endif
