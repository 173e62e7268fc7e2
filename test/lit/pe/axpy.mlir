// The whole way for a hand-written program: assembled, checked, disassembled, run.
// RUN: weft-opt --pe-to-weft %s -o %t.weft
// RUN: weft-verify %t.weft
// RUN: weft-objdump -d %t.weft | FileCheck %s
// RUN: %python %S/Inputs/npy.py %t.x.npy "[float(i) for i in range(8)]"
// RUN: %python %S/Inputs/npy.py %t.y.npy "[3.0 * i + 1 for i in range(8)]"
// RUN: weft-run %t.weft --input x=%t.x.npy --expect y=%t.y.npy | FileCheck %s --check-prefix=COST

// Two DSDs, one constant, one instruction.
// CHECK: dsd [[Y:d[0-9]+]], r0+4208, f32, [8:1]
// CHECK-NEXT: dsd [[X:d[0-9]+]], r0+4176, f32, [8:1]
// CHECK-NEXT: li [[A:r[0-9]+]], 1073741824
// CHECK-NEXT: vfmac [[Y]], [[X]], [[A]]
// CHECK-NEXT: halt
// One MAC per element.
// COST: compute.macs 8
// The last word of the code is the highest byte that is touched.
// COST: pe.sram_peak_bytes 8232

pe.program @axpy grid [1, 1] target "wse2" {
  pe.stage "s0" on #pe.pattern<(0, 0), 1 x 1>
  pe.node 0 "scale" "Mul" fate executed
  pe.node 1 "sum" "Add" fate merged
  pe.kernel @axpy algorithm "axpy" on #pe.pattern<(0, 0), 1 x 1> nodes [0, 1] stage 0
  pe.tensor @y0 : tensor<8xf32>
      = dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  pe.init @y0 at 4208 on #pe.pattern<(0, 0), 1 x 1> storage f32
      map [#pe.dim<none, extent 8, tile 8, stride 1>]
  pe.input "x" : tensor<8xf32> at 4176 on #pe.pattern<(0, 0), 1 x 1> storage f32
      map [#pe.dim<none, extent 8, tile 8, stride 1>]
  pe.output "y" : tensor<8xf32> at 4208 on #pe.pattern<(0, 0), 1 x 1> storage f32
      map [#pe.dim<none, extent 8, tile 8, stride 1>]
  pe.class @main at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
    %x = pe.buffer "x" at 4176 : memref<8xf32>
    %y = pe.buffer "y" at 4208 : memref<8xf32>
    pe.task @start id 0 start kernel @axpy {
      %a = arith.constant 2.0 : f32
      pe.vec vfmac %y, %x, %a : memref<8xf32>, memref<8xf32>, f32
      pe.halt
    }
  }
}
