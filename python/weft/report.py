# weft/report.py - Reading cost and stats reports
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# weftc --cost-json and weft-run --stats-json use the same names. This module
# compares the two and prints either as a table:
#
#   python -m weft.report cost.json [stats.json]

import json
import sys

# What the cost model states exactly; cycles are stated as bound and estimate.
EXACT = ["pe.sram_peak_bytes", "fabric.wavelet_hops", "fabric.max_link_wavelets",
         "compute.macs", "compute.elements", "compute.instructions"]

# Into what the time of a kernel's or a class's PEs is split.
SPLIT = ["compute", "setup", "wait_in", "wait_out", "idle"]


def load(path):
    with open(path) as f:
        return json.load(f)


def get(report, key, default=None):
    """The value at a dotted key."""
    for part in key.split("."):
        if not isinstance(report, dict) or part not in report:
            return default
        report = report[part]
    return report


def numbers(report, prefix=""):
    """Every number outside lists, as (dotted key, value)."""
    for key, value in report.items():
        if isinstance(value, dict):
            yield from numbers(value, f"{prefix}{key}.")
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield prefix + key, value


def bounds_beaten(cost, stats):
    """Where a run was shorter than the lower bound: of program, stages, kernels."""
    pairs = [("the program", cost, stats)]
    for kind in ("stages", "kernels"):
        pairs += [(f"{kind[:-1]} '{said['name']}'", said, found) for said, found
                  in zip(cost.get(kind) or [], stats.get(kind) or [])]
    lines = []
    for name, said, found in pairs:
        lower, cycles = get(said, "cycles.lower"), found.get("cycles")
        if lower is None or cycles is None or lower > cycles:
            lines.append(f"lower bound of {name} {lower}, the run took {cycles}")
    return lines


# How far the estimate of cycles may be off: a share of them, or this many cycles where that
# is more, but never the larger share. The first two are promised, the third is kept.
SLACK, SLACK_CYCLES, SLACK_SMALL = 0.10, 200, 0.15


def allowed_error(cycles):
    return max(SLACK * cycles, min(SLACK_CYCLES, SLACK_SMALL * cycles))


def complaints(cost, stats, allowed=allowed_error):
    """{key: what differs by more than promised} of cost and stats. `allowed` says by how many
    cycles of so many the estimate may be off."""
    wrong = {}
    for key in EXACT:
        said, found = get(cost, key), get(stats, key)
        if said is None or said != found:
            wrong[key] = f"{key}: cost says {said}, the run had {found}"
    # Steps of one program differ in data only, and no count depends on data.
    steps = get(stats, "steps.cycles", [])
    if any(c != steps[0] for c in steps):
        wrong["steps.cycles"] = f"steps.cycles: {steps}, expected the same in each step"
    beaten = bounds_beaten(cost, stats)
    if beaten:
        wrong["cycles.lower"] = "cycles: " + "; ".join(beaten)
    cycles, estimate = get(stats, "cycles"), get(cost, "cycles.estimate")
    if not cycles or estimate is None or abs(estimate - cycles) > allowed(cycles):
        wrong["cycles.estimate"] = (f"cycles: estimate {estimate}, the run took {cycles}, "
                                    f"allowed are {allowed(cycles or 0):.0f} more or less")
    return wrong


def compare(cost, stats, allowed=allowed_error):
    """The complaints alone."""
    return list(complaints(cost, stats, allowed).values())


def rectangle_area(kernel):
    """PEs of a kernel's rectangle: [x, y, w, h] or an object with w and h."""
    rect = kernel["rectangle"]
    if isinstance(rect, dict):
        return rect["w"] * rect["h"]
    return rect[2] * rect[3]


def table(rows):
    widths = [max(len(str(r[i])) for r in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [str(c).ljust(w) if i == 0 else str(c).rjust(w)
                 for i, (c, w) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())


def kernel_row(kernel):
    """A run has one number of cycles, a cost report has an estimate of them."""
    cycles = kernel["cycles"]
    if isinstance(cycles, dict):
        cycles = cycles["estimate"]
    return (kernel["name"], kernel["algorithm"], rectangle_area(kernel),
            f"{cycles:,}", f"{kernel['macs']:,}")


def split_row(name, part):
    """Where the PE-cycles of a kernel or class went, in percent."""
    total = sum(part[key] for key in SPLIT)
    return (name, f"{part['pes']:,}", f"{total:,}",
            *(f"{100 * part[key] / total:.1f}" if total else "" for key in SPLIT))


def show_split(stats, top=10):
    """The time of the costliest kernels, and of all classes together."""
    kernels = [k for k in stats.get("kernels") or [] if "idle" in k]
    classes = stats.get("classes") or []
    if not classes:
        return
    kernels.sort(key=lambda k: -sum(k[key] for key in SPLIT))  # stable
    every = {key: sum(c[key] for c in classes) for key in ["pes", *SPLIT]}
    print()
    table([("time of", "PEs", "PE-cycles", *(f"{key} %" for key in SPLIT))]
          + [split_row(k["name"], k) for k in kernels[:top]]
          + [split_row("the program", every)])
    if len(kernels) > top:
        print(f"and {len(kernels) - top} more kernels")


def show(cost, stats=None):
    """The numbers of a report (or of both, side by side) and its kernels."""
    left = dict(numbers(cost))
    right = dict(numbers(stats)) if stats else {}
    rows = [("", "cost", "run")] if stats else [("", "cost")]
    for key in sorted(left.keys() | right.keys()):
        cells = [f"{side[key]:,}" if key in side else ""
                 for side in ([left, right] if stats else [left])]
        rows.append((key, *cells))
    table(rows)
    kernels = (stats or cost).get("kernels") or cost.get("kernels") or []
    if kernels:
        print()
        table([("kernel", "algorithm", "PEs", "cycles", "MACs")]
              + [kernel_row(k) for k in kernels])
    show_split(stats or cost)
    assumed = cost.get("assumed") or []
    if assumed:
        print(f"\n{len(assumed)} machine constants are assumed: "
              + ", ".join(map(str, assumed)))


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    if not 1 <= len(argv) <= 2 or argv[0].startswith("-"):
        print("usage: python -m weft.report COST.json [STATS.json]", file=sys.stderr)
        sys.exit(1)
    reports = [load(path) for path in argv]
    show(*reports)
    if len(reports) == 2:
        wrong = compare(*reports)
        for line in wrong:
            print("differs: " + line)
        sys.exit(2 if wrong else 0)


if __name__ == "__main__":
    main()
