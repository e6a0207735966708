/*
 * That a server goes on listening. nng leaves the memory of a listener that
 * ended by mistake behind (2 KB each), so that this program ends without a
 * look at leaks.
 */
#include "tests/lib/tap.h"
#include "tests/stress/link_world.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct world w;

/* Connects and is gone, as a program that is killed just then. */
static bool knock(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%.100s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool knocked =
        connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return knocked;
}

static void peers_that_are_gone_at_once_do_not_end_the_listening(void)
{
    tap_check(world_listen(&w, world_ipc_url(&w)));
    for (uint32_t i = 0; i < 5; i++)
        tap_check(knock(w.url + strlen("ipc://")));
    world_sleep_ms(20);
    /* The listening is over now, for nng. A connection may still be lost with
     * the old listener: what counts is that one comes to work. */
    tap_check(world_dial(&w, 0));
    tap_check(world_ask(&w, 0, LINK_TASK, 2, 10) == 0);
    uint32_t times = 0;
    while (world_waiting(&w, &w.client[0], LINK_REPLY) == 0) {
        int anew = link_server_check(w.server.server);
        tap_expect(anew >= 0);
        times += anew > 0;
        if (world_waiting(&w, &w.server, LINK_REQUEST) > 0)
            tap_expect(world_answer(&w, world_hear(&w, 2, 10), 3, 10) == 0);
        if (world_waiting(&w, &w.client[0], LINK_FAILED) > 0) {
            world_skip(&w, &w.client[0], LINK_FAILED);
            tap_check(world_ask(&w, 0, LINK_TASK, 2, 10) == 0);
        }
        world_sleep_ms(10);
    }
    tap_check(world_receive(&w, 0, LINK_TASK, 3, 10));
    printf("# listened anew %u times\n", times);
}

static void looking_at_a_listener_that_is_well_changes_nothing(void)
{
    tap_check(world_listen(&w, world_ipc_url(&w)));
    tap_check(world_dial(&w, 0));
    tap_check(world_round_trip(&w, 0, 1, 10));
    tap_check(world_dial(&w, 1));
    tap_check(world_round_trip(&w, 1, 1, 10));
    world_close_client(&w, 1);
    for (uint32_t i = 0; i < 20; i++) {
        tap_check(link_server_check(w.server.server) == 0);
        tap_check(world_round_trip(&w, 0, i, 10));
    }
    tap_check(world_waiting(&w, &w.client[0], LINK_DOWN) == 0);
}

int main(void)
{
    world_init(&w);
    tap_case("looking_at_a_listener_that_is_well_changes_nothing",
             looking_at_a_listener_that_is_well_changes_nothing);
    world_release(&w);
    world_init(&w);
    tap_case("peers_that_are_gone_at_once_do_not_end_the_listening",
             peers_that_are_gone_at_once_do_not_end_the_listening);
    world_release(&w);
    int exit_code = tap_end();
    (void)fflush(stdout);
    _exit(exit_code);
}
