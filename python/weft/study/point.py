# weft/study/point.py - One combination: compiled, and run if asked for
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Each combination has a folder of its own, which is gone afterwards, so that any
# number can be in work at once. What a tool refuses is a result like any other:
# the message, not an exception. Paths of the folder are cut out of messages,
# which are therefore the same in every study.

import dataclasses
import os
import re
import subprocess
import tempfile

from .. import report
from ..tools import tool
from . import plan

# Other columns are asked for by their key in the cost report.
COLUMNS = ["cycles.lower", "cycles.estimate", "cycles.simulated",
           "fabric.wavelet_hops", "fabric.max_link_wavelets",
           "pe.sram_peak_bytes", "compute.macs"]


@dataclasses.dataclass
class Row:
    point: tuple
    status: str = "ok"     # ok, refused, failed, differs
    message: str = ""      # why not ok
    notes: list = dataclasses.field(default_factory=list)
    cost: dict = dataclasses.field(default_factory=dict)  # by dotted key


def figures(part, prefix=""):
    """(dotted key, number or text) of a cost report, without its lists; but the two
    ends of a range are figures."""
    for key, value in part.items():
        if isinstance(value, dict):
            yield from figures(value, f"{prefix}{key}.")
        elif key.endswith("_range"):
            yield from zip((f"{prefix}{key}.least", f"{prefix}{key}.most"), value)
        elif isinstance(value, (int, float, str)) and prefix:
            yield prefix + key, value


class Refused(Exception):
    """A tool does not give what it should."""

    def __init__(self, status, message, notes=()):
        super().__init__(message)
        self.status, self.message, self.notes = status, message, list(notes)


class Work:
    """A combination on its way; `study` has axes, model and options."""

    def __init__(self, study, point, folder):
        self.study, self.point, self.folder = study, point, folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def call(self, *words):
        done = subprocess.run([tool(words[0]), *words[1:]], capture_output=True,
                              text=True, errors="replace", stdin=subprocess.DEVNULL)
        if done.returncode:
            raise self.refusal(words[0], done)

    def refusal(self, name, done):
        text = done.stderr.replace(self.folder + os.sep, "")
        lines = text.strip().splitlines()
        while len(lines) > 1 and "error: " not in lines[0]:  # warnings
            del lines[0]
        # The file that is meant stays, be it the model or a target.
        lines = [re.sub(r"^(.*?: )note: ", "", x) for x in lines]
        lines = [re.sub(r"^((weftc|plan\.yaml:\d+:\d+|--kernel=\S+): )?error: ", "", x)
                 .replace(": error: ", ": ", 1) for x in lines]
        if done.returncode == 1 and lines:
            return Refused("refused", lines[0], lines[1:])
        return Refused("failed", f"{name} ends with exit code {done.returncode}"
                       + (f": {lines[0]}" if lines else ""), lines[1:])

    def values(self, kind):
        return [(a.name, v) for a, v in zip(self.study.axes, self.point)
                if a.kind == kind]

    def model_words(self):
        """MODEL and all options but those of the plan."""
        target, grid = self.values("target")[0][1], self.values("grid")[0][1]
        words = [f"--target={target}", f"--grid={grid}",
                 *(f"--set={n}={v}" for n, v in self.values("set")),
                 *self.study.options]
        if not self.study.kernel:
            return [self.study.model, *words,
                    *(f"--dim={n}={v}" for n, v in self.values("dim"))]
        sizes = dict(self.values("dim"))
        kernel, colon, rest = self.study.kernel.partition(":")
        rest = ",".join(sizes.get(word, word) for word in rest.split(","))
        return [f"--kernel={kernel}{colon}{rest}", *words]

    def plan_words(self):
        """Asks weftc for its kernels, and pins those that are swept."""
        choices = self.values("algorithm")
        if all(a == plan.AUTO for _, a in choices):
            return []
        listed = self.path("listed.yaml")
        self.call("weftc", *self.model_words(), "--emit=wafer", f"--plan={listed}",
                  "-o", self.path("wafer.mlir"))
        with open(listed, encoding="utf-8") as f:
            text = plan.pinned(plan.kernels_of(f.read()), choices)
        if text is None:
            return []
        with open(self.path("plan.yaml"), "w", encoding="utf-8") as f:
            f.write(text)
        return [f"--plan={self.path('plan.yaml')}"]

    def run(self, row):
        cost, binary = self.path("cost.json"), self.path("model.weft")
        self.call("weftc", *self.model_words(), *self.plan_words(),
                  f"--cost-json={cost}",
                  *(["-o", binary] if self.study.simulate else
                    ["--emit=cost", "-o", self.path("cost.txt")]))
        said = report.load(cost)
        row.cost = dict(figures(said))
        if not self.study.simulate:
            return
        stats = self.path("stats.json")
        self.call("weft-run", binary, "--zeros", "--quiet", f"--stats-json={stats}")
        found = report.load(stats)
        row.cost["cycles.simulated"] = found["cycles"]
        # How near the estimate is, is for the reader of the table to judge.
        wrong = report.compare(said, found, allowed=lambda cycles: float("inf"))
        if wrong:
            raise Refused("differs", wrong[0], wrong[1:])


def run(study, point):
    """The row of one combination."""
    row = Row(point)
    with tempfile.TemporaryDirectory(prefix="weft-study-") as folder:
        try:
            Work(study, point, folder).run(row)
        except Refused as e:
            row.status, row.message, row.notes = e.status, e.message, e.notes
        except plan.Unknown as e:
            row.status, row.message = "refused", str(e)
    return row
