// Two stages joined by a stream, as a spatial pipeline: the first linear takes
// K over x and leaves N over y, the last column of its rectangle streams the rows
// east, and the second linear takes them from y to x. Sizes divide no side.

// Side by side.
// RUN: rm -rf %t && mkdir %t && %python %S/Inputs/stages.py %s %t/x.npy %t/y.npy
// RUN: weftc %s -o %t/near.weft --cost-json=%t/near.cost.json
// RUN: weft-verify %t/near.weft | FileCheck %s --check-prefix=VERIFY
// RUN: weft-run %t/near.weft --input x=%t/x.npy --expect y=%t/y.npy --atol=0 --rtol=0 \
// RUN:   --stats-json=%t/near.stats.json | FileCheck %s --check-prefix=AGREES
// RUN: %python -m weft.report %t/near.cost.json %t/near.stats.json

// With a column between them that only passes the stream on.
// RUN: sed 's/at \[2, 0\]/at [3, 0]/; s/grid \[5, 3\]/grid [6, 3]/' %s > %t/gap.mlir
// RUN: weftc %t/gap.mlir -o %t/gap.weft --cost-json=%t/gap.cost.json
// RUN: weft-verify %t/gap.weft | FileCheck %s --check-prefix=VERIFY
// RUN: weft-run %t/gap.weft --input x=%t/x.npy --expect y=%t/y.npy --atol=0 --rtol=0 \
// RUN:   --stats-json=%t/gap.stats.json | FileCheck %s --check-prefix=AGREES
// RUN: %python -m weft.report %t/gap.cost.json %t/gap.stats.json
// RUN: weftc %t/gap.mlir --emit=pe -o - | FileCheck %s --check-prefix=GAP

// Without places weft-place finds those of the first variant.
// RUN: sed 's/ at \[., .\]//' %s > %t/free.mlir
// RUN: weftc %t/free.mlir --emit=wafer -o - | FileCheck %s --check-prefix=FREE
// RUN: weftc %t/free.mlir -o %t/free.weft
// RUN: weft-verify %t/free.weft | FileCheck %s --check-prefix=VERIFY
// RUN: weft-run %t/free.weft --input x=%t/x.npy --expect y=%t/y.npy --atol=0 --rtol=0 \
// RUN:   | FileCheck %s --check-prefix=AGREES

// VERIFY-NOT: FAILED
// VERIFY: R-COST {{ *}}ok
// AGREES: output 'y' agrees: max error 0

// The stream leaves column 1, is passed on in column 2, and is multicast over 3 to 5.
// GAP-DAG: pe.route color [[C:[0-9]+]] rx ramp tx [east] on #pe.pattern<(1, 0), 1 x 3>
// GAP-DAG: pe.route color [[C]] rx west tx [east] on #pe.pattern<(2, 0), 1 x 3>
// GAP-DAG: pe.route color [[C]] rx west tx [east, ramp] on #pe.pattern<(3, 0), 2 x 3>
// GAP-DAG: pe.route color [[C]] rx west tx [ramp] on #pe.pattern<(5, 0), 1 x 3>
// GAP-DAG: pe.stream "first_to_second_0" color [[C]] from #pe.pattern<(1, 0), 1 x 3> dx [2, 4] dy [0, 0] words 12

// FREE: wafer.stage @first at [0, 0] size [2, 3]
// FREE: wafer.stage @second at [2, 0] size [3, 3]

