// RUN: weft-opt %s --split-input-file --weft-partition=grid=3x5 | FileCheck %s

// Two linears: K of the first over one axis, N over the other; the second swaps
// them, so nothing lies between but what is computed.

// CHECK: wafer.program @main inputs ["x"] outputs ["y"] grid [3, 5] target #target
// CHECK: ^bb0(%[[ARG:.*]]: tensor<8x30xf32>):
// CHECK: wafer.stage @s0 size [3, 5](%[[ARG]]) : (tensor<8x30xf32>)
// CHECK: %[[X:.*]] = wafer.place %{{.*}} : tensor<8x30xf32> to tensor<8x30xf32, #wafer.layout<[3, 5], [*, [[K:[xy]]]]>>
// CHECK: %[[W1:.*]] = wafer.place @c0 to tensor<30x45xf32, #wafer.layout<[3, 5], {{\[}}[[K]], [[N:[xy]]]{{\].*}}>>
// A bias lies on the root line of K's axis only.
// CHECK: %[[B1:.*]] = wafer.place @c1 to tensor<1x45xf32, #wafer.layout<[3, 5], {{\[}}[[K]], [[N]]]>>
// CHECK: %[[H:.*]] = wafer.kernel "gemm_block" of "nn.linear"(%[[X]], %[[W1]], %[[B1]])
// CHECK-SAME: -> tensor<8x45xf32, #wafer.layout<[3, 5], [*, [[N]]]>>
// CHECK: %[[R:.*]] = wafer.kernel "elementwise" of "nn.relu"(%[[H]])
// CHECK-SAME: -> tensor<8x45xf32, #wafer.layout<[3, 5], [*, [[N]]]>>
// CHECK-NOT: wafer.relayout
// CHECK: %[[W2:.*]] = wafer.place @c2 to tensor<45x30xf32, #wafer.layout<[3, 5], {{\[}}[[N]], [[K]]]{{.*}}>>
// CHECK: %[[Y:.*]] = wafer.kernel "gemm_block" of "nn.linear"(%[[R]], %[[W2]])
// CHECK-SAME: -> tensor<8x30xf32, #wafer.layout<[3, 5], [*, [[K]]]>>
// CHECK: wafer.yield %[[Y]]
// CHECK: wafer.constant @c1 : tensor<1x45xf32> {
// CHECK: nn.reshape {{.*}} -> tensor<1x45xf32>
nn.weight @w1 : tensor<30x45xf32> = #nn.data<"w.bin", 0, 5400, "00">
nn.weight @w2 : tensor<45x30xf32> = #nn.data<"w.bin", 5400, 5400, "00">
nn.program @main(%x: tensor<8x30xf32> {nn.name = "x"}) -> (tensor<8x30xf32> {nn.name = "y"}) {
  %w1 = nn.load @w1 : tensor<30x45xf32>
  %b1 = nn.constant dense<1.0> : tensor<45xf32>
  %w2 = nn.load @w2 : tensor<45x30xf32>
  %h = nn.linear %x, %w1 bias %b1 : (tensor<8x30xf32>, tensor<30x45xf32>, tensor<45xf32>) -> tensor<8x45xf32>
  %r = nn.relu %h : (tensor<8x45xf32>) -> tensor<8x45xf32>
  %y = nn.linear %r, %w2 : (tensor<8x45xf32>, tensor<45x30xf32>) -> tensor<8x30xf32>
  nn.return %y : tensor<8x30xf32>
}

// -----

// Where layouts must differ there is a relayout: a transpose of the features
// wants them whole.
// CHECK: %[[Y:.*]] = wafer.kernel "gemm_block"
// CHECK-SAME: -> tensor<8x45xf32, #wafer.layout<[3, 5], [*, [[AXIS:[xy]]]]>>
// CHECK: %[[Z:.*]] = wafer.relayout %[[Y]] : tensor<8x45xf32, #wafer.layout<[3, 5], [*, [[AXIS]]]>> to tensor<8x45xf32, #wafer.layout<[3, 5], [*, *]>>
// CHECK: wafer.kernel "local" of "nn.transpose"(%[[Z]]) {perm = array<i64: 1, 0>}
nn.program @main(%x: tensor<8x30xf32> {nn.name = "x"}) -> (tensor<45x8xf32> {nn.name = "y"}) {
  %w = nn.constant dense<1.0> : tensor<30x45xf32>
  %0 = nn.linear %x, %w : (tensor<8x30xf32>, tensor<30x45xf32>) -> tensor<8x45xf32>
  %1 = nn.transpose %0 perm = [1, 0] : (tensor<8x45xf32>) -> tensor<45x8xf32>
  nn.return %1 : tensor<45x8xf32>
}

// -----

// Elementwise ops in a row are one kernel: each works on the value so far (-1) and
// on operands of the kernel.
// CHECK: wafer.kernel "{{elementwise|split_rows}}" of "wafer.chain"(%{{.*}}, %{{.*}}) {steps = [
// CHECK-SAME: {args = array<i64: 0, 1>, op = "nn.add", out = f32}
// CHECK-SAME: {args = array<i64: -1>, op = "nn.relu", out = f32}
// CHECK-SAME: {args = array<i64: -1, 1>, op = "nn.mul", out = f32}
// CHECK-NOT: wafer.kernel
nn.program @main(%x: tensor<8x30xf32> {nn.name = "x"}, %z: tensor<8x30xf32> {nn.name = "z"}) -> (tensor<8x30xf32> {nn.name = "y"}) {
  %0 = nn.add %x, %z : (tensor<8x30xf32>, tensor<8x30xf32>) -> tensor<8x30xf32>
  %1 = nn.relu %0 : (tensor<8x30xf32>) -> tensor<8x30xf32>
  %2 = nn.mul %1, %z : (tensor<8x30xf32>, tensor<8x30xf32>) -> tensor<8x30xf32>
  nn.return %2 : tensor<8x30xf32>
}

// -----

// Outputs may be inputs or constants; unused inputs stay.
// CHECK: wafer.program @main inputs ["x", "unused"] outputs ["x again", "c"]
// CHECK: %[[C:.*]] = wafer.place @c0 to tensor<2xi32,
// CHECK: wafer.return %{{.*}}, %[[C]] :
nn.program @main(%x: tensor<4xf32> {nn.name = "x"}, %u: tensor<i64> {nn.name = "unused"})
    -> (tensor<4xf32> {nn.name = "x again"}, tensor<2xi64> {nn.name = "c"}) {
  %c = nn.constant dense<[1, 2]> : tensor<2xi64>
  nn.return %x, %c : tensor<4xf32>, tensor<2xi64>
}

// -----

// Programs of other levels are left alone.
// CHECK: fabric.program @main grid [1, 1] target #target
fabric.program @main grid [1, 1] target #wafer.target<"wse2"> {}
