// RUN: weft-opt %s --pass-pipeline='builtin.module(nn-known-divisors)' | FileCheck %s

// CHECK-LABEL: nn.program @main(
nn.program @main(%x: tensor<4x8xf32>, %h: tensor<4x8xf16>, %i: tensor<4x8xi32>, %s: tensor<f32>)
    -> (tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<f32>, tensor<4x8xf16>, tensor<4x8xi32>) {
  // CHECK-NEXT: %[[THIRD:.*]] = nn.constant dense<3.0{{.*}}> : tensor<f32>
  // CHECK-NEXT: %[[R:.*]] = nn.reciprocal %[[THIRD]]
  %third = nn.constant dense<3.0> : tensor<f32>
  // CHECK-NEXT: %[[RANGE:.*]] = nn.constant
  // CHECK-NEXT: %[[RR:.*]] = nn.reciprocal %[[RANGE]]
  // CHECK-NEXT: %[[RM:.*]] = nn.neg %[[RR]]
  %range = nn.constant dense<[1.0e-30, -1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0e30]> : tensor<8xf32>
  // CHECK-NEXT: %[[SMALL:.*]] = nn.constant
  %small = nn.constant dense<[1.0e-31, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]> : tensor<8xf32>
  // CHECK-NEXT: nn.constant
  %half = nn.constant dense<3.0> : tensor<f16>
  // CHECK-NEXT: nn.constant
  %three = nn.constant dense<3> : tensor<i32>
  // CHECK-NEXT: nn.mul %arg0, %[[R]]
  %0 = nn.div %x, %third : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  // CHECK-NEXT: %[[Q:.*]] = nn.div_by %arg0, %[[RANGE]], %[[RM]] :
  %1 = nn.exact_div %x, %range : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  // One reciprocal for all that divide by it.
  // CHECK-NEXT: nn.div_by %[[Q]], %[[RANGE]], %[[RM]] :
  %again = nn.exact_div %1, %range : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>

  // An element that is too small, a divisor that is computed, a quotient that
  // is known itself, other types.
  // CHECK-NEXT: nn.exact_div %arg0, %[[SMALL]]
  %2 = nn.exact_div %x, %small : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
  // CHECK-NEXT: nn.exact_div %arg0, %arg3
  %3 = nn.exact_div %x, %s : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  // CHECK-NEXT: nn.exact_div %[[THIRD]], %[[THIRD]]
  %4 = nn.exact_div %third, %third : (tensor<f32>, tensor<f32>) -> tensor<f32>
  // CHECK-NEXT: nn.div %arg1,
  %5 = nn.div %h, %half : (tensor<4x8xf16>, tensor<f16>) -> tensor<4x8xf16>
  // CHECK-NEXT: nn.div %arg2,
  %6 = nn.div %i, %three : (tensor<4x8xi32>, tensor<i32>) -> tensor<4x8xi32>
  nn.return %0, %again, %2, %3, %4, %5, %6 : tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<f32>, tensor<4x8xf16>, tensor<4x8xi32>
}
