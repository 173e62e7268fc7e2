// One result to two stages: the stream to the second passes through the first,
// on a colour of its own. Both outputs and the producer's own are written.

// RUN: rm -rf %t && mkdir %t
// RUN: %python %S/Inputs/typed.py %t/x.npy int32 5 -3 0 7 -9
// RUN: %python %S/Inputs/typed.py %t/neg.npy int32 -5 3 0 -7 9
// RUN: %python %S/Inputs/typed.py %t/relu.npy int32 5 0 0 7 0
// RUN: weftc %s -o %t/m.weft --cost-json=%t/cost.json && weft-verify %t/m.weft
// RUN: weft-run %t/m.weft --input x=%t/x.npy --expect same=%t/x.npy --expect neg=%t/neg.npy \
// RUN:   --expect relu=%t/relu.npy --stats-json=%t/stats.json | FileCheck %s
// RUN: %python -m weft.report %t/cost.json %t/stats.json
// CHECK: output 'same' agrees: max error 0
// CHECK: output 'neg' agrees: max error 0
// CHECK: output 'relu' agrees: max error 0

#a = #wafer.layout<[2, 2], [y]>
#b = #wafer.layout<[1, 2], [y]>
#c = #wafer.layout<[3, 2], [y]>

wafer.program @main inputs ["x"] outputs ["same", "neg", "relu"] grid [7, 3] target #wafer.target<"wse3"> {
^bb0(%x: tensor<5xi32>):
  %a = wafer.stage @a at [0, 1] size [2, 2] (%x) : (tensor<5xi32>) -> tensor<5xi32, #a> {
  ^bb0(%arg: tensor<5xi32>):
    %0 = wafer.place %arg : tensor<5xi32> to tensor<5xi32, #a>
    wafer.yield %0 : tensor<5xi32, #a>
  }
  %ab = wafer.stream %a : tensor<5xi32, #a> to tensor<5xi32, #b>
  %b = wafer.stage @b at [2, 1] size [1, 2] (%ab) : (tensor<5xi32, #b>) -> tensor<5xi32, #b> {
  ^bb0(%arg: tensor<5xi32, #b>):
    %0 = wafer.kernel "elementwise" of "nn.neg" (%arg) {} : (tensor<5xi32, #b>) -> tensor<5xi32, #b>
    wafer.yield %0 : tensor<5xi32, #b>
  }
  %ac = wafer.stream %a : tensor<5xi32, #a> to tensor<5xi32, #c>
  %c = wafer.stage @c at [4, 1] size [3, 2] (%ac) : (tensor<5xi32, #c>) -> tensor<5xi32, #c> {
  ^bb0(%arg: tensor<5xi32, #c>):
    %0 = wafer.kernel "elementwise" of "nn.relu" (%arg) {} : (tensor<5xi32, #c>) -> tensor<5xi32, #c>
    wafer.yield %0 : tensor<5xi32, #c>
  }
  wafer.return %a, %b, %c : tensor<5xi32, #a>, tensor<5xi32, #b>, tensor<5xi32, #c>
}
