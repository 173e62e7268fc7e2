# weft/study/table.py - The results of a study as text, CSV, JSON and plots
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Everything here is text made from rows, so that equal rows give equal bytes.

import csv
import io
import itertools
import json
import re

from .. import report
from . import axes as ax
from . import plot


def cell(row, column):
    value = row.cost.get(column)
    if row.status in ("refused", "failed") or value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else str(value)


def summary(study, rows):
    counts = [f"{sum(r.status == s for r in rows)} {s}"
              for s in ("ok", "refused", "failed", "differs")
              if any(r.status == s for r in rows)]
    same = " ".join(f"{a.name}={a.values[0]}" for a in study.axes if len(a.values) == 1)
    plural = "" if len(rows) == 1 else "s"
    return (f"{study.title}: {len(rows)} combination{plural}, {', '.join(counts)}"
            + (f"; all with {same}" if same else ""))


def complaints(study, rows):
    """Rows that are not ok, by message: each is printed once."""
    groups = {}
    for r in rows:
        if r.status != "ok":
            groups.setdefault((r.status, r.message, *r.notes), []).append(r)
    for (status, *lines), group in groups.items():
        yield ""
        yield f"{status}: {lines[0]}"
        yield from (f"  {line}" for line in lines[1:])
        yield from (f"  at {ax.describe(study.axes, r.point)}" for r in group)


def show(study, rows):
    """The table on standard output."""
    print(summary(study, rows), end="\n\n")
    shown = [i for i, a in enumerate(study.axes) if len(a.values) > 1]
    head = [*(study.axes[i].name for i in shown), *study.columns, "status"]
    report.table([head] + [[*(r.point[i] for i in shown),
                            *(cell(r, c) for c in study.columns), r.status] for r in rows])
    for text in complaints(study, rows):
        print(text)


def as_csv(study, rows):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*(a.name for a in study.axes), *study.columns, "status", "message"])
    for r in rows:
        writer.writerow([*r.point, *(r.cost.get(c, "") for c in study.columns),
                         r.status, r.message])
    return out.getvalue()


def as_json(study, rows):
    names = [a.name for a in study.axes]
    return json.dumps({
        "model": study.title, "options": study.options,
        "axes": [{"name": a.name, "kind": a.kind, "values": a.values} for a in study.axes],
        "rows": [{"point": dict(zip(names, r.point)), "status": r.status,
                  "message": r.message, "notes": r.notes, "numbers": r.cost}
                 for r in rows]}, indent=1) + "\n"


def plot_of(study, rows, column, axis):
    """The plot of a column over an axis, one line for each combination of the
    others; None if no row has a number for it."""
    at = study.axes.index(axis)
    values = sorted(axis.values, key=ax.number) if axis.numeric else axis.values
    found = {r.point: r.cost.get(column) for r in rows if r.cost}
    rest = [a.values if a is not axis else ("",) for a in study.axes]
    lines = []
    for others in itertools.product(*rest):
        ys = [found.get((*others[:at], v, *others[at + 1:])) for v in values]
        if any(y is not None for y in ys):
            named = [(a, v) for a, v in zip(study.axes, others) if a is not axis]
            lines.append((ax.describe([a for a, _ in named], [v for _, v in named]), ys))
    if not lines:
        return None
    if len(lines) == 1 and lines[0][0] == "the only one":
        lines = [(column, lines[0][1])]
    positive = all(y is None or y > 0 for _, ys in lines for y in ys)
    xs = [ax.number(v) for v in values] if axis.numeric else list(values)
    return plot.draw(plot.Plot(study.title, axis.name, column, xs, lines,
                               study.log and positive))


def files(study, rows):
    """{name: text} of everything that a study writes."""
    made = {"study.csv": as_csv(study, rows), "study.json": as_json(study, rows)}
    for column, axis in study.plots:
        drawn = plot_of(study, rows, column, axis)
        if drawn:
            name = re.sub(r"[^\w.-]+", "_", f"{column}-{axis.name}".replace("/", "_"))
            made[f"{name}.svg"] = drawn
    return made