wafer.program @main inputs ["x"] outputs ["y"] grid [5, 3] target #wafer.target<"wse2"> {
^bb0(%x: tensor<4x5xf32>):
  %h = wafer.stage @first at [0, 0] size [2, 3] (%x)
      : (tensor<4x5xf32>) -> tensor<4x7xf32, #wafer.layout<[2, 3], [*, y]>> {
  ^bb0(%arg: tensor<4x5xf32>):
    %in = wafer.place %arg : tensor<4x5xf32> to tensor<4x5xf32, #wafer.layout<[2, 3], [*, x]>>
    %w = wafer.place @w1 to tensor<5x7xf32, #wafer.layout<[2, 3], [x, y]>>
    %b = wafer.place @b1 to tensor<1x7xf32, #wafer.layout<[2, 3], [x, y]>>
    %out = wafer.kernel "gemm" of "nn.linear" (%in, %w, %b) {}
        : (tensor<4x5xf32, #wafer.layout<[2, 3], [*, x]>>, tensor<5x7xf32, #wafer.layout<[2, 3], [x, y]>>,
           tensor<1x7xf32, #wafer.layout<[2, 3], [x, y]>>) -> tensor<4x7xf32, #wafer.layout<[2, 3], [*, y]>>
    wafer.yield %out : tensor<4x7xf32, #wafer.layout<[2, 3], [*, y]>>
  }
  %s = wafer.stream %h : tensor<4x7xf32, #wafer.layout<[2, 3], [*, y]>>
      to tensor<4x7xf32, #wafer.layout<[3, 3], [*, y]>>
  %y = wafer.stage @second at [2, 0] size [3, 3] (%s)
      : (tensor<4x7xf32, #wafer.layout<[3, 3], [*, y]>>) -> tensor<4x6xf32, #wafer.layout<[3, 3], [*, x]>> {
  ^bb0(%in: tensor<4x7xf32, #wafer.layout<[3, 3], [*, y]>>):
    %act = wafer.kernel "elementwise" of "nn.gelu" (%in) {approximate = "none"}
        : (tensor<4x7xf32, #wafer.layout<[3, 3], [*, y]>>) -> tensor<4x7xf32, #wafer.layout<[3, 3], [*, y]>>
    %w = wafer.place @w2 to tensor<7x6xf32, #wafer.layout<[3, 3], [y, x]>>
    %out = wafer.kernel "gemm" of "nn.linear" (%act, %w) {}
        : (tensor<4x7xf32, #wafer.layout<[3, 3], [*, y]>>, tensor<7x6xf32, #wafer.layout<[3, 3], [y, x]>>)
        -> tensor<4x6xf32, #wafer.layout<[3, 3], [*, x]>>
    wafer.yield %out : tensor<4x6xf32, #wafer.layout<[3, 3], [*, x]>>
  }
  wafer.return %y : tensor<4x6xf32, #wafer.layout<[3, 3], [*, x]>>
}
wafer.constant @w1 : tensor<5x7xf32> {
  %0 = nn.constant dense<[[-6.0, 9.0, 2.0, 4.0, -8.0, -8.0, 7.0], [-8.0, 9.0, -7.0, 4.0, -3.0, 1.0, -1.0],
      [-5.0, -6.0, 4.0, -6.0, 4.0, 1.0, 4.0], [6.0, -3.0, -5.0, -8.0, 0.0, 2.0, -2.0],
      [-3.0, 9.0, -9.0, -8.0, -1.0, -5.0, 0.0]]> : tensor<5x7xf32>
  wafer.yield %0 : tensor<5x7xf32>
}
wafer.constant @b1 : tensor<1x7xf32> {
  %0 = nn.constant dense<[[-1.0, -1.0, 0.0, 3.0, -5.0, 3.0, 4.0]]> : tensor<1x7xf32>
  wafer.yield %0 : tensor<1x7xf32>
}
wafer.constant @w2 : tensor<7x6xf32> {
  %0 = nn.constant dense<[[-1.0, 3.0, -1.0, 3.0, 0.0, -5.0], [1.0, 4.0, 0.0, -5.0, 1.0, 4.0],
      [4.0, 5.0, -3.0, -5.0, 5.0, 5.0], [0.0, 2.0, 0.0, 5.0, 0.0, 4.0], [-1.0, 2.0, -5.0, 4.0, -5.0, 5.0],
      [-5.0, 0.0, -1.0, 5.0, 2.0, -1.0], [4.0, 4.0, 0.0, -3.0, 0.0, -3.0]]> : tensor<7x6xf32>
  wafer.yield %0 : tensor<7x6xf32>
}
