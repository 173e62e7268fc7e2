"""Random pe programs against a plain interpreter.

random_programs.py DIR FIRST LAST    seeds; weft-opt and weft-run are in PATH

A program is written twice while it is drawn: as pe text and as Python that does
the same on lists. Values are 32-bit integers, and floats that hold small ones, so
results agree exactly.
"""

import os
import random
import struct
import subprocess
import sys

N = 256
BUFFERS = {"a": 4176, "b": 5200, "c": 6224, "d": 7248}
ARITH = {"addi": "+", "subi": "-", "muli": "*", "xori": "^", "andi": "&", "ori": "|"}
COMPARE = {"slt": "<", "sgt": ">", "sle": "<=", "sge": ">=", "eq": "==", "ne": "!="}
VECTOR = {
    "vmov": lambda x: x[0],
    "vadd": lambda x: x[0] + x[1],
    "vsub": lambda x: x[0] - x[1],
    "vmul": lambda x: x[0] * x[1],
    "vxor": lambda x: x[0] ^ x[1],
    "vmax": max,
    "vmin": min,
}


def wrap(x):
    x &= 0xFFFFFFFF
    return x - (1 << 32) if x >> 31 else x


def addresses(view):
    _, offset, shape, strides = view
    out = [offset]
    for n, stride in zip(shape, strides):
        out = [x + i * stride for x in out for i in range(n)]
    return out


def vec(op, dst, srcs):
    where = [addresses(s) if isinstance(s, tuple) else None for s in srcs]
    for k, at in enumerate(addresses(dst)):
        x = [s[0][w[k]] if w else s for s, w in zip(srcs, where)]
        dst[0][at] = wrap(VECTOR[op](x))


def low_sum(init, view):
    return init + sum(view[0][at] & 255 for at in addresses(view))


