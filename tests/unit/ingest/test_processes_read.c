#include "engine/ingest/processes_read.h"
#include "tests/unit/ingest/support.h"

#include <fcntl.h>
#include <unistd.h>

static const char stat_text[] =
    "81234 (a (b) c) R 1 81234 1 0 -1 4194304 100 7 20 7 300 40 5 6 20 0 3 0 "
    "268488 3133440 390 18446744073709551615 94741995368448 0 0 0\n";

Test(processes_read, names_may_hold_blanks_and_parentheses)
{
    struct process_state s = { 0 };
    bool kernel = true;
    cr_assert(process_parse_stat(stat_text, 4096, &s, &kernel));
    cr_expect_str_eq(s.name, "a (b) c");
    cr_expect_not(kernel);
    cr_expect_eq(s.faults, 120);
    cr_expect_eq(s.cpu_ticks, 340);
    cr_expect_eq(s.threads, 3);
    cr_expect_eq(s.start_ticks, 268488);
    cr_expect_eq(s.rss_bytes, 390 * 4096);
}

Test(processes_read, kernel_threads_and_zombies_have_nothing_to_measure)
{
    struct process_state s;
    bool kernel = false;
    cr_assert(process_parse_stat(
        "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 1 0 0 0\n",
        4096, &s, &kernel));
    cr_expect(kernel);
    kernel = false;
    cr_assert(process_parse_stat(
        "9 (gone) Z 1 0 0 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 1 0 0 0\n",
        4096, &s, &kernel));
    cr_expect(kernel);
}

Test(processes_read, damaged_text_is_refused)
{
    struct process_state s;
    bool kernel;
    cr_expect_not(process_parse_stat("", 4096, &s, &kernel));
    cr_expect_not(process_parse_stat("1 (a", 4096, &s, &kernel));
    cr_expect_not(process_parse_stat("1 (a) R 1 2 3", 4096, &s, &kernel));
}

Test(processes_read, reads_this_process)
{
    struct process_state s;
    int fd = open("/proc", O_RDONLY | O_DIRECTORY);
    cr_assert_eq(process_read(fd, (uint32_t)getpid(), &s), PROCESS_USER);
    cr_expect_eq(s.pid, (uint32_t)getpid());
    cr_expect_gt(s.rss_bytes, 100000);
    cr_expect_geq(s.threads, 1);
    cr_expect(s.has & PROCESS_FILES);
    cr_expect_geq(s.open_files, 4);
    cr_expect_eq(process_read(fd, 0x7ffffff0u, &s), PROCESS_GONE);
    close(fd);
}
