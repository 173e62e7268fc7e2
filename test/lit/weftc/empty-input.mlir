// An input without elements takes no room on the wafer: it is passed on.
// RUN: weftc %s --grid=3x5 -o %t.weft
// RUN: weft-objdump --io %t.weft | FileCheck %s
// CHECK: 'x' f32[0] unused
// CHECK: 'y' f32[0] same as input 'x'
nn.program @main(%x: tensor<0xf32> {nn.name = "x"}) -> (tensor<0xf32> {nn.name = "y"}) {
  nn.return %x : tensor<0xf32>
}
