# weft/conform.py - One model through all tools, with a verdict
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# A case is a folder with model.onnx, input_K.pb and, where a reference is known,
# output_K.pb. It is refused, with exit code 1, a message and no file; or it
# compiles, passes the verifier, gives the reference's numbers, and does exactly
# the work that the cost report states. Everything else is a failure, and its
# `reason` says of which kind, so that a reduced case can be told to fail alike.
#
#   python -m weft.conform DIR --grid=3x5 [options of weftc]

import argparse
import dataclasses
import os
import re
import subprocess
import sys
import tempfile

import onnx

from . import onnxio, oracle, report
from .tools import tool

MEMORY, TRAFFIC = ["pe.sram_peak_bytes"], ["fabric.wavelet_hops",
                                          "fabric.max_link_wavelets", "compute.macs"]


@dataclasses.dataclass
class Outcome:
    kind: str = "agrees"       # agrees, refused, excused, wrong
    reason: str = ""           # of a refusal or a failure, without names and numbers
    message: str = ""
    memory_equal: bool = False
    traffic_equal: bool = False
    compared: bool = False     # numbers, with a reference
    cycles: int = 0            # of the run
    cycle_error: float = 0.0   # of the estimate, relative
    over_lower: float = 0.0    # cycles of the run by their lower bound
    bounds_hold: bool = False  # the program's, its stages' and its kernels'

    def wrong(self, reason, message):
        self.kind, self.reason, self.message = "wrong", reason, message
        return self


def run(words, timeout):
    return subprocess.run([tool(words[0]), *words[1:]], capture_output=True,
                          text=True, errors="replace", stdin=subprocess.DEVNULL,
                          timeout=timeout)


def tail(done):
    """Exit code and the errors, else the end of what was printed."""
    text = done.stderr.strip() or done.stdout.strip()
    errors = [x.partition("error: ")[2] for x in text.splitlines() if "error: " in x]
    return f"exit {done.returncode}: {'; '.join(errors)[:400] or text[-400:]}"


def without_names(message):
    """A message that is the same for every model that is refused alike."""
    message = re.sub(r"^\S*: (error: )?", "", message)
    message = re.sub(r"^(error: )?node (index )?('[^']*' )?\((\w+)[^)]*\)",
                     r"node (\4)", message)
    message = re.sub(r"'[\w./:-]*[/\d][\w./:-]*'", "'...'", message)
    return re.sub(r"\d+(\.\d+)?", "N", message)[:160]


def failure(name, done):
    """Kind of failure of a tool that should have succeeded."""
    text = done.stderr + done.stdout
    if done.returncode < 0 or done.returncode > 3:
        return f"{name} crashes"
    if "internal" in text:
        line = next(x for x in text.splitlines() if "internal" in x)
        return f"{name}: {without_names(line)}"
    return f"{name} fails"


def tensors(folder, stem, option, bound=()):
    words = []
    for name, path in onnxio.read_tensors(folder, stem):
        if name not in bound:
            words += [option, f"{name}={path}"]
    return words


def outputs(folder):
    """What the run wrote, in graph order."""
    return [onnxio.read_tensor(path)[1]
            for _, path in onnxio.read_tensors(os.path.join(folder, "out"), "output")]


def compile_case(outcome, folder, options, timeout):
    binary, cost = os.path.join(folder, "g.weft"), os.path.join(folder, "cost.json")
    for path in (binary, cost):
        if os.path.exists(path):
            os.remove(path)
    done = run(["weftc", os.path.join(folder, "model.onnx"), "-o", binary, *options,
                f"--cost-json={cost}"], timeout)
    if done.returncode == 1 and "error: " in done.stderr and "internal" not in done.stderr:
        outcome.kind = "refused"
        outcome.message = next(x for x in done.stderr.splitlines() if "error: " in x)
        outcome.reason = without_names(outcome.message)
        if os.path.exists(binary) or os.path.exists(cost):
            outcome.wrong("weftc refuses and writes", outcome.message)
    elif done.returncode:
        outcome.wrong(failure("weftc", done), f"weftc: {tail(done)}")
    return binary, cost


