/*
 * fyke run INPUT
 */
#include "engine/shell/settings.h"
#include "tools/fyke/drive.h"

static int run_main(const struct command *command, int argc, char **argv)
{
    return drive_engine(command, argc, argv,
                        "give a file, - for stdin, or host:processes; try: "
                        "fyke run host:processes");
}

const struct command command_run = {
    .name = "run",
    .summary = "find the anomalies of a file, a pipe or this machine",
    .usage = "[flags] INPUT",
    .about =
        "Reads INPUT, cuts it into batches, has worker processes of its own "
        "look at every\nrow with isolation forests, DBSCAN or both, and "
        "commits what is strange to one\nSQLite file. INPUT is a CSV or "
        "NDJSON file, - for standard input, or\nhost:processes: a row per "
        "process of this machine and sample.\n\n"
        "Format, columns and their roles are inferred from the first rows "
        "(fyke check\ninput FILE shows them) and kept in the database. Run "
        "the same command again and\nit goes on where the last commit ended. "
        "Ctrl-C finishes what is under way and\ncommits it; a second one "
        "stops at once, which is safe.\n\n"
        "Every scored row has a severity from 0 to 100: the share of recent "
        "rows that\nwere less strange. Rows at --severity and above are "
        "flagged (view anomalies);\nnear misses from 99 up are kept too "
        "(view candidates).\n",
    .examples =
        "  fyke run host:processes --every 100ms --for 30s\n"
        "  fyke run payments.csv --key CUSTOMER_ID\n"
        "  tail -F app.ndjson | fyke run - --db app.fyke.db\n"
        "  fyke run payments.csv --detector iforest,dbscan --votes all\n"
        "  fyke run today.csv --train history.csv\n"
        "  sqlite3 -readonly -box payments.fyke.db \"select * from "
        "anomalies\"\n",
    .exits = "  0 ok, also when stopped by Ctrl-C   1 failed, or rows of a "
             "pipe were lost\n"
             "  2 usage, or a named column does not exist   65 the content "
             "cannot be used\n"
             "  74 missing, unreadable, I/O error   75 the database is in use "
             "by another run\n"
             "  78 the configuration file is wrong, or the database would lie "
             "on a network\n     file system\n",
    .options = settings_run,
    .option_count = &settings_run_count,
    .run = run_main,
};
