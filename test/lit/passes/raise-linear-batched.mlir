// RUN: weft-opt %s --nn-raise-linear | FileCheck %s
//
// Columns of products with a batch of constant matrices: every second one is
// gate, the others are up. Each slice becomes a product with its columns of the
// weight; where the parts are not all that is read, the product stays.

// CHECK-LABEL: nn.program @experts
nn.program @experts(%x: tensor<2x3x4xf32>) -> (tensor<2x3x2xf32>, tensor<2x3x2xf32>) {
  %w = nn.constant dense<1.0> : tensor<2x4x4xf32>
  %b = nn.constant dense<2.0> : tensor<2x1x4xf32>
  // CHECK-DAG: %[[GW:.*]] = nn.slice %{{.*}} starts = [0, 0, 0] sizes = [2, 4, 2] steps = [1, 1, 2] : (tensor<2x4x4xf32>)
  // CHECK-DAG: %[[GB:.*]] = nn.slice %{{.*}} starts = [0, 0, 0] sizes = [2, 1, 2] steps = [1, 1, 2] : (tensor<2x1x4xf32>)
  // CHECK-DAG: %[[UW:.*]] = nn.slice %{{.*}} starts = [0, 0, 1] sizes = [2, 4, 2] steps = [1, 1, 2] : (tensor<2x4x4xf32>)
  // CHECK-DAG: %[[UB:.*]] = nn.slice %{{.*}} starts = [0, 0, 1] sizes = [2, 1, 2] steps = [1, 1, 2] : (tensor<2x1x4xf32>)
  // CHECK-DAG: %[[G:.*]] = nn.matmul %arg0, %[[GW]]
  // CHECK-DAG: %[[U:.*]] = nn.matmul %arg0, %[[UW]]
  // CHECK-DAG: %[[GATE:.*]] = nn.add %[[G]], %[[GB]]
  // CHECK-DAG: %[[UP:.*]] = nn.add %[[U]], %[[UB]]
  // CHECK: nn.return %[[GATE]], %[[UP]]
  %p = nn.matmul %x, %w : (tensor<2x3x4xf32>, tensor<2x4x4xf32>) -> tensor<2x3x4xf32>
  %s = nn.add %p, %b : (tensor<2x3x4xf32>, tensor<2x1x4xf32>) -> tensor<2x3x4xf32>
  %g = nn.slice %s starts = [0, 0, 0] sizes = [2, 3, 2] steps = [1, 1, 2] : (tensor<2x3x4xf32>) -> tensor<2x3x2xf32>
  %u = nn.slice %s starts = [0, 0, 1] sizes = [2, 3, 2] steps = [1, 1, 2] : (tensor<2x3x4xf32>) -> tensor<2x3x2xf32>
  nn.return %g, %u : tensor<2x3x2xf32>, tensor<2x3x2xf32>
}

