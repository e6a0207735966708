/*
 * fyke: finds the anomalies of a stream. This file picks the subcommand.
 */
#include "tools/fyke/cli.h"

#include "proto/host/cores.h"
#include "tools/fyke/standard.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POOL_THREADS_MIN 4
#define POOL_THREADS_MAX 64

/* libuv reads it once, at its first job: the pool's threads parse and merge,
 * and some of them wait for files. */
static void set_pool_threads(void)
{
    char text[16];
    unsigned threads = host_cores() + 2;
    if (threads < POOL_THREADS_MIN)
        threads = POOL_THREADS_MIN;
    if (threads > POOL_THREADS_MAX)
        threads = POOL_THREADS_MAX;
    (void)snprintf(text, sizeof text, "%u", threads);
    (void)setenv("UV_THREADPOOL_SIZE", text, 0);
}

/* One heap for all threads: a block of records is framed, parsed, merged and
 * freed by different ones, and with a heap each, every heap grows to the size
 * of what is in flight. Few and large allocations: nobody waits for the lock.
 */
static void set_heaps(void)
{
    (void)mallopt(M_ARENA_MAX, 1);
}

/* `fyke --version` and `fyke --help` are commands too. */
static char *as_command(char *word)
{
    static char version[] = "version";
    static char help[] = "help";
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
        return version;
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return help;
    return word;
}

int main(int argc, char **argv)
{
    struct fault fault = { 0 };
    int words = 0;
    standard_fill();
    standard_raise_limit();
    (void)signal(SIGPIPE, SIG_IGN); /* a write tells: EPIPE */
    set_heaps();
    set_pool_threads();
    if (argc < 2) {
        struct buf out;
        buf_init(&out, 65536);
        (void)command_list_print(&out);
        (void)fputs(buf_text(&out), stderr);
        buf_release(&out);
        return err_exit_code(ERR_USAGE);
    }
    argv[1] = as_command(argv[1]);
    const struct command *command =
        command_find(argc - 1, argv + 1, &words, &fault);
    if (command == NULL)
        return cli_fail(&fault);
    return command->run(command, argc - words, argv + words);
}
