# weft/study/axes.py - What a study sweeps
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# An axis is one option of weftc with several values. Its name is what the user
# wrote: 'grid', 'target', a field of the target, a dimension, or the node or
# kind of a kernel. Values stay texts, since only weftc says what they mean.

import dataclasses
import itertools
import sys


@dataclasses.dataclass(frozen=True)
class Axis:
    kind: str       # target, grid, dim, set or algorithm
    name: str
    values: tuple

    @property
    def numeric(self):
        return all(number(v) is not None for v in self.values)


def fail(message):
    """A mistake on the command line."""
    print(f"weft.study: error: {message}", file=sys.stderr)
    sys.exit(1)


def number(text):
    """The number that a text is, or None."""
    try:
        return int(text)
    except ValueError:
        return None


def values_of(option, text):
    """Values stand between commas; where there is a semicolon, between those, so
    that a value may be a list."""
    cut = ";" if ";" in text else ","
    values = [v.strip() for v in text.split(cut)]
    if cut == ";" and not values[-1]:  # 'a,b;' is one list
        values.pop()
    if not all(values):
        fail(f"{option} '{text}': a value is empty")
    for v in values:
        if values.count(v) > 1:
            fail(f"{option} '{text}': '{v}' is there twice")
    return tuple(values)


def named(option, text, last):
    """(name, values) of NAME=VALUE,...; names of nodes and dimensions may hold
    '=', so that those are split at the last one."""
    name, found, values = text.rpartition("=") if last else text.partition("=")
    if not found or not name:
        fail(f"{option} '{text}': expected NAME=VALUE,VALUE...")
    return name, values_of(f"{option} {name}", values)


def axes_of(args):
    """All axes, slowest first."""
    axes = [Axis("grid", "grid", values_of("--grid", args.grid)),
            Axis("target", "target", values_of("--target", args.target))]
    for kind, texts in (("dim", args.dim), ("set", args.set),
                        ("algorithm", args.algorithm)):
        axes += [Axis(kind, *named(f"--{kind}", t, kind != "set")) for t in texts]
    names = [a.name for a in axes]
    for name in names:
        if names.count(name) > 1:
            fail(f"'{name}' is swept twice")
    return axes


def points(axes):
    """Every combination, one value per axis; the last axis moves fastest."""
    return list(itertools.product(*(a.values for a in axes)))


def swept(axes):
    """The axes that have more than one value."""
    return [a for a in axes if len(a.values) > 1]


def describe(axes, point):
    """'grid=8x8 router.hop=2': where a combination stands on some of `axes`."""
    return " ".join(f"{a.name}={v}" for a, v in zip(axes, point)
                    if len(a.values) > 1) or "the only one"
