# weft/tools.py - Finding and calling the executables
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# The executables are taken from $WEFT_BIN, else from build/dev/bin beside this
# package. A call prints its command where asked, so that a user can repeat by
# hand what a script did.

import os
import shlex
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


def bin_dir():
    return os.environ.get("WEFT_BIN") or os.path.join(ROOT, "build", "dev", "bin")


def tool(name):
    path = os.path.join(bin_dir(), name)
    if not os.path.exists(path):
        sys.exit(f"weft: error: no '{name}' in '{bin_dir()}': build it "
                 "('./bootstrap.sh build') or set WEFT_BIN")
    return path


def call(words, show=False, check=True, **options):
    """Runs a tool by name; a failure ends this program with its exit code."""
    command = [tool(words[0]), *map(str, words[1:])]
    if show:
        print("$ " + " ".join(map(shlex.quote, [words[0], *command[1:]])),
              flush=True)
    result = subprocess.run(command, **options)
    if check and result.returncode:
        for text in (result.stdout, result.stderr):
            if text:
                sys.stderr.write(text if isinstance(text, str) else text.decode())
        sys.exit(result.returncode if result.returncode > 0 else 3)
    return result
