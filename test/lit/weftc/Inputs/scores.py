# scores.py - What is no attention, though a softmax stands before a product
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Written to standard output for test/lit/weftc/remarks.test: softmaxes of an
# input; of scores that are a result too; of scores times 32 factors; behind two
# selects; of queries that all batches share; in rank 5.

T = "tensor<2x3x3xf32>"
MASK = "tensor<2x3x3xi1>"
SHARED, FOUR, FIVE = "tensor<1x2x3x3xf32>", "tensor<2x2x3x3xf32>", "tensor<1x1x2x3x3xf32>"
SCALAR = "tensor<f32>"


def product(result, a, b, left=T, right=T):
    return f"{result} = nn.matmul {a}, {b} : ({left}, {right}) -> {right}"


def weighted(name, scores, values="%x", kind=T):
    """The scores' softmax times the values."""
    axis = kind.count("x") - 1
    return [f"%p{name} = nn.softmax {scores} axis = {axis} : ({kind}) -> {kind}",
            product(f"%y{name}", f"%p{name}", values, kind, kind)]


def hidden(result, scores, mask):
    return f"{result} = nn.where {mask}, {scores}, %low : ({MASK}, {T}, {SCALAR}) -> {T}"


lines = [f"%c = nn.constant dense<0.5> : {SCALAR}", f"%low = nn.constant dense<-1.0e4> : {SCALAR}"]
lines += weighted("a", "%x")
lines += [product("%s", "%x", "%x")] + weighted("b", "%s")
lines += [product("%f0", "%x", "%x")]
lines += [f"%f{i + 1} = nn.mul %f{i}, %c : ({T}, {SCALAR}) -> {T}" for i in range(32)]
lines += weighted("c", "%f32")
lines += [product("%d", "%x", "%x"), hidden("%d1", "%d", "%m"), hidden("%d2", "%d1", "%n")]
lines += weighted("d", "%d2")
lines += [product("%e", "%one", "%four", SHARED, FOUR)] + weighted("e", "%e", "%four", FOUR)
lines += [product("%g", "%five", "%five", FIVE, FIVE)] + weighted("g", "%g", "%five", FIVE)
results = {"%ya": T, "%s": T, "%yb": T, "%yc": T, "%yd": T, "%ye": FOUR, "%yg": FIVE}
types = ", ".join(results.values())
inputs = {"%x": T, "%m": MASK, "%n": MASK, "%one": SHARED, "%four": FOUR, "%five": FIVE}
print(f"nn.program @main({', '.join(f'{n}: {t}' for n, t in inputs.items())}) -> ({types}) {{")
print("\n".join(lines))
print(f"nn.return {', '.join(results)} : {types}\n}}")
