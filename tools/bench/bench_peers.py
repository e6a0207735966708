"""Programs that are measured beside fyke in processes of their own: finding
them, running them on one CPU with one thread, and reading what they print."""

import os
import shutil
import subprocess
from pathlib import Path

import bench_lib as lib

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def environment(isa=None):
    """One thread for everybody; kernels of a level for fyke's."""
    env = dict(os.environ, **{name: "1" for name in ONE_THREAD})
    env.pop("FYKE_ISA", None)
    if isa is not None:
        env["FYKE_ISA"] = isa
    return env


def run(command, env):
    """What it printed."""
    done = subprocess.run([str(word) for word in command], env=env, text=True,
                          capture_output=True, check=False)
    if done.returncode != 0:
        raise lib.BenchError(f"{' '.join(map(str, command))}\nended with "
                             f"{done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout


def seconds_of(text):
    """{name: [seconds]} of a line `name_s=0.1,0.2 ...`"""
    return {key[:-2]: [float(s) for s in value.split(",")]
            for key, value in (word.split("=", 1) for word in text.split())}


def find_python(venv):
    """The Python of a virtual environment, or the one on PATH."""
    inside = Path(venv) / "bin" / "python"
    return str(inside) if inside.exists() else shutil.which("python3")


def has_module(python, name):
    return subprocess.run([python, "-c", f"import {name}"], check=False,
                          capture_output=True).returncode == 0
