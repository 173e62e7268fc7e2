// RUN: weft-opt %s --split-input-file --weft-partition=grid=3x5 | FileCheck %s

// Patches of an image that is a graph input. The host places it with rows of
// patches over one axis and rows within a patch over the other; nothing is
// reshaped or transposed on the wafer. 4 rows of a patch over 3 columns and 8
// features over 5 rows of PEs: 2 * 2 products a PE and patch; the other way
// round, 1 * 3.
// CHECK: %[[X:.*]] = wafer.place %{{.*}} : tensor<1x3x8x12xf32> to tensor<1x3x2x4x3x4xf32, #wafer.layout<[3, 5], [*, *, x, y, *, *]>>
// CHECK: %[[W:.*]] = wafer.place @c0 to tensor<3x4x4x8xf32, #wafer.layout<[3, 5], [*, y, *, x]>>
// CHECK: %[[B:.*]] = wafer.place @c1 to tensor<1x8xf32, #wafer.layout<[3, 5], [y, x]>>
// CHECK: %[[Y:.*]] = wafer.kernel "patches" of "wafer.patches"(%[[X]], %[[W]], %[[B]]) {order = array<i64: 1, 3, 5>}
// CHECK-SAME: -> tensor<1x6x8xf32, #wafer.layout<[3, 5], [*, *, x]>>
// CHECK: wafer.yield %[[Y]]
// CHECK: nn.reshape {{.*}} -> tensor<3x4x4x8xf32>
nn.program @main(%x: tensor<1x3x8x12xf32> {nn.name = "x"}) -> (tensor<1x6x8xf32> {nn.name = "y"}) {
  %w = nn.constant dense<1.0> : tensor<48x8xf32>
  %b = nn.constant dense<1.0> : tensor<8xf32>
  %0 = nn.reshape %x : (tensor<1x3x8x12xf32>) -> tensor<1x3x2x4x3x4xf32>
  %1 = nn.transpose %0 perm = [0, 2, 4, 1, 3, 5] : (tensor<1x3x2x4x3x4xf32>) -> tensor<1x2x3x3x4x4xf32>
  %2 = nn.reshape %1 : (tensor<1x2x3x3x4x4xf32>) -> tensor<1x6x48xf32>
  %3 = nn.linear %2, %w bias %b : (tensor<1x6x48xf32>, tensor<48x8xf32>, tensor<8xf32>) -> tensor<1x6x8xf32>
  nn.return %3 : tensor<1x6x8xf32>
}

// -----

// The image in f16 for the wafer is the host's business; rows of W follow the
// patch's elements, here with the channels last.
// CHECK: wafer.place %{{.*}} : tensor<1x3x8x12xf32> to tensor<1x3x2x4x3x4xf16
// CHECK: wafer.place @c0 to tensor<4x4x3x8xf16, #wafer.layout<[3, 5], [y, *, *, x]>>
// CHECK: wafer.kernel "patches" of "wafer.patches"({{.*}}) {order = array<i64: 3, 5, 1>}
nn.program @main(%x: tensor<1x3x8x12xf32> {nn.name = "x"}) -> (tensor<1x6x8xf16> {nn.name = "y"}) {
  %w = nn.constant dense<1.0> : tensor<48x8xf16>
  %h = nn.cast %x : (tensor<1x3x8x12xf32>) -> tensor<1x3x8x12xf16>
  %0 = nn.reshape %h : (tensor<1x3x8x12xf16>) -> tensor<1x3x2x4x3x4xf16>
  %1 = nn.transpose %0 perm = [0, 2, 4, 3, 5, 1] : (tensor<1x3x2x4x3x4xf16>) -> tensor<1x2x3x4x4x3xf16>
  %2 = nn.reshape %1 : (tensor<1x2x3x4x4x3xf16>) -> tensor<1x6x48xf16>
  %3 = nn.linear %2, %w : (tensor<1x6x48xf16>, tensor<48x8xf16>) -> tensor<1x6x8xf16>
  nn.return %3 : tensor<1x6x8xf16>
}

// -----

