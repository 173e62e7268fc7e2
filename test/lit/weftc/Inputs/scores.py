# scores.py - What is no attention, though a softmax stands before a product
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# Written to standard output for test/lit/weftc/remarks.test: a softmax of an
# input, of scores that are a result too, and of scores times 32 factors.

T = "tensor<2x3x3xf32>"
PAIR = f"({T}, {T}) -> {T}"
ONE = f"({T}) -> {T}"


def weighted(name, scores):
    return [f"%p{name} = nn.softmax {scores} axis = 2 : {ONE}",
            f"%y{name} = nn.matmul %p{name}, %x : {PAIR}"]


lines = weighted("a", "%x")
lines += [f"%s = nn.matmul %x, %x : {PAIR}"] + weighted("b", "%s")
lines += [f"%f0 = nn.matmul %x, %x : {PAIR}", "%c = nn.constant dense<0.5> : tensor<f32>"]
lines += [f"%f{i + 1} = nn.mul %f{i}, %c : ({T}, tensor<f32>) -> {T}" for i in range(32)]
lines += weighted("c", "%f32")
results = ["%ya", "%s", "%yb", "%yc"]
print(f"nn.program @main(%x: {T}) -> ({', '.join([T] * len(results))}) {{")
print("\n".join(lines))
print(f"nn.return {', '.join(results)} : {', '.join([T] * len(results))}\n}}")
