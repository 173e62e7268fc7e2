// A compilation resumes at every level that --emit prints, to the same bytes,
// whether from a file or through a pipe.

// RUN: rm -rf %t && mkdir %t && cp %s %t/m.mlir && cd %t
// RUN: weftc m.mlir --grid=2x3 -o direct.weft
// RUN: weftc m.mlir --grid=2x3 --emit=nn -o 1.mlir
// RUN: weftc 1.mlir --grid=2x3 --emit=wafer -o 2.mlir
// RUN: weftc 2.mlir --emit=fabric -o 3.mlir
// RUN: weftc 3.mlir --emit=pe -o 4.mlir
// RUN: weftc 4.mlir -o 4.weft && cmp direct.weft 4.weft
// RUN: weftc 3.mlir -o 3.weft && cmp direct.weft 3.weft
// RUN: weftc 2.mlir -o 2.weft && cmp direct.weft 2.weft
// RUN: weftc 1.mlir --grid=2x3 -o 1.weft && cmp direct.weft 1.weft
// RUN: weftc m.mlir --grid=2x3 --emit=pe | weftc - -o pipe.weft && cmp direct.weft pipe.weft
// RUN: weftc m.mlir --grid=2x3 --emit=wafer | weftc - -o pipe.weft && cmp direct.weft pipe.weft
// RUN: weftc m.mlir --grid=2x3 --emit=nn | weftc - --grid=2x3 --emit=fabric | weftc - --emit=binary -o pipe.weft
// RUN: cmp direct.weft pipe.weft

// A level resumes at itself; asm and cost come from any level.
// RUN: weftc 2.mlir --emit=wafer -o again.mlir && cmp 2.mlir again.mlir
// RUN: weftc 3.mlir --emit=fabric -o again.mlir && cmp 3.mlir again.mlir
// RUN: weftc 4.mlir --emit=pe -o again.mlir && cmp 4.mlir again.mlir
// RUN: weftc m.mlir --grid=2x3 --emit=asm -o a.txt && weftc 4.mlir --emit=asm -o b.txt && cmp a.txt b.txt
// RUN: weftc m.mlir --grid=2x3 --emit=cost -o a.txt && weftc 3.mlir --emit=cost -o b.txt && cmp a.txt b.txt

// The module's name and locations survive; the machine is stated once.
// RUN: FileCheck %s < 4.mlir
// RUN: FileCheck %s --check-prefix=WAFER < 2.mlir
// CHECK: module @m
// CHECK-DAG: loc("m.mlir":{{[0-9]+}}:{{[0-9]+}})
// WAFER: #target = #wafer.target<"---\0Aname: {{ *}}wse2
// WAFER: module @m
// WAFER: grid [2, 3] target #target

// Options that agree with what the module states are allowed, others are not.
// RUN: weftc 2.mlir --target=wse2 --grid=2x3 -o 2.weft && cmp direct.weft 2.weft
// RUN: not weftc 2.mlir --grid=3x3 -o no.weft 2>&1 | FileCheck %s --check-prefix=OTHER
// RUN: not weftc 3.mlir --target=wse3 --grid=2x3 -o no.weft 2>&1 | FileCheck %s --check-prefix=OTHER
// RUN: not weftc 4.mlir --set router.hop=2 -o no.weft 2>&1 | FileCheck %s --check-prefix=OTHER
// OTHER: weftc: error: the module is for another machine than --target, --grid and --set say; leave them out, or compile from the model again
// RUN: sed 's/grid \[2, 3\]/grid [2, 5000000000]/' 3.mlir > large.mlir
// RUN: not weftc large.mlir -o no.weft 2>&1 | FileCheck %s --check-prefix=LARGE
// LARGE: weftc: error: target of the module: the grid is larger than any target's
// RUN: not weftc 3.mlir --emit=wafer 2>&1 | FileCheck %s --check-prefix=LOWER
// LOWER: weftc: error: the module is already lower than the level to stop at
// RUN: not weftc m.mlir --dim N=3 -o no.weft 2>&1 | FileCheck %s --check-prefix=DIM
// DIM: weftc: error: --dim, --const and --weight are for ONNX models; a module leaves nothing open
// RUN: not ls no.weft

module {
nn.program @main(%x: tensor<4x6xf32> {nn.name = "x"}) -> (tensor<4x3xf32> {nn.name = "y"}) {
  %w1 = nn.constant dense<2.0> : tensor<6x7xf32>
  %b1 = nn.constant dense<1.0> : tensor<7xf32>
  %w2 = nn.constant dense<[[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0],
      [1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]> : tensor<7x3xf32>
  %h = nn.linear %x, %w1 bias %b1 : (tensor<4x6xf32>, tensor<6x7xf32>, tensor<7xf32>) -> tensor<4x7xf32>
  %r = nn.relu %h : (tensor<4x7xf32>) -> tensor<4x7xf32>
  %y = nn.linear %r, %w2 : (tensor<4x7xf32>, tensor<7x3xf32>) -> tensor<4x3xf32>
  nn.return %y : tensor<4x3xf32>
}
}