class Sub:
    """The body of one subroutine, in both languages."""

    def __init__(self, rng):
        self.rng, self.text, self.python = rng, [], []
        self.count, self.depth = 0, 0
        self.counters, self.scalars = [], []
        self.buffers = ["p", "q", "s"]

    def emit(self, text, python):
        self.text.append("  " * (self.depth + 3) + text)
        self.python.append("    " * (self.depth + 1) + python)

    def new(self):
        self.count += 1
        return f"v{self.count}"

    def value(self, text, python):
        name = self.new()
        self.emit(f"%{name} = {text}", f"{name} = {python}")
        return name

    def constant(self, value, kind="index"):
        return self.value(f"arith.constant {value} : {kind}", value)

    def arith(self, op, x, y, python, kind="index"):
        return self.value(f"arith.{op} %{x}, %{y} : {kind}", python)

    def index(self, limit):
        """An index in [0, limit]."""
        rng = self.rng
        if limit <= 0:
            return self.constant(0)
        if rng.random() < 0.1:
            return self.loaded_index(limit)
        if not self.counters or rng.random() < 0.15:
            return self.constant(rng.randrange(limit + 1))
        start = rng.randrange(min(limit, 5) + 1)
        total, left = self.constant(start), limit - start
        for _ in range(rng.randrange(1, 3)):
            x, top = self.counter_form()
            if top and left // top:
                factor = min(left // top, rng.choice([1, 2, 3, 4, 9, 40]))
                f = self.constant(factor)
                m = self.arith("muli", x, f, f"{x} * {f}")
                total = self.arith("addi", total, m, f"{total} + {m}")
                left -= factor * top
        return total

    def counter_form(self):
        """A function of a loop counter and its largest value."""
        rng = self.rng
        x, top = rng.choice(self.counters)
        if rng.random() < 0.2:
            top = max(1, top // 2)
            k = self.constant(top)
            x = self.arith("minsi", x, k, f"min({x}, {k})")
        if rng.random() < 0.15:
            k = self.constant(1)
            x, top = self.arith("shrui", x, k, f"{x} >> 1"), top // 2
        if rng.random() < 0.2:
            k = self.constant(top)
            x = self.arith("subi", k, x, f"{k} - {x}")
        return x, top

    def loaded_index(self, limit):
        mask = (1 << (limit + 1).bit_length() - 1) - 1
        x = self.load(self.constant(self.rng.randrange(N)))
        k = self.constant(mask, "i32")
        x = self.arith("andi", x, k, f"{x} & {k}", "i32")
        return self.value(f"arith.index_cast %{x} : i32 to index", x)

    def load(self, at):
        buffer = self.rng.choice(self.buffers)
        return self.value(f"memref.load %{buffer}[%{at}] : memref<{N}xi32>",
                          f"{buffer}[{at}]")

    def view(self, shape, buffers=None):
        """(name, type, buffer, strides) of a view that stays in its buffer."""
        rng = self.rng
        buffer = rng.choice(buffers or self.buffers)
        while True:
            strides = [rng.choice([0, 1, 1, 2, -1, 3, n, 5]) for n in shape]
            if len(shape) > 1 and rng.random() < 0.5:
                strides[-2:] = [shape[-1], 1]  # contiguous
            low = sum(-s * (n - 1) for n, s in zip(shape, strides) if s < 0)
            high = sum(s * (n - 1) for n, s in zip(shape, strides) if s > 0)
            if low + high < N:
                break
        at = self.index(N - 1 - low - high)
        base = self.constant(low)
        at = self.arith("addi", at, base, f"{at} + {base}")
        sizes = "x".join(map(str, shape))
        kind = f"memref<{sizes}xi32, strided<{strides}, offset: ?>>"
        name = self.value(
            f"memref.reinterpret_cast %{buffer} to offset: [%{at}], sizes: {shape}, "
            f"strides: {strides} : memref<{N}xi32> to {kind}",
            f"({buffer}, {at}, {shape}, {strides})")
        return name, kind, buffer, strides

    def scalar(self):
        rng = self.rng
        if not self.scalars or rng.random() < 0.4:
            return self.constant(rng.randrange(-100, 100), "i32")
        x = rng.choice(self.scalars)
        if rng.random() < 0.6:
            return x
        y = rng.choice(self.scalars)
        op = rng.choice([*ARITH, "minsi", "maxsi"])
        python = f"wrap({x} {ARITH[op]} {y})" if op in ARITH else f"{op[:3]}({x}, {y})"
        z = self.arith(op, x, y, python, "i32")
        if rng.random() < 0.7:
            return z
        how = rng.choice(list(COMPARE))
        c = self.value(f"arith.cmpi {how}, %{z}, %{x} : i32", f"{z} {COMPARE[how]} {x}")
        return self.value(f"arith.select %{c}, %{y}, %{z} : i32", f"{y} if {c} else {z}")

    def statement(self):
        draw = self.rng.random()
        if draw < 0.25 and self.depth < 3:
            self.loop()
        elif draw < 0.7:
            self.vector()
        elif draw < 0.8:
            x = self.reduction(self.constant("0.0", "f32"))
            self.scalars.append(self.value(f"arith.fptosi %{x} : f32 to i32", f"int({x})"))
        elif draw < 0.9:
            self.scalars.append(self.load(self.index(N - 1)))
        else:
            x, at = self.scalar(), self.index(N - 1)
            buffer = self.rng.choice(self.buffers)
            self.emit(f"memref.store %{x}, %{buffer}[%{at}] : memref<{N}xi32>",
                      f"{buffer}[{at}] = {x}")

    def vector(self):
        """Sources are other buffers, or exactly the destination: ops do not overlap."""
        rng = self.rng
        shape = [rng.randrange(1, 7) for _ in range(rng.choice([1, 1, 1, 2, 2, 3]))]
        dst, kind, buffer, strides = self.view(shape)
        others = [b for b in self.buffers if b != buffer]
        elements = 1
        for n in shape:
            elements *= n
        op, srcs = rng.choice(list(VECTOR)), []
        for _ in range(1 if op == "vmov" else 2):
            draw = rng.random()
            if draw < 0.3:
                srcs.append((self.scalar(), "i32"))
            elif draw < 0.5 and len(shape) == 1 and strides[0]:
                srcs.append((dst, kind))
            else:
                flat = rng.random() < 0.5
                srcs.append(self.view([elements] if flat else shape, others)[:2])
        self.emit(f"pe.vec {op} %{dst}, " + ", ".join("%" + s[0] for s in srcs)
                  + f" : {kind}, " + ", ".join(s[1] for s in srcs),
                  f"vec('{op}', {dst}, [" + ", ".join(s[0] for s in srcs) + "])")

    def reduction(self, init):
        """init + the sum of the low bytes of some elements, as f32."""
        shape = [self.rng.randrange(1, 7) for _ in range(self.rng.choice([1, 2]))]
        name, kind, _, _ = self.view(shape)
        n = shape[0] * shape[-1] if len(shape) > 1 else shape[0]
        mask = self.constant(255, "i32")
        bits, floats = self.new(), self.new()
        for v, buffer, t in ((bits, "t", "i32"), (floats, "u", "f32")):
            self.emit(f"%{v} = memref.reinterpret_cast %{buffer} to offset: [0], sizes: [{n}], "
                      f"strides: [1] : memref<64x{t}> to memref<{n}x{t}, strided<[1]>>", "pass")
        i32, f32 = f"memref<{n}xi32, strided<[1]>>", f"memref<{n}xf32, strided<[1]>>"
        self.emit(f"pe.vec vand %{bits}, %{name}, %{mask} : {i32}, {kind}, i32", "pass")
        self.emit(f"pe.vec vi2f %{floats}, %{bits} : {f32}, {i32}", "pass")
        return self.value(f"pe.reduce vrsum %{init}, %{floats} : f32, {f32}",
                          f"low_sum({init}, {name})")

    def loop(self):
        rng = self.rng
        trip, step = rng.choice([1, 2, 3, 4, 5, 7, 8]), rng.choice([1, 1, 2, 3])
        low = rng.choice([0, 0, 1, 2])
        high = low + (trip - 1) * step + rng.randrange(1, step + 1)
        bounds = [self.constant(x) for x in (low, high, step)]
        kinds = [rng.choice(["i32", "f32"]) for _ in range(rng.choice([0, 0, 1, 2]))]
        inits = [self.scalar() if k == "i32" else self.constant("7.0", k) for k in kinds]
        args, results = [self.new() for _ in inits], [self.new() for _ in inits]
        types = ", ".join(kinds)
        i, head, carried = self.new(), "", ""
        if inits:
            head = ", ".join("%" + r for r in results) + " = "
            pairs = ", ".join(f"%{a} = %{x}" for a, x in zip(args, inits))
            carried = f" iter_args({pairs}) -> ({types})"
        for a, x in zip(args, inits):
            self.emit("", f"{a} = {x}")
        self.emit("{}scf.for %{} = %{} to %{} step %{}{} {{".format(head, i, *bounds, carried),
                  f"for {i} in range({low}, {high}, {step}):")
        outside = list(self.scalars)
        self.depth += 1
        self.counters.append((i, low + (trip - 1) * step))
        self.scalars += [a for a, k in zip(args, kinds) if k == "i32"]
        for _ in range(rng.randrange(1, 4)):
            self.statement()
        if inits:
            new = [self.reduction(a) if k == "f32" else rng.choice([self.scalar(), a])
                   for a, k in zip(args, kinds)]
            integers = [x for x, k in zip(new, kinds) if k == "i32"]
            if len(integers) == 2 and rng.random() < 0.5:
                new.reverse()  # as a swap
            self.emit("scf.yield " + ", ".join("%" + x for x in new) + f" : {types}",
                      ", ".join(args) + " = " + ", ".join(new))
        self.depth -= 1
        self.counters.pop()
        self.scalars = outside + [r for r, k in zip(results, kinds) if k == "i32"]
        self.emit("}", "pass")
        for r, a in zip(results, args):
            self.emit("", f"{r} = {a}")


def draw(seed):
    """(pe text, what the buffers hold in the end)"""
    rng = random.Random(seed)
    kind = f"memref<{N}xi32>"
    subs = []
    for _ in range(rng.randrange(1, 3)):
        subs.append(Sub(rng))
        for _ in range(rng.randrange(2, 8)):
            subs[-1].statement()
    order = []
    for _ in range(rng.randrange(1, 4)):
        order += [rng.randrange(len(subs))
                  for _ in range(rng.randrange(1, 4))] * rng.randrange(1, 7)
    calls = [(k, rng.sample(list(BUFFERS), 3)) for k in order[:20]]
    data = {b: [rng.randrange(-1000, 1000) for _ in range(N)] for b in BUFFERS}
    out = ['pe.program @random grid [1, 1] target "wse2" {']
    for b, at in BUFFERS.items():
        place = (f"at {at} on #pe.pattern<(0, 0), 1 x 1> storage i32 "
                 f"map [#pe.dim<none, extent {N}, tile {N}, stride 1>]")
        out += [f"  pe.tensor @{b} : tensor<{N}xi32> = dense<{data[b]}> : tensor<{N}xi32>",
                f"  pe.init @{b} {place}", f'  pe.output "{b}" : tensor<{N}xi32> {place}']
    out += ["  pe.class @all at [#pe.pattern<(0, 0), 1 x 1>] code_at 10000 params_at 9000 {"]
    out += [f'    %{b} = pe.buffer "{b}" at {at} : {kind}' for b, at in BUFFERS.items()]
    out += ['    %t = pe.buffer "t" at 8272 : memref<64xi32>',
            '    %u = pe.buffer "u" at 8528 : memref<64xf32>']
    space = {"vec": vec, "low_sum": low_sum, "wrap": wrap}
    for k, sub in enumerate(subs):
        out += [f"    pe.sub @s{k}(%p: {kind}, %q: {kind}, %s: {kind}) {{", *sub.text,
                "      pe.return", "    }"]
        exec(f"def s{k}(p, q, s):\n" + "\n".join(sub.python), space)
    out += ["    pe.task @start id 0 start {"]
    for k, args in calls:
        out += [f"      pe.call @s{k}(%{args[0]}, %{args[1]}, %{args[2]}) : "
                + ", ".join([kind] * 3)]
        space[f"s{k}"](*[data[b] for b in args])
    out += ["      pe.halt", "    }", "  }", "}"]
    return "\n".join(out) + "\n", data


def write_npy(path, values):
    header = f"{{'descr': '<i4', 'fortran_order': False, 'shape': ({len(values)},), }}"
    header = header.ljust(117) + "\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        f.write(struct.pack(f"<{len(values)}i", *values))


def main(folder, first, last):
    os.makedirs(folder, exist_ok=True)
    for seed in range(int(first), int(last)):
        stem = os.path.join(folder, str(seed))
        text, data = draw(seed)
        with open(stem + ".mlir", "w", encoding="utf-8") as f:
            f.write(text)
        run = ["weft-run", stem + ".weft", "--quiet"]
        for b, values in data.items():
            write_npy(f"{stem}.{b}.npy", values)
            run += ["--expect", f"{b}={stem}.{b}.npy"]
        for command in (["weft-opt", "--pe-to-weft", stem + ".mlir", "-o", stem + ".weft"],
                        ["weft-verify", stem + ".weft"], run):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                sys.exit(f"seed {seed}: {' '.join(command)} failed\n{done.stderr}")


main(*sys.argv[1:])
