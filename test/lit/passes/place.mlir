// RUN: weft-opt %s --split-input-file --weft-place | FileCheck %s

// Stages that no stream joins are packed; a place that was given stays.
// CHECK-LABEL: wafer.program @packed
// CHECK-DAG: wafer.stage @a at [0, 0] size [2, 2]
// CHECK-DAG: wafer.stage @b at [{{0, 2|2, 0}}] size [2, 2]
// CHECK-DAG: wafer.stage @c at [2, 2] size [2, 2]
wafer.program @packed inputs [] outputs [] grid [4, 4] target #wafer.target<"wse2"> {
  wafer.stage @a at [0, 0] size [2, 2] () : () -> () {
    wafer.yield
  }
  wafer.stage @b size [2, 2] () : () -> () {
    wafer.yield
  }
  wafer.stage @c at [2, 2] size [2, 2] () : () -> () {
    wafer.yield
  }
  wafer.return
}

// -----

// Streams lead east on the same rows: so do the places.
// CHECK-LABEL: wafer.program @chain
// CHECK: wafer.stage @a at [1, 2] size [2, 3]
// CHECK: wafer.stage @b at [3, 2] size [1, 3]
// CHECK: wafer.stage @c at [4, 2] size [2, 3]
wafer.program @chain inputs ["x"] outputs ["y"] grid [6, 5] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4xf32>):
  %a = wafer.stage @a at [1, 2] size [2, 3] (%x) : (tensor<4xf32>) -> tensor<4xf32, #wafer.layout<[2, 3], [y]>> {
  ^bb0(%arg: tensor<4xf32>):
    %0 = wafer.place %arg : tensor<4xf32> to tensor<4xf32, #wafer.layout<[2, 3], [y]>>
    wafer.yield %0 : tensor<4xf32, #wafer.layout<[2, 3], [y]>>
  }
  %as = wafer.stream %a : tensor<4xf32, #wafer.layout<[2, 3], [y]>> to tensor<4xf32, #wafer.layout<[1, 3], [y]>>
  %b = wafer.stage @b size [1, 3] (%as) : (tensor<4xf32, #wafer.layout<[1, 3], [y]>>) -> tensor<4xf32, #wafer.layout<[1, 3], [y]>> {
  ^bb0(%arg: tensor<4xf32, #wafer.layout<[1, 3], [y]>>):
    wafer.yield %arg : tensor<4xf32, #wafer.layout<[1, 3], [y]>>
  }
  %bs = wafer.stream %b : tensor<4xf32, #wafer.layout<[1, 3], [y]>> to tensor<4xf32, #wafer.layout<[2, 3], [y]>>
  %c = wafer.stage @c size [2, 3] (%bs) : (tensor<4xf32, #wafer.layout<[2, 3], [y]>>) -> tensor<4xf32, #wafer.layout<[2, 3], [y]>> {
  ^bb0(%arg: tensor<4xf32, #wafer.layout<[2, 3], [y]>>):
    wafer.yield %arg : tensor<4xf32, #wafer.layout<[2, 3], [y]>>
  }
  wafer.return %c : tensor<4xf32, #wafer.layout<[2, 3], [y]>>
}
