/*
 * fyke version
 */
#include "tools/fyke/cli.h"

#include "proto/wire/wire.h"
#include "tools/fyke/version.h"
#include "workers/detect/compute.h"

#include <inttypes.h>

static int version_run(const struct command *command, int argc, char **argv)
{
    struct cli_parse parse = { 0 };
    struct buf out;
    int exit_code;
    if (cli_parse(command, argc, argv, &parse, &exit_code) != 0)
        return exit_code;
    buf_init(&out, 4096);
    (void)buf_printf(&out,
                     "fyke %s\n"
                     "wire %u, algorithm %u, self-test %016" PRIx64 "\n",
                     FYKE_VERSION, WIRE_VERSION, compute_algorithm_version(),
                     compute_selftest_digest());
    exit_code = cli_print(&out);
    buf_release(&out);
    return exit_code;
}

const struct command command_version = {
    .name = "version",
    .summary = "print the version, and what must be equal in a cluster",
    .usage = "",
    .about =
        "Prints the program's version, then the version of the messages "
        "between\ncoordinator and workers, that of the algorithms, and the "
        "digest of the\nnumeric self-test. A worker whose second line differs "
        "from its coordinator's\nis refused: it would compute other "
        "numbers.\n",
    .exits = "  0 ok\n",
    .run = version_run,
};
