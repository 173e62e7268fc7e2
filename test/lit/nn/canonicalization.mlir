// RUN: weft-opt %s --nn-simplify | FileCheck %s

// CHECK-LABEL: nn.program @transposes
nn.program @transposes(%x: tensor<2x3x4xf32>) -> (tensor<4x3x2xf32>, tensor<2x3x4xf32>) {
  // CHECK-NEXT: %[[T:.*]] = nn.transpose %arg0 perm = [2, 1, 0]
  // CHECK-NEXT: nn.return %[[T]], %arg0
  %0 = nn.transpose %x perm = [1, 0, 2] : (tensor<2x3x4xf32>) -> tensor<3x2x4xf32>
  %1 = nn.transpose %0 perm = [2, 0, 1] : (tensor<3x2x4xf32>) -> tensor<4x3x2xf32>
  %2 = nn.transpose %0 perm = [1, 0, 2] : (tensor<3x2x4xf32>) -> tensor<2x3x4xf32>
  nn.return %1, %2 : tensor<4x3x2xf32>, tensor<2x3x4xf32>
}

// CHECK-LABEL: nn.program @reshapes
nn.program @reshapes(%x: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  // CHECK-NEXT: nn.return %arg0
  %0 = nn.reshape %x : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
  %1 = nn.reshape %0 : (tensor<6x4xf32>) -> tensor<2x3x4xf32>
  nn.return %1 : tensor<2x3x4xf32>
}

// A reshape of leading dimensions sinks until it meets its inverse.
// CHECK-LABEL: nn.program @sink
nn.program @sink(%x: tensor<2x3x4xf32>, %w: tensor<4x8xf32>) -> tensor<2x3x8xf32> {
  // CHECK-NEXT: %[[L:.*]] = nn.linear %arg0, %arg1 : {{.*}} -> tensor<2x3x8xf32>
  // CHECK-NEXT: %[[G:.*]] = nn.gelu %[[L]]
  // CHECK-NEXT: nn.return %[[G]]
  %0 = nn.reshape %x : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
  %1 = nn.linear %0, %w : (tensor<6x4xf32>, tensor<4x8xf32>) -> tensor<6x8xf32>
  %2 = nn.gelu %1 approximate = "none" : (tensor<6x8xf32>) -> tensor<6x8xf32>
  %3 = nn.reshape %2 : (tensor<6x8xf32>) -> tensor<2x3x8xf32>
  nn.return %3 : tensor<2x3x8xf32>
}

// A reshape that changes the last dimension stays above a linear.
// CHECK-LABEL: nn.program @stay
nn.program @stay(%x: tensor<2x12xf32>, %w: tensor<4x8xf32>) -> tensor<6x8xf32> {
  // CHECK-NEXT: nn.reshape
  // CHECK-NEXT: nn.linear
  %0 = nn.reshape %x : (tensor<2x12xf32>) -> tensor<6x4xf32>
  %1 = nn.linear %0, %w : (tensor<6x4xf32>, tensor<4x8xf32>) -> tensor<6x8xf32>
  nn.return %1 : tensor<6x8xf32>
}

// CHECK-LABEL: nn.program @units
nn.program @units(%x: tensor<2x3x1x4xf32>) -> tensor<3x2x4xf32> {
  // CHECK-NEXT: %[[R:.*]] = nn.reshape %arg0 : {{.*}} -> tensor<2x3x4xf32>
  // CHECK-NEXT: nn.transpose %[[R]] perm = [1, 0, 2]
  %0 = nn.transpose %x perm = [2, 1, 0, 3] : (tensor<2x3x1x4xf32>) -> tensor<1x3x2x4xf32>
  %1 = nn.reshape %0 : (tensor<1x3x2x4xf32>) -> tensor<3x2x4xf32>
  nn.return %1 : tensor<3x2x4xf32>
}

