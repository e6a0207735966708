# shellcheck shell=bash
#
# tap.sh: a tiny TAP producer for the integration tests, which are bash.
#
#   #!/usr/bin/env bash
#   . "$(dirname "$0")/../lib/tap.sh"
#   build=$1
#   fyke=$2
#
#   a_file_runs_to_the_end() {
#       printf '1\n2\n' >in.csv
#       "$fyke" run in.csv --db out.db || fail "run exited with $?"
#       same 2 "$(sqlite3 out.db 'select sum(rows_in) from batches')" rows_in
#   }
#
#   case_run "a file runs to the end" a_file_runs_to_the_end
#   tap_done
#
# case_run NAME FUNCTION [ARG...]  runs the function as one case: in a subshell
#     under `set -eu`, in a fresh empty folder, with its output held back and
#     shown as `#` lines only when the case fails. A command that fails ends
#     the case as failed. Variables set in a case are gone afterwards; what
#     cases share lies in files below $TAP_DIR. Background jobs that a case
#     leaves are killed, the stopped ones too.
# fail TEXT...         ends the case as failed.
# skip TEXT...         ends the case as skipped, with the reason.
# same WANT GOT WHAT   fails unless the two strings are equal.
# within SECONDS COMMAND...  waits until the command succeeds; false when it
#     does not in time. Say in the case what that means: `within 60 x || fail`.
# diag TEXT...         prints a `#` line at once.
# tap_done             prints the plan 1..N and ends the script: 0 if all
#     cases passed. A script that dies before it has no plan, and that fails.
#
# $TAP_DIR is this script's own folder for files; it is removed at the end
# (kept, and named, when FYKE_TEST_KEEP is set).

set -u

TAP_DIR=$(mktemp -d "${TMPDIR:-/tmp}/fyke-test.XXXXXX")
tap_count=0
tap_failed=0

tap_cleanup() {
    if [ -n "${FYKE_TEST_KEEP:-}" ]; then
        diag "kept $TAP_DIR"
    else
        rm -rf "$TAP_DIR"
    fi
}
trap tap_cleanup EXIT

diag() {
    printf '%s\n' "$*" | sed 's/^/# /'
}

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

skip() {
    printf '%s\n' "$*" >"$TAP_DIR/skip"
    exit 77
}

same() {
    [ "$1" = "$2" ] || fail "${3:-value}: want '$1', got '$2'"
}

within() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.05
    done
}

# Runs in the case's subshell when it ends, however it ends.
tap_kill_jobs() {
    local left
    left=$(jobs -p)
    # shellcheck disable=SC2086 # one word a process
    [ -z "$left" ] || kill -9 $left 2>/dev/null || true
}

tap_case() {
    trap tap_kill_jobs EXIT
    cd "$1" || exit 1
    shift
    set -e
    "$@"
}

case_run() {
    local name=$1 status
    shift
    tap_count=$((tap_count + 1))
    mkdir "$TAP_DIR/case-$tap_count"
    # Not behind `if` or `||`: there bash would ignore `set -e` inside.
    (tap_case "$TAP_DIR/case-$tap_count" "$@") \
        >"$TAP_DIR/output-$tap_count" 2>&1
    status=$?
    if [ "$status" -eq 0 ]; then
        printf 'ok %d - %s\n' "$tap_count" "$name"
    elif [ "$status" -eq 77 ] && [ -f "$TAP_DIR/skip" ]; then
        printf 'ok %d - %s # SKIP %s\n' "$tap_count" "$name" \
            "$(cat "$TAP_DIR/skip")"
        rm -f "$TAP_DIR/skip"
    else
        tap_failed=$((tap_failed + 1))
        printf 'not ok %d - %s\n' "$tap_count" "$name"
        printf '# exit status %d; the last lines of the case:\n' "$status"
        tail -n 60 "$TAP_DIR/output-$tap_count" | sed 's/^/# /'
    fi
}

tap_done() {
    printf '1..%d\n' "$tap_count"
    [ "$tap_failed" -eq 0 ]
    exit
}
