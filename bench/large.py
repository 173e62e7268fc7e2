# bench/large.py - Memory of weftc on a model of many gigabytes
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
#   large.py [--gib N] [--bin FOLDER] [COMMAND...]
#
# Makes a chain of matrix products whose weights lie in one external file,
# sparse on disk, and runs weftc on it with 1 GiB of memory of its own: the limit
# is RLIMIT_DATA, which counts private memory, mapped but untouched too, and not
# the pages of files. A run that needs more fails, and so does this script.
# Prints time, the peak of all resident pages, and the largest sample of those
# that no file backs. COMMAND: cost, check-cost, check, binary (to /dev/null).

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time

from onnx import TensorProto, helper

WIDTH = 8192  # a weight takes 256 MiB
BYTES = WIDTH * WIDTH * 4
LIMIT = 1 << 30
COMMANDS = {
    "cost": ["--emit=cost", "-o", "cost.txt"],
    "check-cost": ["--check", "--emit=cost"],
    "check": ["--check"],
    "binary": ["-o", "/dev/null"],
}


def external(index):
    tensor = TensorProto(name=f"w{index}", data_type=TensorProto.FLOAT, dims=[WIDTH, WIDTH],
                         data_location=TensorProto.EXTERNAL)
    for key, value in (("location", "weights.bin"), ("offset", index * BYTES), ("length", BYTES)):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, str(value)
    return tensor


def write_model(folder, count):
    nodes, value = [], "x"
    for i in range(count):
        # The first two are transposed, so that emission computes new bytes.
        op, attributes = ("Gemm", {"transB": 1}) if i < 2 else ("MatMul", {})
        nodes.append(helper.make_node(op, [value, f"w{i}"], [f"m{i}"], **attributes))
        nodes.append(helper.make_node("Relu", [f"m{i}"], [f"r{i}"]))
        value = f"r{i}"
    ports = [[helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, WIDTH])]
             for name in ("x", value)]
    graph = helper.make_graph(nodes, "g", *ports, [external(i) for i in range(count)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    with open(os.path.join(folder, "model.onnx"), "wb") as f:
        f.write(model.SerializeToString())
    with open(os.path.join(folder, "weights.bin"), "wb") as f:
        f.truncate(count * BYTES)


def own_pages(pid):
    """Resident bytes that no file backs."""
    try:
        with open(f"/proc/{pid}/status") as f:
            fields = dict(line.split(":", 1) for line in f)
        return 1024 * sum(int(fields[key].split()[0]) for key in ("RssAnon", "RssShmem"))
    except (FileNotFoundError, KeyError, ProcessLookupError):
        return 0  # it has ended


def measure(command, folder):
    def limit():
        resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT))
    start, most = time.monotonic(), 0
    process = subprocess.Popen(command, cwd=folder, preexec_fn=limit, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        most = max(most, own_pages(process.pid))
        time.sleep(0.005)
    return process.returncode, time.monotonic() - start, most


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--gib", type=int, default=8)
    p.add_argument("--bin", default="")
    p.add_argument("commands", nargs="*", default=list(COMMANDS))
    args = p.parse_args()
    failed = False
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as folder:
        write_model(folder, args.gib * (1 << 30) // BYTES)
        print(f"model of {args.gib} GiB, private memory limited to {LIMIT >> 20} MiB")
        for name in args.commands:
            code, seconds, own = measure(
                [os.path.join(args.bin, "weftc"), "model.onnx", *COMMANDS[name]], folder)
            print(f"{name:12} exit code {code}  {seconds:6.1f} s  own pages {own / 2 ** 20:6.0f} MiB",
                  flush=True)
            failed |= code != 0
    print("largest child, file pages included: "
          f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
