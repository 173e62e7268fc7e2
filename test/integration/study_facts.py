# test/integration/study_facts.py - What must hold between the rows of a study
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
#   study_facts.py STUDY.csv                      rows among each other
#   study_facts.py STUDY.csv COST STATS GRID HOP  one row and what the tools say

import csv
import sys

from weft import report


def require(true, text):
    if not true:
        sys.exit(f"study_facts: {text}")


def among(rows):
    cycles = {(r["grid"], r["router.hop"]): int(r["cycles.simulated"]) for r in rows}
    for r in rows:
        lower, simulated = int(r["cycles.lower"]), int(r["cycles.simulated"])
        require(0 < lower <= simulated, f"{r}: simulated below the lower bound")
    for hop in "1", "2":
        # A PE of the smaller grid has four times the MACs of one of the larger.
        require(cycles["4x4", hop] > 2 * cycles["8x8", hop], f"8x8 is slow: {cycles}")
    for grid, side in ("4x4", 4), ("8x8", 8):
        # The way to the root and the way back are side - 1 links each.
        more = cycles[grid, "2"] - cycles[grid, "1"]
        require(more >= 2 * (side - 1), f"a hop more costs {more} cycles on {grid}")
    sram = {r["grid"]: int(r["pe.sram_peak_bytes"]) for r in rows}
    require(sram["4x4"] > sram["8x8"], f"tiles do not shrink: {sram}")


def one(rows, cost, stats, grid, hop):
    row, = (r for r in rows if (r["grid"], r["router.hop"]) == (grid, hop))
    said, found = report.load(cost), report.load(stats)
    for key in ("cycles.lower", "cycles.estimate", *report.EXACT):
        if key in row:
            require(int(row[key]) == report.get(said, key), f"{key} is {row[key]}")
    require(int(row["cycles.simulated"]) == found["cycles"], "cycles.simulated")


def main():
    with open(sys.argv[1]) as f:
        rows = list(csv.DictReader(f))
    require(len(rows) == 4, "expected four rows")
    one(rows, *sys.argv[2:]) if len(sys.argv) > 2 else among(rows)


if __name__ == "__main__":
    main()
