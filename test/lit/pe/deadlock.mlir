// A PE that waits for more wavelets than come is named, with the instruction.
// RUN: weft-opt --pe-to-weft %s -o %t.weft
// RUN: not weft-verify %t.weft 2>&1 | FileCheck %s --check-prefix=VERIFY
// RUN: not weft-run %t.weft 2>&1 | FileCheck %s
// VERIFY: error: R-
// CHECK: deadlock
// CHECK: PE (1, 0) of class 'to' waits for a wavelet of colour 4 on input queue 2 (4 of 5 elements done

pe.program @deadlock grid [2, 1] target "wse2" {
  pe.tensor @x0 : tensor<4xf32> = dense<1.0> : tensor<4xf32>
  pe.init @x0 at 4176 on #pe.pattern<(0, 0), 1 x 1> storage f32
      map [#pe.dim<none, extent 4, tile 4, stride 1>]
  pe.route color 4 rx ramp tx [east] on #pe.pattern<(0, 0), 1 x 1>
  pe.route color 4 rx west tx [ramp] on #pe.pattern<(1, 0), 1 x 1>
  pe.stream "s" color 4 from #pe.pattern<(0, 0), 1 x 1> dx [1, 1] dy [0, 0] words 4
  pe.class @from at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
    %out = pe.queue output 2 color 4 : !pe.fabout
    %x = pe.buffer "x" at 4176 : memref<4xf32>
    pe.task @start id 0 start {
      pe.vec vmov %out, %x : !pe.fabout, memref<4xf32>
      pe.halt
    }
  }
  pe.class @to at [#pe.pattern<(1, 0), 1 x 1>] code_at 8192 {
    %in = pe.queue input 2 color 4 : !pe.fabin
    %y = pe.buffer "y" at 4176 : memref<5xf32>
    pe.task @start id 0 start {
      pe.vec vmov %y, %in : memref<5xf32>, !pe.fabin
      pe.halt
    }
  }
}
