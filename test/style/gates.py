# test/style/gates.py - The house style, as far as a script can tell
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Each gate reads the sources and prints one line per offence, with file and
# line; it says nothing else. `gates.py GATE SOURCE [BUILD]`, exit code 1 on any
# offence. The rules themselves are in docs/README.md.

import ast
import collections
import json
import os
import re
import subprocess
import sys

CXX = (".h", ".cpp")
LLVM = "/usr/lib/llvm-22"
# Libraries and tools that know neither MLIR nor our dialects.
LIGHT = ["Support", "Target", "Binary", "Sim", "Verify", "Cost", "Compare",
         "Solve"]
LIGHT_TOOLS = ["weft-run", "weft-verify", "weft-objdump"]
MAX_FUNCTION, MAX_MAIN, MAX_SUMMARY = 100, 25, 80


def sources(root, suffixes, folders):
    for folder in folders:
        for here, dirs, files in os.walk(os.path.join(root, folder)):
            dirs[:] = sorted(d for d in dirs
                             if d not in ("Output", "data", "Inputs", "__pycache__"))
            for name in sorted(files):
                if name.endswith(suffixes):
                    yield os.path.join(here, name)


ALL = ["include", "lib", "dialects", "tools", "test", "bench"]


def gate_format(root, _):
    """clang-format has nothing to change."""
    files = list(sources(root, CXX, ALL))
    result = subprocess.run(["clang-format-22", "--dry-run", *files],
                            capture_output=True, text=True, cwd=root)
    found = collections.Counter(line.split(":")[0] for line in result.stderr.splitlines()
                                if "-Wclang-format-violations" in line)
    for path, number in found.items():
        yield f"{path}: {number} places: run 'clang-format-22 -i' on it"


def gate_header(root, _):
    """Every file opens with its name, the licence and why it exists."""
    for path in sources(root, CXX + (".td", ".py"), ALL + ["python"]):
        with open(path) as f:
            head = f.read(2000)
        name = os.path.basename(path)
        mark = "#" if path.endswith(".py") else "//"
        lines = [line for line in head.splitlines() if not line.startswith("#!")]
        if not lines or name not in lines[0] or " - " not in lines[0]:
            yield f"{path}:1: first line does not say '{name} - what it is'"
        elif "Part of Weft, under the Apache License v2.0" not in head:
            yield f"{path}:3: no licence line"
        elif not all(line.startswith(mark) for line in lines[:5]):
            yield f"{path}:4: header says not why the file exists"


