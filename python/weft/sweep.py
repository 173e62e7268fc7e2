# weft/sweep.py - Random graphs on random machines
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Each seed is one graph of weft.random_graphs, in f32, exported in f16 or computed
# in f16, on one grid of one target, in part with other machine constants. weft.conform says what comes of it: static memory
# and traffic against the simulator always, numbers where ONNX Runtime is
# installed. A failure is reduced to a small graph (weft.shrink), which is kept.
#
#   python -m weft.sweep --seeds 0:300                 the test suite
#   python -m weft.sweep --seeds 0:10000 --quiet       the bench
#   python -m weft.sweep --seeds 17 --grid 3x5 --keep DIR

import argparse
import collections
import concurrent.futures
import dataclasses
import os
import random
import shlex
import statistics
import sys
import tempfile

from . import conform, onnxio, oracle, random_graphs, report, shrink

GRIDS = ["1x1", "1x2", "2x1", "1x7", "6x1", "2x2", "3x5", "7x4", "5x5", "16x16",
         "24x10", "32x32"]
# Scarce memory, slow and fast fabrics, short queues, fewer of everything.
SETS = ["pe.sram_bytes=8192", "pe.sram_bytes=12288", "pe.sram_bytes=20480",
        "router.hop=1", "router.hop=4", "router.ramp=1", "router.ramp=5",
        "router.buffer=8", "queues.input_depth=1,1,1,1,1,1,1,1",
        "queues.input_depth=16,16,16,16,16,16,16,16",
        "queues.output_depth=1,1,1,1,1,1,1,1", "queues.output_depth=9,9,9,9,9,9,9,9",
        "ops.fabric_inputs=1", "microthreads.count=4", "dsd.max_extent=400",
        "vector.setup_fabric=0", "vector.setup_mac32=20", "router.turn=3", "task.activate=0", "scalar.alu=2",
        "simd.fadd32=1", "simd.mov32=1"]

# What is promised of cycle estimates over many graphs: the median of the error, and
# the worst one, in relation or in cycles.
MEDIAN, WORST, WORST_CYCLES = 0.03, report.SLACK, report.SLACK_CYCLES


@dataclasses.dataclass
class Result:
    seed: int
    recipe: str
    precision: str
    options: list
    outcome: conform.Outcome
    notes: str = ""


def machine(seed, args):
    """Options of weftc: a grid, one target in four wse3, one in four changed."""
    rng = random.Random(seed * 7 + 1)
    grid, target = rng.choice(GRIDS), rng.choice(["wse2", "wse2", "wse2", "wse3"])
    count = rng.choice([0, 0, 0, 0, 0, 0, 1, 2])
    chosen = rng.sample(SETS, count)
    if args.set:
        chosen = args.set
    elif args.grid or args.target:
        chosen = []
    return [f"--target={args.target or target}", f"--grid={args.grid or grid}",
            *(f"--set={s}" for s in chosen)]


def precision(seed, recipe, args):
    """(What to call it, options of weftc): one graph in five is exported in f16,
    one is computed in f16, in part with sums in f16."""
    chosen = args.precision or random.Random(seed * 11 + 5).choice(
        ["f32"] * 6 + ["f16", "f16", "to-f16", "sums-f16"])
    if recipe == "edges":  # at the ends of the range of f32
        chosen = args.precision or "f32"
    return chosen, {"f32": [], "f16": [], "to-f16": ["--dtype=f16"],
                    "sums-f16": ["--dtype=f16", "--acc=f16"]}[chosen]


def graph_of(seed, args):
    """(Model, inputs, recipe, precision, options of weftc) of a seed."""
    g, recipe = random_graphs.graph(seed, args.recipe, args.scale)
    chosen, options = precision(seed, recipe, args)
    model, samples = g.model(), g.samples
    if chosen == "f16":
        model, samples = oracle.narrowed(model, samples)
    return model, samples, recipe, chosen, machine(seed, args) + options


def reduced(model, samples, options, outcome, seed, args):
    """Shrinks a failure and keeps it; says where and how to repeat it."""
    folder = os.path.join(args.failures, f"seed{seed}")
    small = shrink.shrink(model, samples, options, outcome.reason, args.reference,
                          args.shrink_seconds)
    onnxio.write_files(folder, small.model, small.samples, None)
    words = ["python", "-m", "weft.conform", folder, *small.options]
    return (f"\n  reduced from {len(model.graph.node)} to {len(small.model.graph.node)} nodes:\n"
            f"    {shrink.text(small.model)}\n  repeat: {shlex.join(words)}")


def one(seed, args):
    model, samples, recipe, chosen, options = graph_of(seed, args)
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.path.join(args.keep, str(seed)) if args.keep else scratch
        outcome = conform.verdict(model, samples, folder, options, args.reference)
    result = Result(seed, recipe, chosen, options, outcome)
    if outcome.kind == "wrong" and args.failures:
        result.notes = reduced(model, samples, options, outcome, seed, args)
    return result