def compare_reports(outcome, cost, stats):
    said, found = report.load(cost), report.load(stats)
    complaints = report.complaints(said, found)
    cycles = found["cycles"]
    outcome.cycles = cycles
    outcome.cycle_error = abs(report.get(said, "cycles.estimate") - cycles) / cycles
    outcome.over_lower = cycles / max(1, report.get(said, "cycles.lower"))
    outcome.bounds_hold = "cycles.lower" not in complaints
    outcome.memory_equal = not complaints.keys() & set(MEMORY)
    outcome.traffic_equal = not complaints.keys() & set(TRAFFIC)
    if complaints:
        key = sorted(complaints)[0]
        outcome.wrong(f"report: {key}", "; ".join(complaints.values()))


def const_options(folder, bound):
    """--const for the inputs in `bound`."""
    return [f"--const={name}={path}" for name, path in onnxio.read_tensors(folder, "input")
            if name in bound]


def check(folder, options, rtol=None, timeout=300, bound=()):
    """Compiles, verifies, runs and compares. Numbers that differ have the reason
    'numbers'; the outputs are then in the folder out/. The inputs in `bound` are
    values at compile time."""
    options = [*options, *const_options(folder, bound)]
    outcome = Outcome()
    try:
        binary, cost = compile_case(outcome, folder, options, timeout)
        if outcome.kind != "agrees":
            return outcome
        done = run(["weft-verify", binary], timeout)
        if done.returncode:
            return outcome.wrong(failure("weft-verify", done), f"weft-verify: {tail(done)}")
        stats, out = os.path.join(folder, "stats.json"), os.path.join(folder, "out")
        os.makedirs(out, exist_ok=True)
        want = tensors(folder, "output", "--expect")
        done = run(["weft-run", binary, f"--stats-json={stats}", f"--output-dir={out}",
                    *([f"--rtol={rtol:.4g}"] if rtol else []),
                    *tensors(folder, "input", "--input", bound), *want], timeout)
        if done.returncode not in (0, 2):
            return outcome.wrong(failure("weft-run", done), f"weft-run: {tail(done)}")
        outcome.compared = bool(want)
        compare_reports(outcome, cost, stats)
        if done.returncode == 2 and outcome.kind == "agrees":
            outcome.wrong("numbers", f"weft-run: {tail(done)}")
    except subprocess.TimeoutExpired as e:
        outcome.wrong(f"{os.path.basename(e.cmd[0])} takes more than {timeout} s", "")
    return outcome


def verdict(model, samples, folder, options, reference=True, timeout=300):
    """check() of a model with inputs; numbers against ONNX Runtime by the rule
    of weft.oracle."""
    want = (oracle.expected(model, samples, "--dtype=f16" in options) if reference
            else None)
    onnxio.write_files(folder, model, samples, want.outputs if want else None)
    # Where types do not change, weft-run's own default is put to the test.
    told = want and (want.rtol != want.default or "--dtype=f16" in options)
    outcome = check(folder, options, want.rtol if told else None, timeout)
    if outcome.reason == "numbers" and outcome.kind == "wrong":
        reason = oracle.excuse(want, outputs(folder), "--acc=f16" in options)
        if reason:
            outcome.kind, outcome.reason = "excused", reason
    return outcome


def main(argv=None):
    p = argparse.ArgumentParser(prog="weft.conform",
                                epilog="other options go to weftc: --grid=3x5 --set=...")
    p.add_argument("folder", metavar="DIR", help="with model.onnx and input_K.pb")
    args, options = p.parse_known_args(argv)
    model = onnx.load(os.path.join(args.folder, "model.onnx"))
    samples = [onnxio.read_tensor(path)[1]
               for _, path in onnxio.read_tensors(args.folder, "input")]
    with tempfile.TemporaryDirectory() as scratch:
        outcome = verdict(model, samples, scratch, options, onnxio.have_runtime())
    print(f"{outcome.kind} {outcome.reason}".rstrip())
    if outcome.message:
        print(outcome.message)
    sys.exit(2 if outcome.kind == "wrong" else 0)


if __name__ == "__main__":
    main()