def strip_cxx(text):
    """C++ text with comments and literals blanked, line breaks kept."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|'
        r"(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


CONTROL = re.compile(r"^\s*(}\s*)?(if|else|for|while|switch|do|case|default|namespace|"
                     r"class|struct|union|enum|extern|template\s*<[^>]*>\s*(class|struct))\b")


def cxx_functions(text):
    """(name, first line, length) of each function body."""
    text, stack, opened = strip_cxx(text), [], 0
    for m in re.finditer(r"[{};]", text):
        if m.group() == "{":
            head = text[opened:m.start()]
            is_function = (")" in head and not CONTROL.match(head.lstrip())
                           and not re.search(r"\]\s*(\([^()]*\))?\s*(->.*)?$|=\s*$",
                                             head.strip()))
            inside = any(frame[0] for frame in stack)
            name = re.search(r"([\w:~]+)\s*\(", head)
            start = text.count("\n", 0, opened + len(head) - len(head.lstrip())) + 1
            stack.append((is_function and not inside, start,
                          name.group(1) if name else "?"))
        elif m.group() == "}" and stack:
            function, start, name = stack.pop()
            if function:
                yield name, start, text.count("\n", 0, m.end()) + 2 - start
        opened = m.end()


def gate_length(root, _):
    """No function is longer than it may be."""
    for path in sources(root, CXX, ALL):
        with open(path) as f:
            for name, line, length in cxx_functions(f.read()):
                limit = (MAX_MAIN if name == "main" and "/tools/" in path
                         else MAX_FUNCTION)
                if length > limit:
                    yield f"{path}:{line}: '{name}' has {length} lines, allowed are {limit}"
    for path in sources(root, (".py",), ["python", "test", "bench"]):
        with open(path) as f:
            tree = ast.parse(f.read())
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                length = node.end_lineno - node.lineno + 1
                if length > MAX_FUNCTION:
                    yield (f"{path}:{node.lineno}: '{node.name}' has {length} lines, "
                           f"allowed are {MAX_FUNCTION}")


def tablegen_records(root, build, path):
    """Records defined in `path` itself, with superclasses and location."""
    include = [f"-I{d}" for d in (os.path.join(LLVM, "include"),
                                  os.path.join(root, "include"),
                                  os.path.join(root, "dialects"),
                                  os.path.join(build, "dialects"),
                                  os.path.dirname(path))]
    result = subprocess.run([os.path.join(LLVM, "bin", "llvm-tblgen"), "--dump-json",
                             *include, path], capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"{path}: {result.stderr.splitlines()[0]}")
    for name, record in json.loads(result.stdout).items():
        if name.startswith("!"):
            continue
        # The location is a base name and a line.
        where = record.get("!locs", [""])[0]
        if where.rsplit(":", 1)[0] == os.path.basename(path):
            yield name, record, os.path.join(os.path.dirname(path), where)


def gate_docs(root, build):
    """Every op, type, attribute and pass has summary, description and example."""
    documented = 0
    for path in sources(root, (".td",), ["dialects", "include", "lib"]):
        for name, record, where in tablegen_records(root, build, path):
            kinds = {"Op", "TypeDef", "AttrDef", "PassBase"} & set(record["!superclasses"])
            if not kinds or "EnumAttr" in record["!superclasses"]:
                continue
            documented += 1
            summary = record.get("summary") or ""
            description = record.get("description") or ""
            if not summary:
                yield f"{where}: '{name}' has no summary"
            elif len(summary) >= MAX_SUMMARY or summary.rstrip().endswith("."):
                yield (f"{where}: summary of '{name}' is longer than {MAX_SUMMARY - 1} "
                       "characters or ends with a full stop")
            if not description.strip():
                yield f"{where}: '{name}' has no description"
            elif "Example" not in description:
                yield f"{where}: description of '{name}' has no Example"
    if not documented:
        yield "no op, type, attribute or pass was found"


def gate_light(root, _):
    """The light half includes no MLIR and none of our dialects."""
    folders = [f"{top}/{name}" for name in LIGHT for top in ("lib", "include/weft")]
    folders += [f"tools/{name}" for name in LIGHT_TOOLS]
    bad = re.compile(r'#include\s*[<"](mlir/|NN/|Wafer/|Fabric/|PE/|weft/(Import|Kernels)/)')
    # What runs and checks a file knows nothing of what made it.
    apart = re.compile(r'#include\s*[<"]weft/(Cost|Solve|Place|Route|Schedule)/')
    for path in sources(root, CXX, folders):
        with open(path) as f:
            for number, line in enumerate(f, 1):
                judge = re.search(r"/(Sim|Verify|weft-verify|weft-run)/", path)
                if bad.match(line) or (judge and apart.match(line)):
                    yield f"{path}:{number}: {line.strip()}"


def gate_links(root, build):
    """weftc contains no simulator; the verifier none either."""
    rules = {"weftc": ["WeftSim", "weft::sim::"],
             "weft-verify": ["WeftSim", "weft::sim::"],
             "weft-run": ["WeftImport", "weft::nn::"],
             "weft-objdump": ["WeftImport", "weft::nn::"]}
    for tool, (library, symbol) in rules.items():
        path = os.path.join(build, "bin", tool)
        if not os.path.exists(path):
            continue  # the lit suite fails without the tool
        inputs = subprocess.run(["ninja", "-C", build, "-t", "inputs", f"bin/{tool}"],
                                capture_output=True, text=True).stdout
        if f"lib{library}.a" in inputs:
            yield f"{tool} links {library}"
        names = subprocess.run([os.path.join(LLVM, "bin", "llvm-nm"), "-C", path],
                               capture_output=True, text=True).stdout
        for line in names.splitlines():
            if f" {symbol}" in line:
                yield f"{tool} contains {line.split(' ', 2)[-1]}"


def main():
    gate, root = sys.argv[1], os.path.abspath(sys.argv[2])
    build = os.path.abspath(sys.argv[3]) if len(sys.argv) > 3 else ""
    offences = list(globals()["gate_" + gate](root, build))
    for line in offences:
        print(line.replace(root + "/", ""))
    sys.exit(1 if offences else 0)


if __name__ == "__main__":
    main()