// A bias of one column is that of every part.
// CHECK-LABEL: nn.program @one_bias
nn.program @one_bias(%x: tensor<2x3x4xf32>) -> tensor<2x3x1xf32> {
  %w = nn.constant dense<1.0> : tensor<2x4x4xf32>
  %b = nn.constant dense<2.0> : tensor<2x3x1xf32>
  // CHECK: %[[P:.*]] = nn.matmul %arg0, %{{.*}} -> tensor<2x3x1xf32>
  // CHECK: nn.add %[[P]], %{{.*}} : (tensor<2x3x1xf32>, tensor<2x3x1xf32>)
  // CHECK-NOT: nn.slice
  // CHECK: nn.return
  %p = nn.matmul %x, %w : (tensor<2x3x4xf32>, tensor<2x4x4xf32>) -> tensor<2x3x4xf32>
  %s = nn.add %b, %p : (tensor<2x3x1xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %g = nn.slice %s starts = [0, 0, 3] sizes = [2, 3, 1] steps = [1, 1, 1] : (tensor<2x3x4xf32>) -> tensor<2x3x1xf32>
  nn.return %g : tensor<2x3x1xf32>
}

// Something else reads the whole; rows are taken; the parts overlap; the product
// is read without the bias; the weight is no constant: all stay.
// CHECK-LABEL: nn.program @whole
// CHECK: nn.matmul %arg0, %{{.*}} -> tensor<2x3x4xf32>
// CHECK: nn.slice {{.*}} -> tensor<2x3x2xf32>
nn.program @whole(%x: tensor<2x3x4xf32>) -> (tensor<2x3x2xf32>, tensor<2x3x4xf32>) {
  %w = nn.constant dense<1.0> : tensor<2x4x4xf32>
  %p = nn.matmul %x, %w : (tensor<2x3x4xf32>, tensor<2x4x4xf32>) -> tensor<2x3x4xf32>
  %g = nn.slice %p starts = [0, 0, 0] sizes = [2, 3, 2] steps = [1, 1, 2] : (tensor<2x3x4xf32>) -> tensor<2x3x2xf32>
  nn.return %g, %p : tensor<2x3x2xf32>, tensor<2x3x4xf32>
}
// CHECK-LABEL: nn.program @rows
// CHECK: nn.matmul %arg0, %{{.*}} -> tensor<2x3x4xf32>
nn.program @rows(%x: tensor<2x3x4xf32>) -> tensor<2x2x2xf32> {
  %w = nn.constant dense<1.0> : tensor<2x4x4xf32>
  %p = nn.matmul %x, %w : (tensor<2x3x4xf32>, tensor<2x4x4xf32>) -> tensor<2x3x4xf32>
  %g = nn.slice %p starts = [0, 0, 0] sizes = [2, 2, 2] steps = [1, 1, 2] : (tensor<2x3x4xf32>) -> tensor<2x2x2xf32>
  nn.return %g : tensor<2x2x2xf32>
}
// CHECK-LABEL: nn.program @overlap
// CHECK: nn.matmul %arg0, %{{.*}} -> tensor<2x3x4xf32>
nn.program @overlap(%x: tensor<2x3x4xf32>) -> (tensor<2x3x3xf32>, tensor<2x3x3xf32>) {
  %w = nn.constant dense<1.0> : tensor<2x4x4xf32>
  %p = nn.matmul %x, %w : (tensor<2x3x4xf32>, tensor<2x4x4xf32>) -> tensor<2x3x4xf32>
  %g = nn.slice %p starts = [0, 0, 0] sizes = [2, 3, 3] steps = [1, 1, 1] : (tensor<2x3x4xf32>) -> tensor<2x3x3xf32>
  %u = nn.slice %p starts = [0, 0, 1] sizes = [2, 3, 3] steps = [1, 1, 1] : (tensor<2x3x4xf32>) -> tensor<2x3x3xf32>
  nn.return %g, %u : tensor<2x3x3xf32>, tensor<2x3x3xf32>
}
// CHECK-LABEL: nn.program @without_bias
// CHECK: nn.matmul %arg0, %{{.*}} -> tensor<2x3x4xf32>
nn.program @without_bias(%x: tensor<2x3x4xf32>) -> (tensor<2x3x2xf32>, tensor<2x3x4xf32>) {
  %w = nn.constant dense<1.0> : tensor<2x4x4xf32>
  %p = nn.matmul %x, %w : (tensor<2x3x4xf32>, tensor<2x4x4xf32>) -> tensor<2x3x4xf32>
  %b = nn.constant dense<2.0> : tensor<2x1x4xf32>
  %s = nn.add %p, %b : (tensor<2x3x4xf32>, tensor<2x1x4xf32>) -> tensor<2x3x4xf32>
  %g = nn.slice %s starts = [0, 0, 0] sizes = [2, 3, 2] steps = [1, 1, 2] : (tensor<2x3x4xf32>) -> tensor<2x3x2xf32>
  nn.return %g, %p : tensor<2x3x2xf32>, tensor<2x3x4xf32>
}
// CHECK-LABEL: nn.program @computed
// CHECK: nn.matmul %arg0, %arg1 : {{.*}} -> tensor<2x3x4xf32>
nn.program @computed(%x: tensor<2x3x4xf32>, %w: tensor<2x4x4xf32>) -> tensor<2x3x2xf32> {
  %p = nn.matmul %x, %w : (tensor<2x3x4xf32>, tensor<2x4x4xf32>) -> tensor<2x3x4xf32>
  %g = nn.slice %p starts = [0, 0, 0] sizes = [2, 3, 2] steps = [1, 1, 2] : (tensor<2x3x4xf32>) -> tensor<2x3x2xf32>
  nn.return %g : tensor<2x3x2xf32>
}
