/*
 * Cores: affinity, Slurm, and quotas in cgroup trees of our own making.
 */
#include "proto/host/cores.h"
#include "proto/host/file.h"
#include "tests/lib/folder.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A root made afresh in each test's process. */
static char root[64];

static void make_root(void)
{
    strcpy(root, "/tmp/fyke-cores-XXXXXX");
    cr_assert_not_null(mkdtemp(root));
}

static void drop_root(void)
{
    cr_assert_eq(folder_remove(root), 0);
}

TestSuite(cores, .init = make_root, .fini = drop_root);

/* Writes a file below the root, making the folders on the way. */
static void put(const char *path, const char *text)
{
    char full[512];
    snprintf(full, sizeof full, "%s/%s", root, path);
    for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')); p++) {
        *p = 0;
        (void)mkdir(full, 0700);
        *p = '/';
    }
    cr_assert_eq(file_replace(full, text, strlen(text), 0600), 0);
}

Test(cores, there_is_always_one)
{
    cr_assert_geq(host_cores(), 1);
}

Test(cores, affinity_limits)
{
    cpu_set_t all, one;
    cr_assert_eq(sched_getaffinity(0, sizeof all, &all), 0);
    cr_assert_leq(host_cores(), (unsigned)CPU_COUNT(&all));
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &all) && CPU_COUNT(&one) == 0)
            CPU_SET(i, &one);
    cr_assert_eq(sched_setaffinity(0, sizeof one, &one), 0);
    cr_assert_eq(host_cores(), 1);
}

Test(cores, slurm_s_share_limits_and_never_adds)
{
    unsetenv("SLURM_CPUS_PER_TASK");
    unsigned all = host_cores();
    setenv("SLURM_CPUS_PER_TASK", "1", 1);
    cr_assert_eq(host_cores(), 1);
    setenv("SLURM_CPUS_PER_TASK", "100000", 1);
    cr_assert_eq(host_cores(), all);
    setenv("SLURM_CPUS_PER_TASK", "many", 1);
    cr_assert_eq(host_cores(), all);
    setenv("SLURM_CPUS_PER_TASK", "0", 1);
    cr_assert_eq(host_cores(), all);
}

Test(cores, a_version_2_quota_is_rounded_up)
{
    put("a/b/cpu.max", "250000 100000\n");
    cr_assert_eq(host_cores_quota("0::/a/b\n", root), 3);
    put("a/b/cpu.max", "200000 100000\n");
    cr_assert_eq(host_cores_quota("0::/a/b\n", root), 2);
    put("a/b/cpu.max", "5000 100000\n");
    cr_assert_eq(host_cores_quota("0::/a/b\n", root), 1);
}

Test(cores, max_is_no_quota)
{
    put("a/cpu.max", "max 100000\n");
    cr_assert_eq(host_cores_quota("0::/a\n", root), 0);
    cr_assert_eq(host_cores_quota("0::/not/there\n", root), 0);
    cr_assert_eq(host_cores_quota("", root), 0);
    cr_assert_eq(host_cores_quota("nonsense\n::\n0:\n", root), 0);
    put("a/cpu.max", "100000\n");
    cr_assert_eq(host_cores_quota("0::/a\n", root), 0);
    put("a/cpu.max", "100000 0\n");
    cr_assert_eq(host_cores_quota("0::/a\n", root), 0);
}

Test(cores, the_smallest_quota_on_the_way_up_counts)
{
    put("a/cpu.max", "200000 100000\n");
    put("a/b/cpu.max", "800000 100000\n");
    put("a/b/c/cpu.max", "max 100000\n");
    cr_assert_eq(host_cores_quota("0::/a/b/c\n", root), 2);
}

Test(cores, inside_a_container_the_root_counts)
{
    put("cpu.max", "300000 100000\n");
    cr_assert_eq(host_cores_quota("0::/\n", root), 3);
    cr_assert_eq(host_cores_quota("0::/../../x\n", root), 3);
    cr_assert_eq(host_cores_quota("0::/docker/0123\n", root), 3);
}

Test(cores, version_1_quotas_are_read)
{
    const char *membership = "9:memory:/m\n4:cpu,cpuacct:/job/7\n1:name=x:/\n";
    put("cpu/job/7/cpu.cfs_quota_us", "150000\n");
    put("cpu/job/7/cpu.cfs_period_us", "50000\n");
    cr_assert_eq(host_cores_quota(membership, root), 3);
    put("cpu/job/7/cpu.cfs_quota_us", "-1\n");
    cr_assert_eq(host_cores_quota(membership, root), 0);
    put("cpu,cpuacct/cpu.cfs_quota_us", "100000\n");
    put("cpu,cpuacct/cpu.cfs_period_us", "50000\n");
    cr_assert_eq(host_cores_quota(membership, root), 2);
    cr_assert_eq(host_cores_quota("4:cpu:/job/7\n", root), 2);
    cr_assert_eq(host_cores_quota("4:cpuacct,cpu:/job/7\n", root), 2);
    cr_assert_eq(host_cores_quota("3:cpuset:/job/7\n", root), 0);
}

Test(cores, the_level_of_instructions_comes_from_the_environment)
{
    struct fault fault;
    enum isa isa = ISA_AVX2;
    unsetenv("FYKE_ISA");
    cr_assert_eq(host_isa(&isa, &fault), 0);
    cr_assert_eq(isa, ISA_BEST);
    setenv("FYKE_ISA", "", 1);
    cr_assert_eq(host_isa(&isa, &fault), 0);
    setenv("FYKE_ISA", "c", 1);
    cr_assert_eq(host_isa(&isa, &fault), 0);
    cr_assert_eq(isa, ISA_C);
    setenv("FYKE_ISA", "avx1024", 1);
    cr_assert_eq(host_isa(&isa, &fault), ERR_USAGE);
    cr_assert_eq(fault.err, ERR_USAGE);
    cr_assert_not_null(strstr(fault.text, "FYKE_ISA=avx1024"));
}
