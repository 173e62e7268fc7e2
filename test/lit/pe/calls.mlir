// Twelve equal layers are one loop over a table of parameters; what all calls of
// a subroutine pass alike is in its code and not in the table.
// RUN: weft-opt --pe-to-weft %s -o %t.weft
// RUN: weft-verify %t.weft
// RUN: weft-objdump --all %t.weft | FileCheck %s
// RUN: %python %S/Inputs/npy.py %t.x.npy "4096.0" "4096.0"
// RUN: weft-run %t.weft --expect x=%t.x.npy

// @scale takes the factors' address from the table, @twice nothing.
// CHECK: subroutine 0:
// CHECK: ld {{r[0-9]+}}, r31
// CHECK: vfmul
// CHECK: ret
// CHECK: subroutine [[TWICE:[0-9]+]]:
// CHECK-NOT: r31
// CHECK: ret
// CHECK: task 0
// CHECK: li r31, 5120
// CHECK-NEXT: loop [[I:r[0-9]+]], 6
// CHECK-NEXT: call 0
// CHECK-NEXT: call [[TWICE]]
// CHECK-NEXT: addi r31, r31, 4
// CHECK-NEXT: endloop [[I]]
// CHECK-NEXT: halt

pe.program @layers grid [1, 1] target "wse2" {
  pe.stage "s0" on #pe.pattern<(0, 0), 1 x 1>
  pe.kernel @a algorithm "scale" on #pe.pattern<(0, 0), 1 x 1> nodes [] stage 0
  pe.kernel @b algorithm "twice" on #pe.pattern<(0, 0), 1 x 1> nodes [] stage 0
  pe.kernel @c algorithm "scale" on #pe.pattern<(0, 0), 1 x 1> nodes [] stage 0
  pe.tensor @x0 : tensor<2xf32> = dense<1.0> : tensor<2xf32>
  pe.init @x0 at 4176 on #pe.pattern<(0, 0), 1 x 1> storage f32
      map [#pe.dim<none, extent 2, tile 2, stride 1>]
  pe.tensor @f0 : tensor<12xf32> = dense<2.0> : tensor<12xf32>
  pe.init @f0 at 4192 on #pe.pattern<(0, 0), 1 x 1> storage f32
      map [#pe.dim<none, extent 12, tile 12, stride 1>] weight
  pe.output "x" : tensor<2xf32> at 4176 on #pe.pattern<(0, 0), 1 x 1> storage f32
      map [#pe.dim<none, extent 2, tile 2, stride 1>]
  pe.class @main at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 params_at 5120 {
    %x = pe.buffer "x" at 4176 : memref<2xf32>
    %f = pe.buffer "f" at 4192 : memref<12xf32>
    pe.sub @scale(%v: memref<2xf32>, %w: memref<1xf32>) {
      %c0 = arith.constant 0 : index
      %s = memref.load %w[%c0] : memref<1xf32>
      pe.vec vfmul %v, %v, %s : memref<2xf32>, memref<2xf32>, f32
      pe.return
    }
    pe.sub @twice(%v: memref<2xf32>, %by: f32) kernel @b {
      pe.vec vfmul %v, %v, %by : memref<2xf32>, memref<2xf32>, f32
      pe.return
    }
    pe.task @start id 0 start {
      %two = arith.constant 2.0 : f32
      %f0 = memref.reinterpret_cast %f to offset: [0], sizes: [1], strides: [1] : memref<12xf32> to memref<1xf32, strided<[1]>>
      %f1 = memref.reinterpret_cast %f to offset: [1], sizes: [1], strides: [1] : memref<12xf32> to memref<1xf32, strided<[1], offset: 1>>
      %f2 = memref.reinterpret_cast %f to offset: [2], sizes: [1], strides: [1] : memref<12xf32> to memref<1xf32, strided<[1], offset: 2>>
      pe.call @scale(%x, %f0) kernel @a : memref<2xf32>, memref<1xf32, strided<[1]>>
      pe.call @twice(%x, %two) : memref<2xf32>, f32
      pe.call @scale(%x, %f1) kernel @c : memref<2xf32>, memref<1xf32, strided<[1], offset: 1>>
      pe.call @twice(%x, %two) : memref<2xf32>, f32
      pe.call @scale(%x, %f2) kernel @a : memref<2xf32>, memref<1xf32, strided<[1], offset: 2>>
      pe.call @twice(%x, %two) : memref<2xf32>, f32
      pe.call @scale(%x, %f0) kernel @a : memref<2xf32>, memref<1xf32, strided<[1]>>
      pe.call @twice(%x, %two) : memref<2xf32>, f32
      pe.call @scale(%x, %f1) kernel @c : memref<2xf32>, memref<1xf32, strided<[1], offset: 1>>
      pe.call @twice(%x, %two) : memref<2xf32>, f32
      pe.call @scale(%x, %f2) kernel @a : memref<2xf32>, memref<1xf32, strided<[1], offset: 2>>
      pe.call @twice(%x, %two) : memref<2xf32>, f32
      pe.halt
    }
  }
}
