# faulty.py - Tools with a fault, to test what finds and reduces faults
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
#   faulty.py DIR internal OP     weftc fails where the model has the operator
#   faulty.py DIR swap OP OTHER   weftc compiles another operator, of as many letters
#   faulty.py DIR hops            weft-run reports one wavelet hop more, if any

import os
import sys

from weft.tools import tool

INTERNAL = """if grep -q "{0}" "$1"; then
  echo "weftc: internal: fault of the test" >&2; exit 3
fi
exec {real} "$@"
"""
SWAP = """model=$1; shift
sed "s/{0}/{1}/g" "$model" >"$model.swapped.onnx"
exec {real} "$model.swapped.onnx" "$@"
"""
HOPS = """{real} "$@"; code=$?
for word in "$@"; do
  case $word in --stats-json=*) stats=${{word#--stats-json=}};; esac
done
sed -i 's/"wavelet_hops": \\([1-9]\\)/"wavelet_hops": 1\\1/' "$stats"
exit $code
"""


def main():
    folder, kind, *words = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    body = {"internal": INTERNAL, "swap": SWAP, "hops": HOPS}[kind]
    faulty = "weft-run" if kind == "hops" else "weftc"
    for name in ("weftc", "weft-verify", "weft-run"):
        path = os.path.join(folder, name)
        if os.path.lexists(path):
            os.remove(path)
        if name != faulty:
            os.symlink(tool(name), path)
            continue
        with open(path, "w") as f:
            f.write("#!/bin/sh\n" + body.format(*words, real=tool(name)))
        os.chmod(path, 0o755)


if __name__ == "__main__":
    main()
