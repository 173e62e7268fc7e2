// Integers wrap in their width, and uint32 uses all 32 bits: bits, order,
// quotients and floats of it are those of unsigned numbers.

// RUN: rm -rf %t && mkdir %t
// RUN: %python %S/Inputs/typed.py %t/a.npy uint32 4000000000 3000000000 7 2147483648
// RUN: %python %S/Inputs/typed.py %t/b.npy uint32 1000000000 7 3000000000 4294967295
// RUN: %python %S/Inputs/typed.py %t/sum.npy uint32 705032704 3000000007 3000000007 2147483647
// RUN: %python %S/Inputs/typed.py %t/quotient.npy uint32 4 428571428 0 0
// RUN: %python %S/Inputs/typed.py %t/less.npy bool 0 0 1 1
// RUN: %python %S/Inputs/typed.py %t/real.npy float32 4e9 3e9 7 2147483648
// RUN: %python %S/Inputs/typed.py %t/c.npy int8 -128 127 100 -5
// RUN: %python %S/Inputs/typed.py %t/twice.npy int8 0 -2 -56 -10
// RUN: %python %S/Inputs/typed.py %t/most.npy uint32 4000000000
// RUN: %python %S/Inputs/typed.py %t/places.npy int32 0 1
// RUN: weftc %s -o %t/m.weft --grid=4x2 && weft-verify %t/m.weft
// RUN: weft-run %t/m.weft --input a=%t/a.npy --input b=%t/b.npy --input c=%t/c.npy --expect sum=%t/sum.npy --expect quotient=%t/quotient.npy --expect less=%t/less.npy --expect real=%t/real.npy --expect twice=%t/twice.npy --expect most=%t/most.npy --expect places=%t/places.npy | FileCheck %s
// CHECK-COUNT-7: agrees

nn.program @main(%a: tensor<4xui32> {nn.name = "a"}, %b: tensor<4xui32> {nn.name = "b"}, %c: tensor<4xi8> {nn.name = "c"})
    -> (tensor<4xui32> {nn.name = "sum"}, tensor<4xui32> {nn.name = "quotient"}, tensor<4xi1> {nn.name = "less"},
        tensor<4xf32> {nn.name = "real"}, tensor<4xi8> {nn.name = "twice"}, tensor<1xui32> {nn.name = "most"}, tensor<2xi32> {nn.name = "places"}) {
  %sum = nn.add %a, %b : (tensor<4xui32>, tensor<4xui32>) -> tensor<4xui32>
  %quotient = nn.div %a, %b : (tensor<4xui32>, tensor<4xui32>) -> tensor<4xui32>
  %less = nn.less %a, %b : (tensor<4xui32>, tensor<4xui32>) -> tensor<4xi1>
  %real = nn.cast %a : (tensor<4xui32>) -> tensor<4xf32>
  %twice = nn.add %c, %c : (tensor<4xi8>, tensor<4xi8>) -> tensor<4xi8>
  %most = nn.reduce_max %a axes = [0] keepdims = true : (tensor<4xui32>) -> tensor<1xui32>
  %places = nn.top_k %a k = 2 axis = 0 largest = true : (tensor<4xui32>) -> tensor<2xi32>
  nn.return %sum, %quotient, %less, %real, %twice, %most, %places
      : tensor<4xui32>, tensor<4xui32>, tensor<4xi1>, tensor<4xf32>, tensor<4xi8>, tensor<1xui32>, tensor<2xi32>
}
