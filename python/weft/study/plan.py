# weft/study/plan.py - The kernels of a model, and a plan that pins some of them
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# weftc obeys a plan of three lines: an id and an algorithm. Which id a node or a
# kind of op has, the plan that weftc writes tells. It is YAML, one value a line,
# as LLVM prints it; a reader of these four keys is all that is needed.

import json
import re

LINE = re.compile(r"^ +(?:- )?(id|op|algorithm): +(.*)$")
NODE = re.compile(r"^ +- \{ .*\bname: (.*) \}$")
ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)")
LETTERS = {"0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f",
           "r": "\r", "e": "\x1b", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029"}
AUTO = "auto"  # what the compiler chooses


class Unknown(Exception):
    """No kernel has the name; the message lists those there are."""


def unquoted(text):
    """The text of a YAML scalar in single, double or no quotes."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    if len(text) > 1 and text[0] == text[-1] == '"':
        return re.sub(ESCAPE, lambda m: chr(int(m[1][1:], 16)) if len(m[1]) > 1
                      else LETTERS.get(m[1], m[1]), text[1:-1])
    return text


def kernels_of(text):
    """[{'id', 'op', 'algorithm', 'nodes'}] of a plan as weftc writes it."""
    kernels = []
    for line in text.partition("\nkernels:\n")[2].splitlines():
        if node := NODE.match(line):
            kernels[-1]["nodes"].append(unquoted(node[1]))
        elif found := LINE.match(line):
            if found[1] == "id":
                kernels.append({"nodes": []})
            kernels[-1][found[1]] = unquoted(found[2])
    return kernels


def kinds(kernel):
    """'nn.gelu' and 'gelu'; of a chain those of its steps too."""
    ops = [kernel["op"], *kernel["op"].split(" + ")]
    return {*ops, *(op.partition(".")[2] for op in ops)}


def matching(kernels, name):
    """Those of the node `name`, else those of that kind."""
    of_node = [k for k in kernels if name in k["nodes"]]
    found = of_node or [k for k in kernels if name in kinds(k)]
    if not found:
        known = sorted({k["op"] for k in kernels})
        nodes = [n for k in kernels for n in k["nodes"]]
        raise Unknown(f"--algorithm: no kernel is of kind or node '{name}'; the "
                      f"kinds are {', '.join(known)}; "
                      + (f"{len(nodes)} nodes have kernels, as '{nodes[0]}'"
                         if nodes else "no node has a name"))
    return found


def pinned(kernels, choices):
    """A plan with the algorithms of `choices` [(node or kind, algorithm)]; where
    two name a kernel, the later one holds. None: nothing is pinned."""
    chosen = {}
    for name, algorithm in choices:
        for kernel in matching(kernels, name):
            chosen[int(kernel["id"])] = algorithm
    lines = [f"  - {{ id: {i}, algorithm: {json.dumps(a)} }}"
             for i, a in sorted(chosen.items()) if a != AUTO]
    return "\n".join(["kernels:", *lines, ""]) if lines else None
