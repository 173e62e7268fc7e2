# weft/study/plot.py - A line plot as SVG
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Enough for one column over one axis, and no package: docs/studies.md says why.
# Equal data give equal bytes. Numbers lie on the x axis where they are, other
# values side by side; a value that is missing interrupts its line.

import dataclasses
import html
import math

WIDTH, LEFT, RIGHT, TOP, HEIGHT, LINE = 720, 90, 20, 40, 300, 18
# Okabe and Ito's colours, told apart with any colour vision; then dashed again.
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000"]
DASHES = ["", "6 3", "2 2", "8 3 2 3"]


@dataclasses.dataclass
class Plot:
    title: str
    x_name: str
    y_name: str
    xs: list        # texts, or numbers in rising order
    lines: list     # [(label, [number or None for each of xs])]
    log: bool = False


def steps(low, high, log):
    """Round numbers from at or below `low` to at or above `high`."""
    if log:
        marks = [m * 10.0 ** k for k in range(math.floor(math.log10(low)),
                                              math.ceil(math.log10(high)) + 1)
                 for m in (1, 2, 5)]
        first = max((m for m in marks if m <= low), default=marks[0])
        last = min((m for m in marks if m >= high and m > first), default=marks[-1])
        return [m for m in marks if first <= m <= last]
    size = (high - low) / 5 or 1
    power = 10.0 ** math.floor(math.log10(size))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= size * 0.999)
    first = math.floor(low / step)
    return [k * step for k in range(first, max(math.ceil(high / step), first + 1) + 1)]


def scale(low, high, start, end, log):
    """Maps [low, high] to [start, end]."""
    f = math.log10 if log else float
    a, b = f(low), f(high)
    return lambda v: (start + end) / 2 if a == b else start + (f(v) - a) / (b - a) * (end - start)


def x_positions(plot):
    inner = (LEFT + 30, WIDTH - RIGHT - 30)
    if isinstance(plot.xs[0], str):
        place = scale(0, len(plot.xs) - 1, *inner, False)
        return [place(i) for i in range(len(plot.xs))]
    log = plot.log and plot.xs[0] > 0
    return [scale(plot.xs[0], plot.xs[-1], *inner, log)(x) for x in plot.xs]


def text(x, y, words, anchor="middle", more=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>'
            f"{html.escape(words)}</text>")


def frame(plot, place, marks, xs):
    """Title, names of the axes, grid lines and their numbers."""
    bottom = TOP + HEIGHT
    yield text(WIDTH / 2, 22, plot.title, more=' font-weight="bold"')
    yield text((LEFT + WIDTH - RIGHT) / 2, bottom + 38, plot.x_name)
    yield text(18, TOP + HEIGHT / 2, plot.y_name,
               more=f' transform="rotate(-90 18 {TOP + HEIGHT / 2:.1f})"')
    for m in marks:
        yield (f'<path d="M{LEFT} {place(m):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
               + text(LEFT - 6, place(m) + 4, f"{m:,.10g}", "end"))
    last = -math.inf
    for x, name in zip(xs, plot.xs):
        yield f'<path d="M{x:.1f} {bottom}v5" stroke="#000"/>'
        if x - last >= 7 * len(str(name)):  # else it would cover its neighbour
            yield text(x, bottom + 18, str(name))
            last = x
    yield f'<path d="M{LEFT} {TOP}V{bottom}H{WIDTH - RIGHT}" fill="none" stroke="#000"/>'


def line(plot, number, place, xs):
    """One line with its points and its entry below the plot."""
    label, ys = plot.lines[number]
    colour = COLOURS[number % len(COLOURS)]
    dash = DASHES[number // len(COLOURS) % len(DASHES)]
    style = f'fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"'
    path, pen = "", "M"
    for x, y in zip(xs, ys):
        path += f"{pen}{x:.1f} {place(y):.1f}" if y is not None else ""
        pen = "L" if y is not None else "M"
    yield f'<path d="{path}" {style}/>'
    for x, name, y in zip(xs, plot.xs, ys):
        if y is not None:
            yield (f'<circle cx="{x:.1f}" cy="{place(y):.1f}" r="3.5" fill="{colour}"><title>'
                   + html.escape(f"{label}, {plot.x_name} {name}: {y:,}") + "</title></circle>")
    y = TOP + HEIGHT + 62 + number * LINE
    yield f'<path d="M{LEFT} {y - 4}h30" {style}/>' + text(LEFT + 38, y, label, "start")


def draw(plot):
    """The SVG of a plot; at least one y is a number, all above 0 if `log`."""
    ys = [y for _, line_ys in plot.lines for y in line_ys if y is not None]
    marks = steps(min(ys) if plot.log else min(0, *ys), max(ys), plot.log)
    place = scale(marks[0], marks[-1], TOP + HEIGHT, TOP, plot.log)
    xs, height = x_positions(plot), TOP + HEIGHT + 58 + LINE * len(plot.lines)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        *frame(plot, place, marks, xs),
        *(part for i in range(len(plot.lines)) for part in line(plot, i, place, xs)),
        "</svg>", ""])
