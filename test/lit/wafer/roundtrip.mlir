// RUN: weft-opt %s | weft-opt | FileCheck %s
// RUN: weft-opt %s --mlir-print-op-generic | weft-opt | FileCheck %s
// RUN: weft-opt %s --mlir-print-debuginfo | weft-opt | FileCheck %s

// Every op and attribute of the dialect is printed as it is read; the target's
// text once, before the module.

// CHECK: #[[TARGET:target]] = #wafer.target<"wse2">

// CHECK-LABEL: wafer.constant @c0 : tensor<4x6xf32> {
wafer.constant @c0 : tensor<4x6xf32> {
  %0 = nn.constant dense<1.0> : tensor<4x6xf32>
  // CHECK: wafer.yield %{{.*}} : tensor<4x6xf32>
  wafer.yield %0 : tensor<4x6xf32>
}

// CHECK-LABEL: wafer.program @main inputs ["x", "unused input"] outputs ["y", "c", "x"] grid [8, 6] target #target {
wafer.program @main inputs ["x", "unused input"] outputs ["y", "c", "x"] grid [8, 6] target #wafer.target<"wse2"> {
^bb0(%x: tensor<2x4x6xf32>, %u: tensor<i64>):
  // CHECK: %[[A:.*]]:2 = wafer.stage @a at [1, 2] size [3, 4](%{{.*}}) : (tensor<2x4x6xf32>) ->
  // CHECK-SAME: (tensor<2x4x6xf32, #wafer.layout<[3, 4], [*, *, y]>>, tensor<2x4x6xf32, #wafer.layout<[3, 4], [*, *, y]>>) {
  %a:2 = wafer.stage @a at [1, 2] size [3, 4] (%x) : (tensor<2x4x6xf32>)
      -> (tensor<2x4x6xf32, #wafer.layout<[3, 4], [*, *, y]>>, tensor<2x4x6xf32, #wafer.layout<[3, 4], [*, *, y]>>) {
  ^bb0(%arg: tensor<2x4x6xf32>):
    // CHECK: wafer.place %{{.*}} : tensor<2x4x6xf32> to tensor<2x4x6xf32, #wafer.layout<[3, 4], [*, *, x]>>
    %0 = wafer.place %arg : tensor<2x4x6xf32> to tensor<2x4x6xf32, #wafer.layout<[3, 4], [*, *, x]>>
    // CHECK: wafer.place @c0 to tensor<4x6xf32, #wafer.layout<[3, 4], [*, x], row_major, pad zero>>
    %1 = wafer.place @c0 to tensor<4x6xf32, #wafer.layout<[3, 4], [*, x], row_major, pad zero>>
    // CHECK: wafer.kernel "elementwise" of "nn.add"(%{{.*}}, %{{.*}}) {tag = 1 : i64} :
    %2 = wafer.kernel "elementwise" of "nn.add" (%0, %1) {tag = 1 : i64}
        : (tensor<2x4x6xf32, #wafer.layout<[3, 4], [*, *, x]>>, tensor<4x6xf32, #wafer.layout<[3, 4], [*, x], row_major, pad zero>>)
        -> tensor<2x4x6xf32, #wafer.layout<[3, 4], [*, *, x]>>
    // CHECK: wafer.relayout %{{.*}} : tensor<2x4x6xf32, #wafer.layout<[3, 4], [*, *, x]>> to tensor<2x4x6xf32, #wafer.layout<[3, 4], [*, *, y]>>
    %3 = wafer.relayout %2 : tensor<2x4x6xf32, #wafer.layout<[3, 4], [*, *, x]>>
        to tensor<2x4x6xf32, #wafer.layout<[3, 4], [*, *, y]>>
    // CHECK: wafer.value "h" of %{{.*}} : tensor<2x4x6xf32, #wafer.layout<[3, 4], [*, *, y]>> as tensor<2x4x6xf16>
    wafer.value "h" of %3 : tensor<2x4x6xf32, #wafer.layout<[3, 4], [*, *, y]>> as tensor<2x4x6xf16>
    // CHECK: wafer.yield %{{.*}}, %{{.*}} : tensor<2x4x6xf32, #wafer.layout<[3, 4], [*, *, y]>>, tensor
    wafer.yield %3, %3 : tensor<2x4x6xf32, #wafer.layout<[3, 4], [*, *, y]>>, tensor<2x4x6xf32, #wafer.layout<[3, 4], [*, *, y]>>
  }
  // CHECK: %[[S:.*]] = wafer.stream %[[A]]#0 : tensor<2x4x6xf32, #wafer.layout<[3, 4], [*, *, y]>> to tensor<2x4x6xf32, #wafer.layout<[2, 4], [*, *, y]>>
  %s = wafer.stream %a#0 : tensor<2x4x6xf32, #wafer.layout<[3, 4], [*, *, y]>> to tensor<2x4x6xf32, #wafer.layout<[2, 4], [*, *, y]>>
  // A stage without a place; its results may hold partial sums.
  // CHECK: %[[B:.*]] = wafer.stage @b size [2, 4](%[[S]]) :
  %b = wafer.stage @b size [2, 4] (%s) : (tensor<2x4x6xf32, #wafer.layout<[2, 4], [*, *, y]>>)
      -> tensor<2x4x6xf32, #wafer.layout<[2, 4], [*, *, y], partial [x]>> {
  ^bb0(%arg: tensor<2x4x6xf32, #wafer.layout<[2, 4], [*, *, y]>>):
    // CHECK: -> tensor<2x4x6xf32, #wafer.layout<[2, 4], [*, *, y], partial [x]>>
    %0 = wafer.kernel "later" of "nn.add" (%arg, %arg) {}
        : (tensor<2x4x6xf32, #wafer.layout<[2, 4], [*, *, y]>>, tensor<2x4x6xf32, #wafer.layout<[2, 4], [*, *, y]>>)
        -> tensor<2x4x6xf32, #wafer.layout<[2, 4], [*, *, y], partial [x]>>
    wafer.yield %0 : tensor<2x4x6xf32, #wafer.layout<[2, 4], [*, *, y], partial [x]>>
  }
  // CHECK: %[[C:.*]] = wafer.place @c0 to tensor<4x6xf32, #wafer.layout<[2, 4], [*, *]>>
  %c = wafer.place @c0 to tensor<4x6xf32, #wafer.layout<[2, 4], [*, *]>>
  // CHECK: wafer.return %[[B]], %[[C]], %{{.*}} :
  wafer.return %b, %c, %x : tensor<2x4x6xf32, #wafer.layout<[2, 4], [*, *, y], partial [x]>>,
      tensor<4x6xf32, #wafer.layout<[2, 4], [*, *]>>, tensor<2x4x6xf32>
}

// A rank 0 tensor, and partial sums over both axes.
// CHECK-LABEL: wafer.program @scalars
// CHECK: tensor<f32, #wafer.layout<[1, 1], []>>
// CHECK: tensor<f32, #wafer.layout<[1, 1], [], partial [x, y]>>
wafer.program @scalars inputs ["x"] outputs ["y"] grid [1, 1] target #wafer.target<"wse2"> {
^bb0(%x: tensor<f32>):
  %y = wafer.stage @s at [0, 0] size [1, 1] (%x) : (tensor<f32>) -> tensor<f32, #wafer.layout<[1, 1], [], partial [x, y]>> {
  ^bb0(%arg: tensor<f32>):
    %0 = wafer.place %arg : tensor<f32> to tensor<f32, #wafer.layout<[1, 1], []>>
    %1 = wafer.kernel "later" of "nn.neg" (%0) {} : (tensor<f32, #wafer.layout<[1, 1], []>>)
        -> tensor<f32, #wafer.layout<[1, 1], [], partial [x, y]>>
    wafer.yield %1 : tensor<f32, #wafer.layout<[1, 1], [], partial [x, y]>>
  }
  wafer.return %y : tensor<f32, #wafer.layout<[1, 1], [], partial [x, y]>>
}
