# test/integration/edit_plan.py - Turns every second product of a plan
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# `edit_plan.py IN OUT W H`: sets the rectangle, and swaps the axes x and y of
# every second gemm, so that its neighbours need relayouts. A line editor, as a
# user's would be; the plan is YAML with one value per line.

import sys

source, target, width, height = sys.argv[1:]
text = open(source).read()
head, *kernels = text.split("  - id:")
first = head.index("rectangle: [")
last = head.index("]", first)
head = head[:first] + f"rectangle: [ {width}, {height} " + head[last:]
swap = str.maketrans("xy", "yx")
gemms, out = 0, [head]
for kernel in kernels:
    if "algorithm:       'gemm" in kernel:
        gemms += 1
        if gemms % 2 == 0:
            kernel = "\n".join(
                line.split(":", 1)[0] + ":" + line.split(":", 1)[1].translate(swap)
                if line.strip().startswith(("operands:", "result:")) else line
                for line in kernel.split("\n"))
    out.append(kernel)
if gemms < 2:
    sys.exit("edit_plan: fewer than two products in the plan")
open(target, "w").write("  - id:".join(out))
