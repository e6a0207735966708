/* What a URL of a link may look like. No socket is opened. */
#include "proto/link/link.h"
#include "tests/lib/tap.h"

static void good_urls_are_taken(void)
{
    const char *good[] = {
        "ipc:///tmp/x",         "ipc://x",
        "tcp://127.0.0.1:7117", "tcp://localhost:0",
        "tcp://[::1]:65535",    "tcp://node-3.cluster.example:7117",
        "tcp://0.0.0.0:7117",   "tcp://*:7117",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct fault f = { 0 };
        if (!tap_expect(link_url_check(good[i], &f) == 0))
            printf("# %s: %s\n", good[i], f.text);
    }
}

static void bad_urls_are_refused_with_the_url_in_the_words(void)
{
    const char *bad[] = {
        "",
        "7117",
        "localhost:7117",
        "http://localhost:7117",
        "inproc://x",
        "ipc://",
        "tcp://",
        "tcp://localhost",
        "tcp://:7117",
        "tcp://localhost:",
        "tcp://localhost:x",
        "tcp://localhost:-1",
        "tcp://localhost:65536",
        "tcp://localhost:071171",
        "tcp://::1:7117",
        "tcp://[::1]",
        "tcp://[]:7117",
        "tcp://a b:7117",
        "tcp://a/b:7117",
        "tcp://user@host:7117",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct fault f = { 0 };
        if (!tap_expect(link_url_check(bad[i], &f) == ERR_INVALID) ||
            !tap_expect(strstr(f.text, bad[i]) != NULL))
            printf("# %s\n", bad[i]);
    }
}

static void an_ipc_path_has_at_most_105_bytes(void)
{
    char url[256] = "ipc://";
    memset(url + 6, 'a', 105);
    struct fault f = { 0 };
    tap_check(link_url_check(url, &f) == 0);
    url[6 + 105] = 'a';
    tap_check(link_url_check(url, &f) == ERR_INVALID);
}

static void local_is_what_does_not_leave_this_machine(void)
{
    tap_check(link_url_is_local("ipc:///tmp/x"));
    tap_check(link_url_is_local("inproc://x"));
    tap_check(link_url_is_local("tcp://127.0.0.1:1"));
    tap_check(link_url_is_local("tcp://127.9.9.9:1"));
    tap_check(link_url_is_local("tcp://localhost:1"));
    tap_check(link_url_is_local("tcp://[::1]:1"));
    tap_check(!link_url_is_local("tcp://0.0.0.0:1"));
    tap_check(!link_url_is_local("tcp://*:1"));
    tap_check(!link_url_is_local("tcp://[::]:1"));
    tap_check(!link_url_is_local("tcp://10.0.0.1:1"));
    tap_check(!link_url_is_local("tcp://127.0.0.1.example.com:1"));
    tap_check(!link_url_is_local("tcp://127:1"));
    tap_check(!link_url_is_local("tcp://localhost.example.com:1"));
    tap_check(!link_url_is_local("nonsense"));
}

int main(void)
{
    tap_case("good_urls_are_taken", good_urls_are_taken);
    tap_case("bad_urls_are_refused_with_the_url_in_the_words",
             bad_urls_are_refused_with_the_url_in_the_words);
    tap_case("an_ipc_path_has_at_most_105_bytes",
             an_ipc_path_has_at_most_105_bytes);
    tap_case("local_is_what_does_not_leave_this_machine",
             local_is_what_does_not_leave_this_machine);
    return tap_end();
}
