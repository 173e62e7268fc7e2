// RUN: weft-opt %s --split-input-file --pass-pipeline='builtin.module(nn-state-views,nn-simplify,cse)' | FileCheck %s

// The cache is laid out as attention reads it; nothing is transposed any more.
// CHECK-LABEL: nn.program @attended(%arg0: tensor<1x16x32xf32>, %arg1: tensor<1x1x32xf32>, %arg2: tensor<1xi64>)
// CHECK-SAME: -> (tensor<1x1x32xf32>, tensor<1x16x32xf32>)
// CHECK-SAME: state = [#nn.state<1 to 0 host tensor<1x4x16x8xf32> perm 0, 2, 1, 3>]
// CHECK-NEXT: %[[C:.*]] = nn.cache_update %arg0, %arg1 at %arg2 axis = 1 :
// CHECK-NEXT: %[[Y:.*]] = nn.attention %arg1, %[[C]], %[[C]]
// CHECK-NEXT: nn.return %[[Y]], %[[C]]
nn.program @attended(%c: tensor<1x4x16x8xf32>, %x: tensor<1x1x32xf32>, %p: tensor<1xi64>)
    -> (tensor<1x1x32xf32>, tensor<1x4x16x8xf32>) attributes {state = [#nn.state<1 to 0>]} {
  %0 = nn.reshape %x : (tensor<1x1x32xf32>) -> tensor<1x1x4x8xf32>
  %1 = nn.transpose %0 perm = [0, 2, 1, 3] : (tensor<1x1x4x8xf32>) -> tensor<1x4x1x8xf32>
  %2 = nn.cache_update %c, %1 at %p axis = 2 : (tensor<1x4x16x8xf32>, tensor<1x4x1x8xf32>, tensor<1xi64>) -> tensor<1x4x16x8xf32>
  %3 = nn.transpose %2 perm = [0, 2, 1, 3] : (tensor<1x4x16x8xf32>) -> tensor<1x16x4x8xf32>
  %4 = nn.reshape %3 : (tensor<1x16x4x8xf32>) -> tensor<1x16x32xf32>
  %5 = nn.attention %x, %4, %4 heads = 4 kv_heads = 4 scale = 1.0 causal = false : (tensor<1x1x32xf32>, tensor<1x16x32xf32>, tensor<1x16x32xf32>) -> tensor<1x1x32xf32>
  nn.return %5, %2 : tensor<1x1x32xf32>, tensor<1x4x16x8xf32>
}

// -----

// Two rows at once, and a second reader that wants the graph's form.
// CHECK-LABEL: nn.program @rows(%arg0: tensor<1x16x32xf32>
// CHECK: %[[T:.*]] = nn.transpose %arg1 perm = [0, 2, 1, 3]
// CHECK: %[[U:.*]] = nn.reshape %[[T]] : (tensor<1x2x4x8xf32>) -> tensor<1x2x32xf32>
// CHECK: %[[C:.*]] = nn.cache_update %arg0, %[[U]] at %arg2 axis = 1 wrap
// CHECK: nn.reduce_max %{{.*}} : (tensor<1x4x16x8xf32>)
nn.program @rows(%c: tensor<1x4x16x8xf32>, %u: tensor<1x4x2x8xf32>, %p: tensor<2xi64>)
    -> (tensor<1x4x16xf32>, tensor<1x4x16x8xf32>) attributes {state = [#nn.state<1 to 0>]} {
  %2 = nn.cache_update %c, %u at %p axis = 2 wrap : (tensor<1x4x16x8xf32>, tensor<1x4x2x8xf32>, tensor<2xi64>) -> tensor<1x4x16x8xf32>
  %3 = nn.reduce_max %2 axes = [3] keepdims = false : (tensor<1x4x16x8xf32>) -> tensor<1x4x16xf32>
  nn.return %3, %2 : tensor<1x4x16xf32>, tensor<1x4x16x8xf32>
}

// -----

// No cache of heads: another axis, another rank, no update.
// CHECK-LABEL: nn.program @other(%arg0: tensor<1x4x16x8xf32>, %arg1: tensor<4xf32>
// CHECK-SAME: state = [#nn.state<0 to 0>, #nn.state<1 to 1>]
nn.program @other(%c: tensor<1x4x16x8xf32>, %n: tensor<4xf32>, %u: tensor<1x1x16x8xf32>, %p: tensor<1xi64>)
    -> (tensor<1x4x16x8xf32>, tensor<4xf32>) attributes {state = [#nn.state<0 to 0>, #nn.state<1 to 1>]} {
  %0 = nn.cache_update %c, %u at %p axis = 1 : (tensor<1x4x16x8xf32>, tensor<1x1x16x8xf32>, tensor<1xi64>) -> tensor<1x4x16x8xf32>
  %1 = nn.relu %n : (tensor<4xf32>) -> tensor<4xf32>
  nn.return %0, %1 : tensor<1x4x16x8xf32>, tensor<4xf32>
}

// -----

// A cache that is computed in f16 lies in f16; to the host it stays f32.
// CHECK-LABEL: nn.program @narrow(%arg0: tensor<1x16x32xf16>, %arg1: tensor<1x1x32xf16>
// CHECK-SAME: state = [#nn.state<0 to 0 host tensor<1x4x16x8xf32> perm 0, 2, 1, 3>]
// CHECK-NEXT: %[[C:.*]] = nn.cache_update %arg0, %arg1 at %arg2 axis = 1 :
// CHECK-NEXT: nn.return %[[C]]
nn.program @narrow(%c: tensor<1x4x16x8xf32>, %x: tensor<1x1x32xf16>, %p: tensor<1xi64>)
    -> (tensor<1x4x16x8xf32>) attributes {state = [#nn.state<0 to 0>]} {
  %h = nn.cast %c : (tensor<1x4x16x8xf32>) -> tensor<1x4x16x8xf16>
  %0 = nn.reshape %x : (tensor<1x1x32xf16>) -> tensor<1x1x4x8xf16>
  %1 = nn.transpose %0 perm = [0, 2, 1, 3] : (tensor<1x1x4x8xf16>) -> tensor<1x4x1x8xf16>
  %2 = nn.cache_update %h, %1 at %p axis = 2 : (tensor<1x4x16x8xf16>, tensor<1x4x1x8xf16>, tensor<1xi64>) -> tensor<1x4x16x8xf16>
  %3 = nn.cast %2 : (tensor<1x4x16x8xf16>) -> tensor<1x4x16x8xf32>
  nn.return %3 : tensor<1x4x16x8xf32>
}

// -----

// The old value is also read as f32: no other type serves both.
// CHECK-LABEL: nn.program @wide(%arg0: tensor<4xf32>
// CHECK-SAME: state = [#nn.state<0 to 0>]
nn.program @wide(%c: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) attributes {state = [#nn.state<0 to 0>]} {
  %0 = nn.cast %c : (tensor<4xf32>) -> tensor<4xf16>
  %1 = nn.relu %0 : (tensor<4xf16>) -> tensor<4xf16>
  %2 = nn.cast %1 : (tensor<4xf16>) -> tensor<4xf32>
  %3 = nn.relu %c : (tensor<4xf32>) -> tensor<4xf32>
  nn.return %2, %3 : tensor<4xf32>, tensor<4xf32>
}