def show(r):
    o = r.outcome
    line = f"seed {r.seed} {r.recipe} {r.precision} {' '.join(r.options)}: {o.kind}"
    if o.kind == "agrees":
        return f"{line}, estimate off by {o.cycle_error:.1%}"
    # The reason of a refusal is its message less names.
    return f"{line} {o.reason if o.kind != 'refused' else ''} {o.message}{r.notes}".rstrip()


def summary(results):
    kinds = collections.Counter(r.outcome.kind for r in results)
    for name in sorted({r.precision for r in results}):
        per = collections.Counter(r.outcome.kind for r in results if r.precision == name)
        print(f"{name:9} {sum(per.values())} graphs: " + ", ".join(
            f"{per[kind]} {kind}" for kind in ("agrees", "excused", "refused", "wrong")))
    for kind in ("refused", "excused", "wrong"):
        reasons = collections.Counter(r.outcome.reason for r in results
                                      if r.outcome.kind == kind)
        for reason, count in sorted(reasons.items(), key=lambda x: (-x[1], x[0])):
            print(f"{count:6} {kind}: {reason}")
    ran = [r for r in results if r.outcome.cycles]
    print(f"{len(results)} graphs: {kinds['agrees']} agree, {kinds['excused']} excused, "
          f"{kinds['refused']} refused, {kinds['wrong']} wrong")
    print(f"of {len(ran)} runs: numbers compared in "
          f"{sum(r.outcome.compared for r in ran)}, memory equal in "
          f"{sum(r.outcome.memory_equal for r in ran)}, traffic equal in "
          f"{sum(r.outcome.traffic_equal for r in ran)}")
    return kinds, show_cycles([r for r in results if r.outcome.cycles])


def show_cycles(ran):
    """What the promises on cycles come to; what breaks them. A run that beats a lower
    bound is wrong already."""
    if not ran:
        return []
    errors = [r.outcome.cycle_error for r in ran]
    worst = max(ran, key=lambda r: r.outcome.cycle_error)
    median = statistics.median(errors)
    print(f"cycle estimate: median error {median:.2%}, "
          f"worst {max(errors):.2%} (seed {worst.seed}, of {worst.outcome.cycles} cycles)")
    beaten = sum(not r.outcome.bounds_hold for r in ran)
    print(f"lower bound: {beaten} runs of {len(ran)} beat theirs, median of simulated / lower "
          f"{statistics.median(r.outcome.over_lower for r in ran):.2f}")
    broken = [] if median <= MEDIAN else [f"median error {median:.2%}, allowed is {MEDIAN:.0%}"]
    broken += [f"seed {r.seed}: estimate off by {r.outcome.cycle_error:.2%} "
               f"of {r.outcome.cycles} cycles" for r in ran
               if r.outcome.cycle_error > WORST
               and r.outcome.cycle_error * r.outcome.cycles > WORST_CYCLES]
    return broken


def seeds_of(text):
    first, _, last = text.partition(":")
    return range(int(first), int(last)) if last else [int(first)]


def options_of(argv):
    p = argparse.ArgumentParser(prog="weft.sweep")
    p.add_argument("--seeds", default="0:300", help="N, or FIRST:END")
    p.add_argument("--grid", help="one grid for all, else one by seed")
    p.add_argument("--target", help="one target for all, else one by seed")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE",
                   help="as for weftc, for all, else by seed")
    p.add_argument("--recipe", choices=sorted(random_graphs.RECIPES))
    p.add_argument("--precision", choices=["f32", "f16", "to-f16", "sums-f16"],
                   help="one for all: f16 is exported so, to-f16 is --dtype=f16, "
                        "sums-f16 also --acc=f16; else by seed")
    p.add_argument("--scale", type=int, default=1, help="longer sequences, more features")
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--no-reference", action="store_true",
                   help="memory and traffic only, as without ONNX Runtime")
    p.add_argument("--max-excused", type=int, metavar="N",
                   help="fail if the reference is off in more cases")
    p.add_argument("--keep", metavar="DIR", help="keep models, binaries and reports")
    p.add_argument("--failures", metavar="DIR", default="sweep-failures",
                   help="where reduced failures go; empty: do not reduce")
    p.add_argument("--shrink-seconds", type=float, default=60, metavar="S",
                   help="time for the reduction of one failure")
    p.add_argument("--quiet", action="store_true", help="no line for what agrees or is refused")
    args = p.parse_args(argv)
    args.reference = not args.no_reference and onnxio.have_runtime()
    return args


def main(argv=None):
    args, results = options_of(argv), []
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for r in pool.map(lambda s: one(s, args), seeds_of(args.seeds)):
            results.append(r)
            if r.outcome.kind in ("wrong", "excused") or not args.quiet:
                print(show(r), flush=True)
    kinds, broken = summary(results)
    for line in broken:
        print(f"error: {line}")
    too_many = args.max_excused is not None and kinds["excused"] > args.max_excused
    if too_many:
        print(f"error: {kinds['excused']} excused, allowed are {args.max_excused}")
    sys.exit(1 if kinds["wrong"] or broken or too_many else 0)


if __name__ == "__main__":
    main()
