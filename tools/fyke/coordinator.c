/*
 * fyke coordinator --listen URL INPUT
 */
#include "engine/shell/settings.h"
#include "tools/fyke/drive.h"

static int coordinator_main(const struct command *command, int argc,
                            char **argv)
{
    return drive_engine(command, argc, argv,
                        "give a file, - for stdin, or host:processes; try: "
                        "fyke coordinator --listen tcp://127.0.0.1:7117 "
                        "FILE");
}

const struct command command_coordinator = {
    .name = "coordinator",
    .summary = "the same for workers that join over the network",
    .usage = "[flags] INPUT",
    .about =
        "As fyke run, but workers come from outside: start fyke worker --join "
        "URL as\noften as you like, on any machine, before or after. Without "
        "a worker the stream\nwaits and says so. Workers may come, go, stall "
        "and die at any time; the results\nare the same.\n\n"
        "Nothing on the wire is encrypted yet. An address that is not of "
        "this machine\nneeds --allow-plaintext: use it inside a network that "
        "you trust only.\n",
    .examples =
        "  fyke coordinator --listen tcp://127.0.0.1:7117 payments.csv\n"
        "  fyke coordinator --listen tcp://127.0.0.1:0 --url-file url "
        "payments.csv &\n"
        "  fyke worker --join \"$(cat url)\"\n",
    .exits = "  as fyke run\n",
    .options = settings_coordinator,
    .option_count = &settings_coordinator_count,
    .run = coordinator_main,
};
