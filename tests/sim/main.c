/*
 * sim --seeds A..B [--tap]   many worlds; --tap: one case per 100
 * sim --seed N [--trace]     one world
 * sim --golden NAME          the trace of a scripted world
 * sim --golden-check FOLDER  all of them, compared with those kept
 */
#include "tests/sim/golden.h"
#include "tests/sim/sim.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GROUP 100u

static char replay_text[96];
static bool is_tap;

static void say_replay(int signal_number)
{
    (void)signal_number;
    static const char bail[] = "Bail out! see stderr\n";
    ssize_t n = write(STDERR_FILENO, replay_text, strlen(replay_text));
    n += is_tap ? write(STDOUT_FILENO, bail, sizeof bail - 1) : 0;
    (void)n;
    signal(SIGABRT, SIG_DFL);
    abort();
}

static void run_seed(uint64_t seed, FILE *trace, struct sim_outcome *total)
{
    struct sim_outcome one;
    snprintf(replay_text, sizeof replay_text,
             "replay: sim --seed %" PRIu64 " --trace\n", seed);
    sim_seed(seed, trace, &one);
    total->batches += one.batches;
    total->steps += one.steps;
    total->took_us += one.took_us;
    total->restarts += one.restarts;
    total->changes += one.changes;
    total->taken_back += one.taken_back;
    total->coord.retries += one.coord.retries;
    total->coord.duplicates += one.coord.duplicates;
    total->coord.invalid += one.coord.invalid;
    total->coord.overruns += one.coord.overruns;
    total->coord.speculations += one.coord.speculations;
    for (uint32_t i = 0; i < 32; i++) {
        total->notes[i] += one.notes[i];
    }
}

static void print_total(const struct sim_outcome *t, uint64_t seeds)
{
    printf("# %" PRIu64 " seeds, %" PRIu64 " batches, %" PRIu64
           " steps, %.0f s of virtual time, %" PRIu64 " restarts, %" PRIu64
           " changes, %" PRIu64 " taken back\n",
           seeds, t->batches, t->steps, (double)t->took_us / 1e6, t->restarts,
           t->changes, t->taken_back);
    printf("# retries %" PRIu64 ", duplicates %" PRIu64 ", invalid %" PRIu64
           ", overruns %" PRIu64 ", speculations %" PRIu64 "\n",
           t->coord.retries, t->coord.duplicates, t->coord.invalid,
           t->coord.overruns, t->coord.speculations);
    for (enum coord_note n = COORD_NOTE_WORKER_JOINED; n <= COORD_NOTE_INTERVAL;
         n++) {
        printf("# note %s: %" PRIu64 "\n", coord_note_name(n), t->notes[n]);
    }
}

static int run_seeds(uint64_t first, uint64_t last)
{
    bool tap = is_tap;
    struct sim_outcome total = { 0 };
    uint64_t groups = (last - first) / GROUP + 1;
    if (tap) {
        printf("1..%" PRIu64 "\n", groups);
    }
    for (uint64_t g = 0; g < groups; g++) {
        uint64_t from = first + g * GROUP;
        uint64_t to = from + GROUP - 1 < last ? from + GROUP - 1 : last;
        for (uint64_t seed = from; seed <= to; seed++) {
            run_seed(seed, NULL, &total);
        }
        if (tap) {
            printf("ok %" PRIu64 " - seeds %" PRIu64 " to %" PRIu64
                   " end as without faults\n",
                   g + 1, from, to);
            fflush(stdout);
        }
    }
    print_total(&total, last - first + 1);
    return 0;
}

static int usage(void)
{
    fprintf(stderr, "usage: sim --seeds A..B [--tap]\n"
                    "       sim --seed N [--trace]\n"
                    "       sim --golden NAME\n"
                    "       sim --golden-check FOLDER\n");
    return 2;
}

int main(int argc, char **argv)
{
    signal(SIGABRT, say_replay);
    if (argc < 3) {
        return usage();
    }
    char *end;
    if (strcmp(argv[1], "--golden") == 0) {
        return golden_print(argv[2], stdout) == 0 ? 0 : usage();
    }
    if (strcmp(argv[1], "--golden-check") == 0) {
        return golden_check(argv[2]);
    }
    uint64_t first = strtoull(argv[2], &end, 10);
    bool extra = argc > 3;
    if (strcmp(argv[1], "--seed") == 0 && *end == 0) {
        struct sim_outcome one = { 0 };
        run_seed(first, extra ? stdout : NULL, &one);
        print_total(&one, 1);
        return 0;
    }
    if (strcmp(argv[1], "--seeds") == 0 && strncmp(end, "..", 2) == 0) {
        is_tap = extra;
        return run_seeds(first, strtoull(end + 2, NULL, 10));
    }
    return usage();
}
