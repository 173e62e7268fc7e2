// RUN: weft-opt %s --weft-partition=grid=3x2 | FileCheck %s
//
// Weights may have the names that the compiler gives to its own constants.
//
// CHECK-DAG: wafer.constant @c0_ : tensor<7x7xf32>
// CHECK-DAG: nn.load @c0
// CHECK-DAG: wafer.constant @ones7_ : tensor<7xf32>
// CHECK-DAG: wafer.place @ones7_ to tensor<7xf32,
// CHECK-DAG: nn.load @ones7 :

nn.weight @c0 : tensor<7x7xf32> = #nn.data<"w.bin", 0, 196, "00">
nn.weight @ones7 : tensor<7x7xf32> = #nn.data<"w.bin", 196, 196, "00">
nn.program @main(%x: tensor<2x7xf32> {nn.name = "x"}) -> (tensor<2x7xf32> {nn.name = "y"}) {
  %a = nn.load @c0 : tensor<7x7xf32>
  %b = nn.load @ones7 : tensor<7x7xf32>
  %g = nn.constant dense<2.000000e+00> : tensor<7xf32>
  %0 = nn.linear %x, %a : (tensor<2x7xf32>, tensor<7x7xf32>) -> tensor<2x7xf32>
  %1 = nn.layer_norm %0, %g epsilon = 9.99999974E-6 : (tensor<2x7xf32>, tensor<7xf32>) -> tensor<2x7xf32>
  %2 = nn.linear %1, %b : (tensor<2x7xf32>, tensor<7x7xf32>) -> tensor<2x7xf32>
  nn.return %2 : tensor<2x7xf32>
}
