// Five rows of a gather over switches, one of which begins when another is done:
// so groups fall apart into rows that do not lie together. Of PEs (1, y) and
// (2, y) the words come one after the other to (0, y), which then answers (3, y).
// RUN: weft-opt --pe-to-weft %s -o %t.weft
// RUN: weft-verify %t.weft | FileCheck %s
// RUN: weft-run --quiet %t.weft
// CHECK: R-TASK-2  ok

pe.program @rows grid [4, 5] target "wse2" {
  pe.stage "s0" on #pe.pattern<(0, 0), 4 x 5>
  pe.kernel @sum algorithm "star" on #pe.pattern<(0, 0), 4 x 5> nodes [] stage 0
  pe.tensor @x0 : tensor<16xf32> = dense<1.0> : tensor<16xf32>
  pe.init @x0 at 4176 on #pe.pattern<(0, 0), 4 x 5> storage f32 map [#pe.dim<none, extent 16, tile 16, stride 1>]
  pe.output "y" : tensor<16xf32> at 4176 on #pe.pattern<(0, 0), 1 x 1> storage f32 map [#pe.dim<none, extent 16, tile 16, stride 1>]
  pe.route color 2 rx east tx [ramp] on #pe.pattern<(0, 0), 1 x 5>
  pe.route color 2 rx ramp tx [west] on #pe.pattern<(1, 0), 2 x 5>
  pe.route color 2 position 1 rx east tx [west] on #pe.pattern<(1, 0), 1 x 5>
  pe.route color 3 rx ramp tx [west] on #pe.pattern<(3, 0), 1 x 5>
  pe.route color 3 rx east tx [west] on #pe.pattern<(2, 0), 1 x 5>
  pe.route color 3 rx east tx [ramp] on #pe.pattern<(1, 0), 1 x 5>
  pe.route color 4 rx ramp tx [east] on #pe.pattern<(0, 0), 1 x 5>
  pe.route color 4 rx west tx [east] on #pe.pattern<(1, 0), 2 x 5>
  pe.route color 4 rx west tx [ramp] on #pe.pattern<(3, 0), 1 x 5>
  pe.route color 5 rx ramp tx [south] on #pe.pattern<(3, 1), 1 x 1>
  pe.route color 5 rx north tx [ramp] on #pe.pattern<(3, 2), 1 x 1>
  pe.stream "a" color 2 from #pe.pattern<(1, 0), 1 x 5> dx [-1, -1] dy [0, 0] words 16
  pe.stream "b" color 2 from #pe.pattern<(2, 0), 1 x 5> dx [-2, -2] dy [0, 0] words 16
  pe.stream "c" color 3 from #pe.pattern<(3, 0), 1 x 5> dx [-2, -2] dy [0, 0] words 16
  pe.stream "d" color 4 from #pe.pattern<(0, 0), 1 x 5> dx [3, 3] dy [0, 0] words 16
  pe.stream "e" color 5 from #pe.pattern<(3, 1), 1 x 1> dx [0, 0] dy [1, 1] words 16
  pe.class @root at [#pe.pattern<(0, 0), 1 x 5>] code_at 8192 {
    %in2 = pe.queue input 2 color 2 : !pe.fabin
    %out4 = pe.queue output 2 color 4 : !pe.fabout
    %x = pe.buffer "x" at 4176 : memref<16xf32>
    pe.task @start id 0 start kernel @sum {
      pe.vec vfadd %x, %in2, %x : memref<16xf32>, !pe.fabin, memref<16xf32>
      pe.vec vfadd %x, %in2, %x : memref<16xf32>, !pe.fabin, memref<16xf32>
      pe.vec vmov %out4, %x : !pe.fabout, memref<16xf32>
      pe.halt
    }
  }
  pe.class @near at [#pe.pattern<(1, 0), 1 x 5>] code_at 8192 {
    %in3 = pe.queue input 2 color 3 : !pe.fabin
    %out2 = pe.queue output 2 color 2 : !pe.fabout
    %x = pe.buffer "x" at 4176 : memref<16xf32>
    pe.task @start id 0 start kernel @sum {
      pe.vec vfadd %x, %in3, %x : memref<16xf32>, !pe.fabin, memref<16xf32>
      pe.vec vmov %out2, %x advance : !pe.fabout, memref<16xf32>
      pe.halt
    }
  }
  pe.class @far at [#pe.pattern<(2, 0), 1 x 5>] code_at 8192 {
    %out2 = pe.queue output 2 color 2 : !pe.fabout
    %x = pe.buffer "x" at 4176 : memref<16xf32>
    pe.task @start id 0 start kernel @sum {
      pe.vec vmov %out2, %x : !pe.fabout, memref<16xf32>
      pe.halt
    }
  }
  pe.class @early at [#pe.pattern<(3, 0), 1 x 1>, #pe.pattern<(3, 3), 1 x 2>] code_at 8192 {
    %in4 = pe.queue input 2 color 4 : !pe.fabin
    %out3 = pe.queue output 2 color 3 : !pe.fabout
    %x = pe.buffer "x" at 4176 : memref<16xf32>
    pe.task @start id 0 start kernel @sum {
      pe.vec vmov %out3, %x : !pe.fabout, memref<16xf32>
      pe.vec vfadd %x, %in4, %x : memref<16xf32>, !pe.fabin, memref<16xf32>
      pe.halt
    }
  }
  pe.class @first at [#pe.pattern<(3, 1), 1 x 1>] code_at 8192 {
    %in4 = pe.queue input 2 color 4 : !pe.fabin
    %out3 = pe.queue output 2 color 3 : !pe.fabout
    %out5 = pe.queue output 3 color 5 : !pe.fabout
    %x = pe.buffer "x" at 4176 : memref<16xf32>
    pe.task @start id 0 start kernel @sum {
      pe.vec vmov %out3, %x : !pe.fabout, memref<16xf32>
      pe.vec vfadd %x, %in4, %x : memref<16xf32>, !pe.fabin, memref<16xf32>
      pe.vec vmov %out5, %x : !pe.fabout, memref<16xf32>
      pe.halt
    }
  }
  pe.class @late at [#pe.pattern<(3, 2), 1 x 1>] code_at 8192 {
    %in5 = pe.queue input 2 color 5 : !pe.fabin
    %in4 = pe.queue input 3 color 4 : !pe.fabin
    %out3 = pe.queue output 2 color 3 : !pe.fabout
    %x = pe.buffer "x" at 4176 : memref<16xf32>
    pe.task @start id 0 start kernel @sum {
      pe.vec vfadd %x, %in5, %x : memref<16xf32>, !pe.fabin, memref<16xf32>
      pe.vec vmov %out3, %x : !pe.fabout, memref<16xf32>
      pe.vec vfadd %x, %in4, %x : memref<16xf32>, !pe.fabin, memref<16xf32>
      pe.halt
    }
  }
}
