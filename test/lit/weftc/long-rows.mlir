// More rows than can be tried one by one. 3,037,000,493 is prime: no number of
// replicas divides the rows.
// RUN: not weftc %s --target=wse2 --grid=8x8 -o %t.weft 2>&1 | FileCheck %s
// CHECK: error: out of memory on the PEs of stage 's0'
// CHECK-SAME: (R-MEM-1)
nn.program @main(%x: tensor<3037000493x5xf32> {nn.name = "x"}) -> (tensor<3037000493x5xf32> {nn.name = "y"}) {
  %0 = nn.gelu %x approximate = "none" : (tensor<3037000493x5xf32>) -> tensor<3037000493x5xf32>
  nn.return %0 : tensor<3037000493x5xf32>
}