// CHECK-LABEL: nn.program @slices
nn.program @slices(%x: tensor<8x4xf32>) -> tensor<4x2xf32> {
  // CHECK-NEXT: %[[S:.*]] = nn.slice %arg0 starts = [3, 0] sizes = [2, 4] steps = [4, 1]
  // CHECK-NEXT: nn.transpose %[[S]] perm = [1, 0]
  %0 = nn.transpose %x perm = [1, 0] : (tensor<8x4xf32>) -> tensor<4x8xf32>
  %1 = nn.slice %0 starts = [0, 1] sizes = [4, 4] steps = [1, 2] : (tensor<4x8xf32>) -> tensor<4x4xf32>
  %2 = nn.slice %1 starts = [0, 1] sizes = [4, 2] steps = [1, 2] : (tensor<4x4xf32>) -> tensor<4x2xf32>
  nn.return %2 : tensor<4x2xf32>
}

// CHECK-LABEL: nn.program @neutral
nn.program @neutral(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>, tensor<4x8xf32>) {
  %zero = nn.constant dense<0.0> : tensor<f32>
  %one = nn.constant dense<1.0> : tensor<f32>
  %ones = nn.constant dense<1.0> : tensor<4x8xf32>
  %0 = nn.add %zero, %x : (tensor<f32>, tensor<8xf32>) -> tensor<8xf32>
  %1 = nn.div %0, %one : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  // 1 / x is not x.
  // CHECK: %[[D:.*]] = nn.div
  %2 = nn.div %one, %x : (tensor<f32>, tensor<8xf32>) -> tensor<8xf32>
  // This one broadcasts.
  // CHECK: %[[M:.*]] = nn.mul
  %3 = nn.mul %x, %ones : (tensor<8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  // CHECK: nn.return %arg0, %[[D]], %[[M]]
  nn.return %1, %2, %3 : tensor<8xf32>, tensor<8xf32>, tensor<4x8xf32>
}

// CHECK-LABEL: nn.program @powers
nn.program @powers(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) {
  %two = nn.constant dense<2.0> : tensor<f32>
  %half = nn.constant dense<0.5> : tensor<f32>
  // CHECK: %[[S:.*]] = nn.mul %arg0, %arg0
  %0 = nn.pow %x, %two : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  // CHECK: nn.sqrt %[[S]]
  %1 = nn.pow %0, %half : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  // pow(-inf, 0.5) is inf, sqrt(-inf) is NaN.
  // CHECK: nn.pow %arg0
  %2 = nn.pow %x, %half : (tensor<8xf32>, tensor<f32>) -> tensor<8xf32>
  nn.return %0, %1, %2 : tensor<8xf32>, tensor<8xf32>, tensor<8xf32>
}

// Only a first cast that loses nothing goes away.
// CHECK-LABEL: nn.program @casts
nn.program @casts(%x: tensor<8xf16>, %y: tensor<8xf32>) -> (tensor<8xf16>, tensor<8xf32>) {
  // CHECK-NEXT: %[[A:.*]] = nn.cast %arg1
  // CHECK-NEXT: %[[B:.*]] = nn.cast %[[A]]
  // CHECK-NEXT: nn.return %arg0, %[[B]]
  %0 = nn.cast %x : (tensor<8xf16>) -> tensor<8xf32>
  %1 = nn.cast %0 : (tensor<8xf32>) -> tensor<8xf16>
  %2 = nn.cast %y : (tensor<8xf32>) -> tensor<8xf16>
  %3 = nn.cast %2 : (tensor<8xf16>) -> tensor<8xf32>
  nn.return %1, %3 : tensor<8xf16>, tensor<8xf32>
}

// CHECK-LABEL: nn.program @wheres
nn.program @wheres(%c: tensor<8xi1>, %x: tensor<8xf32>, %y: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  // CHECK-NEXT: %[[W:.*]] = nn.where %arg0, %arg2, %arg1
  // CHECK-NEXT: nn.return %[[W]], %arg1
  %n = nn.not %c : (tensor<8xi1>) -> tensor<8xi1>
  %0 = nn.where %n, %x, %y : (tensor<8xi1>, tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  %t = nn.constant dense<true> : tensor<8xi1>
  %1 = nn.where %t, %x, %y : (tensor<8xi1>, tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  nn.return %0, %1 : tensor<8xf32>, tensor<8xf32>
}
