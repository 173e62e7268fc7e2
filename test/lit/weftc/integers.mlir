// Integers keep every bit on their way: a relayout adds them as integers. As
// floats the patterns below (-0.0, NaNs) would not survive the sum.

// RUN: rm -rf %t && mkdir %t
// RUN: %python %S/Inputs/typed.py %t/y.npy int32 -1 -2147483648 -8388607 -4194305 2147483647 0 1 -2
// RUN: weftc %s -o %t/m.weft && weft-verify %t/m.weft
// RUN: weft-run %t/m.weft --expect y=%t/y.npy | FileCheck %s
// CHECK: output 'y' agrees: max error 0

#x = #wafer.layout<[3, 2], [x]>
#y = #wafer.layout<[3, 2], [y]>

wafer.constant @c : tensor<8xi32> {
  %0 = nn.constant dense<[-1, -2147483648, -8388607, -4194305, 2147483647, 0, 1, -2]> : tensor<8xi32>
  wafer.yield %0 : tensor<8xi32>
}
wafer.program @main inputs [] outputs ["y"] grid [3, 2] target #wafer.target<"wse2"> {
  %y = wafer.stage @s at [0, 0] size [3, 2] () : () -> tensor<8xi32, #wafer.layout<[3, 2], [*]>> {
    %0 = wafer.place @c to tensor<8xi32, #x>
    %1 = wafer.relayout %0 : tensor<8xi32, #x> to tensor<8xi32, #y>
    %2 = wafer.relayout %1 : tensor<8xi32, #y> to tensor<8xi32, #wafer.layout<[3, 2], [*]>>
    wafer.yield %2 : tensor<8xi32, #wafer.layout<[3, 2], [*]>>
  }
  wafer.return %y : tensor<8xi32, #wafer.layout<[3, 2], [*]>>
}
