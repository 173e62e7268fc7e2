# exit.py - Runs a command and checks its exit code
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# exit.py CODE COMMAND...: `not` only tells failure from success.

import subprocess
import sys

code = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL,
                      stderr=subprocess.DEVNULL).returncode
if code != int(sys.argv[1]):
    sys.exit(f"{sys.argv[2]} exits with {code}, expected {sys.argv[1]}")