// An image that something else reads is replicated.
// CHECK-NOT: "patches"
// CHECK: of "nn.transpose"
// CHECK-NOT: "patches"
// CHECK: of "nn.linear"
nn.program @main(%x: tensor<1x3x8x12xf32> {nn.name = "x"}) -> (tensor<1x6x8xf32> {nn.name = "y"}, tensor<1x3x8x12xf32> {nn.name = "z"}) {
  %w = nn.constant dense<1.0> : tensor<48x8xf32>
  %0 = nn.reshape %x : (tensor<1x3x8x12xf32>) -> tensor<1x3x2x4x3x4xf32>
  %1 = nn.transpose %0 perm = [0, 2, 4, 1, 3, 5] : (tensor<1x3x2x4x3x4xf32>) -> tensor<1x2x3x3x4x4xf32>
  %2 = nn.reshape %1 : (tensor<1x2x3x3x4x4xf32>) -> tensor<1x6x48xf32>
  %3 = nn.linear %2, %w : (tensor<1x6x48xf32>, tensor<48x8xf32>) -> tensor<1x6x8xf32>
  %4 = nn.neg %x : (tensor<1x3x8x12xf32>) -> tensor<1x3x8x12xf32>
  nn.return %3, %4 : tensor<1x6x8xf32>, tensor<1x3x8x12xf32>
}

// -----

// So is one that is computed,
// CHECK-NOT: "patches"
// CHECK: of "nn.linear"
nn.program @main(%x: tensor<1x3x8x12xf32> {nn.name = "x"}) -> (tensor<1x6x8xf32> {nn.name = "y"}) {
  %w = nn.constant dense<1.0> : tensor<48x8xf32>
  %n = nn.neg %x : (tensor<1x3x8x12xf32>) -> tensor<1x3x8x12xf32>
  %0 = nn.reshape %n : (tensor<1x3x8x12xf32>) -> tensor<1x3x2x4x3x4xf32>
  %1 = nn.transpose %0 perm = [0, 2, 4, 1, 3, 5] : (tensor<1x3x2x4x3x4xf32>) -> tensor<1x2x3x3x4x4xf32>
  %2 = nn.reshape %1 : (tensor<1x2x3x3x4x4xf32>) -> tensor<1x6x48xf32>
  %3 = nn.linear %2, %w : (tensor<1x6x48xf32>, tensor<48x8xf32>) -> tensor<1x6x8xf32>
  nn.return %3 : tensor<1x6x8xf32>
}

// -----

// and one whose patches come in columns, or are cut otherwise.
// CHECK-NOT: "patches"
// CHECK: of "nn.linear"
// CHECK-NOT: "patches"
// CHECK: of "nn.linear"
nn.program @main(%x: tensor<1x3x8x12xf32> {nn.name = "x"}, %z: tensor<1x3x8x12xf32> {nn.name = "z"}) -> (tensor<1x6x8xf32> {nn.name = "y"}, tensor<1x12x8xf32> {nn.name = "v"}) {
  %w = nn.constant dense<1.0> : tensor<48x8xf32>
  %0 = nn.reshape %x : (tensor<1x3x8x12xf32>) -> tensor<1x3x2x4x3x4xf32>
  %1 = nn.transpose %0 perm = [0, 4, 2, 1, 3, 5] : (tensor<1x3x2x4x3x4xf32>) -> tensor<1x3x2x3x4x4xf32>
  %2 = nn.reshape %1 : (tensor<1x3x2x3x4x4xf32>) -> tensor<1x6x48xf32>
  %3 = nn.linear %2, %w : (tensor<1x6x48xf32>, tensor<48x8xf32>) -> tensor<1x6x8xf32>
  %u = nn.constant dense<1.0> : tensor<24x8xf32>
  %4 = nn.reshape %z : (tensor<1x3x8x12xf32>) -> tensor<1x3x4x2x3x4xf32>
  %5 = nn.transpose %4 perm = [0, 2, 1, 4, 3, 5] : (tensor<1x3x4x2x3x4xf32>) -> tensor<1x4x3x3x2x4xf32>
  %6 = nn.reshape %5 : (tensor<1x4x3x3x2x4xf32>) -> tensor<1x12x24xf32>
  %7 = nn.linear %6, %u : (tensor<1x12x24xf32>, tensor<24x8xf32>) -> tensor<1x12x8xf32>
  nn.return %3, %7 : tensor<1x6x8xf32>, tensor<1x12x8xf32>
}
