# shellcheck shell=bash
#
# digest.sh: builds tests/lib/kernel_digest.c and what it needs of the program,
# by any compiler. Sourced by scripts that have tap.sh.

digest_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# digest_flags BUILD_ROOT: "FILE FLAG..." for each kernel of an instruction-set
# level, as meson compiles it.
digest_flags() {
    python3 - "$1" "$digest_root" <<'END'
import json, os, sys

build, root = sys.argv[1:]
for entry in json.load(open(f"{build}/compile_commands.json")):
    path = os.path.join(entry["directory"], entry["file"])
    flags = [word for word in entry["command"].split()
             if word.startswith("-m") and word != "-march=native"]
    if flags:
        print(os.path.relpath(os.path.realpath(path), root), *flags)
END
}

# digest_build PROGRAM FLAGS COMPILER...: FLAGS is a file of what digest_flags
# printed; empty for another CPU, where there is plain C alone.
digest_build() (
    program=$1 flags=$2
    shift 2
    cc=("$@" -std=c17 -D_GNU_SOURCE -ffp-contract=off -I "$digest_root")
    cd "$digest_root" || exit
    objects=()
    for file in proto/base/*.c proto/wire/{block,payload}.c \
        proto/wire/{iforest,dbscan}*.c workers/detect/*.c workers/detect/*/*.c \
        tests/lib/kernel_digest.c; do
        read -r -a wanted <<<"$(grep "^$file " "$flags" || true)"
        case $file in
        *_avx2.c | *_avx512.c) [ ${#wanted[@]} -gt 0 ] || continue ;;
        esac
        objects+=("$program.${file//\//-}.o")
        "${cc[@]}" "${wanted[@]:1}" -c -o "${objects[-1]}" "$file" || exit
    done
    "${cc[@]}" -static -o "$program" "${objects[@]}" -lm
)
