// What a loop costs: descriptors and addresses are set up before it and advance
// in it, and small innermost loops do four rounds in one.
// RUN: weft-opt --pe-to-weft %s -o %t.weft
// RUN: weft-verify %t.weft
// RUN: weft-objdump -d %t.weft | FileCheck %s
// RUN: %python %S/Inputs/npy.py %t.y.npy "[8.0 for i in range(192)]"
// RUN: weft-run %t.weft --expect y=%t.y.npy

// Y[n, :] += W[n, k] * X[k, :], n < 16, k < 8, rows of 12.
// CHECK-LABEL: task 0
// The row of Y follows n; X and the pointer into W start anew for each n.
// CHECK: dsd [[Y:d[0-9]+]], r0+8192, f32, [12:1]
// CHECK: loop {{r[0-9]+}}, 16
// CHECK: dsd [[X:d[0-9]+]], r0+4176, f32, [12:1]
// CHECK-NEXT: loop {{r[0-9]+}}, 2
// CHECK-NEXT: ld [[W:r[0-9]+]], [[P:r[0-9]+]]+6144
// CHECK-NEXT: vfmac [[Y]], [[X]], [[W]]
// CHECK-NEXT: ld [[W]], [[P]]+6148
// CHECK-NEXT: dsdadd [[X]], r0+48
// CHECK-NEXT: vfmac [[Y]], [[X]], [[W]]
// CHECK-NEXT: ld [[W]], [[P]]+6152
// CHECK-NEXT: dsdadd [[X]], r0+48
// CHECK-NEXT: vfmac [[Y]], [[X]], [[W]]
// CHECK-NEXT: ld [[W]], [[P]]+6156
// CHECK-NEXT: dsdadd [[X]], r0+48
// CHECK-NEXT: vfmac [[Y]], [[X]], [[W]]
// CHECK-NEXT: addi [[P]], [[P]], 16
// CHECK-NEXT: dsdadd [[X]], r0+48
// CHECK-NEXT: endloop
// CHECK: dsdadd [[Y]], r0+48
// CHECK-NEXT: endloop
// Three sums into one register.
// CHECK: mov [[S:r[0-9]+]], r0
// CHECK-NEXT: vrsum [[S]]
// CHECK: vrsum [[S]]
// CHECK: vrsum [[S]]
// CHECK-NEXT: st [[S]], r0+8964
// CHECK-NEXT: halt

pe.program @loops grid [1, 1] target "wse2" {
  pe.stage "s0" on #pe.pattern<(0, 0), 1 x 1>
  pe.tensor @ones : tensor<192xf32> = dense<1.0> : tensor<192xf32>
  pe.tensor @zeros : tensor<192xf32> = dense<0.0> : tensor<192xf32>
  pe.init @ones at 4176 on #pe.pattern<(0, 0), 1 x 1> storage f32
      map [#pe.dim<none, extent 192, tile 192, stride 1>]
  pe.init @ones at 6144 on #pe.pattern<(0, 0), 1 x 1> storage f32
      map [#pe.dim<none, extent 192, tile 192, stride 1>]
  pe.init @zeros at 8192 on #pe.pattern<(0, 0), 1 x 1> storage f32
      map [#pe.dim<none, extent 192, tile 192, stride 1>]
  pe.output "y" : tensor<192xf32> at 8192 on #pe.pattern<(0, 0), 1 x 1> storage f32
      map [#pe.dim<none, extent 192, tile 192, stride 1>]
  pe.class @main at [#pe.pattern<(0, 0), 1 x 1>] data_end 9001 {
    %x = pe.buffer "x" at 4176 : memref<96xf32>
    %w = pe.buffer "w" at 6144 : memref<128xf32>
    %y = pe.buffer "y" at 8192 : memref<192xf32>
    %s = pe.buffer "s" at 8964 : memref<1xf32>
    pe.task @start id 0 start {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      %c8 = arith.constant 8 : index
      %c12 = arith.constant 12 : index
      %c16 = arith.constant 16 : index
      scf.for %n = %c0 to %c16 step %c1 {
        scf.for %k = %c0 to %c8 step %c1 {
          %n8 = arith.muli %n, %c8 : index
          %at = arith.addi %n8, %k : index
          %yo = arith.muli %n, %c12 : index
          %xo = arith.muli %k, %c12 : index
          %wv = memref.load %w[%at] : memref<128xf32>
          %yv = memref.reinterpret_cast %y to offset: [%yo], sizes: [12], strides: [1]
              : memref<192xf32> to memref<12xf32, strided<[1], offset: ?>>
          %xv = memref.reinterpret_cast %x to offset: [%xo], sizes: [12], strides: [1]
              : memref<96xf32> to memref<12xf32, strided<[1], offset: ?>>
          pe.vec vfmac %yv, %xv, %wv : memref<12xf32, strided<[1], offset: ?>>,
              memref<12xf32, strided<[1], offset: ?>>, f32
        }
      }
      %zero = arith.constant 0.0 : f32
      %sum = scf.for %i = %c0 to %c3 step %c1 iter_args(%acc = %zero) -> f32 {
        %o = arith.muli %i, %c12 : index
        %v = memref.reinterpret_cast %y to offset: [%o], sizes: [4], strides: [1]
            : memref<192xf32> to memref<4xf32, strided<[1], offset: ?>>
        %next = pe.reduce vrsum %acc, %v : f32, memref<4xf32, strided<[1], offset: ?>>
        scf.yield %next : f32
      }
      memref.store %sum, %s[%c0] : memref<1xf32>
      pe.halt
    }
  }
}
