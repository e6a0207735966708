#!/usr/bin/env python3
"""Run clang-tidy over our translation units, in parallel, remembering.

usage: tidy.py BUILD_DIR CACHE_DIR

A unit is checked again only when its preprocessed text (comments included,
since NOLINT is one), its command or .clang-tidy changed. Prints what
clang-tidy found; exits 1 when it found anything.
"""

import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys

CONFIGS = (".clang-tidy", "tests/.clang-tidy")
HEAD = re.compile(r"^([^:\s][^:\n]*)(:\d+:\d+: (?:error|warning): .*)$", re.M)


def units_of(build):
    root = os.getcwd()
    with open(f"{build}/compile_commands.json", encoding="utf-8") as file:
        entries = json.load(file)
    units = {}
    for entry in entries:
        path = os.path.normpath(os.path.join(entry["directory"],
                                             entry["file"]))
        inside = path.startswith(root + os.sep)
        if inside and not path.startswith(os.path.abspath(build) + os.sep):
            units.setdefault(os.path.relpath(path, root), entry)
    return units


def key_of(entry, config):
    """A digest of all that the verdict depends on; None if it cannot be."""
    words = shlex.split(entry["command"])
    kept, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word in ("-o", "-MF", "-MQ"):
            skip = True
        elif word not in ("-c", "-MD"):
            kept.append(word)
    done = subprocess.run(kept + ["-E", "-C"], cwd=entry["directory"],
                          capture_output=True, check=False)
    if done.returncode != 0:
        return None
    text = "\0".join(words).encode() + config + done.stdout
    return hashlib.sha256(text).hexdigest()


def check(build, cache, path, entry, config):
    """Returns what clang-tidy says; empty when it is content."""
    key = key_of(entry, config)
    seen = f"{cache}/{key}"
    if key and os.path.exists(seen):
        return ""
    done = subprocess.run(["clang-tidy", "--quiet", "-p", build, path],
                          capture_output=True, text=True, check=False)
    if done.returncode == 0:
        if key:
            with open(seen, "w", encoding="utf-8") as file:
                file.write(path + "\n")
        return ""
    return done.stdout + done.stderr


def main():
    build, cache = sys.argv[1:3]
    os.makedirs(cache, exist_ok=True)
    config = b""
    for name in CONFIGS:
        with open(name, "rb") as file:
            config += file.read()
    units, found, heads = units_of(build), 0, set()
    with concurrent.futures.ThreadPoolExecutor(
            len(os.sched_getaffinity(0))) as pool:
        for text in pool.map(lambda unit: check(build, cache, *unit, config),
                             sorted(units.items())):
            if text:
                found += 1
                print(text)
                heads |= set(HEAD.findall(text))
    for path, rest in sorted(heads):  # each once, headers are seen often
        print(f"{os.path.relpath(os.path.join(build, path))}{rest}")
    print(f"{len(units)} units, {found} with findings")
    return 1 if found or not units else 0


if __name__ == "__main__":
    sys.exit(main())
