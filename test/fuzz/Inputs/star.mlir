pe.program @main grid [4, 1] target "TARGET" {
  pe.route color 2 rx east tx [ramp] on #pe.pattern<(0, 0), 1 x 1>
  pe.route color 2 rx ramp tx [west] on #pe.pattern<(1, 0), 3 x 1>
  pe.route color 2 position 1 rx east tx [west] on #pe.pattern<(1, 0), 2 x 1>
  pe.stream "1" color 2 from #pe.pattern<(1, 0), 1 x 1> dx [-1, -1] dy [0, 0] words 2
  pe.stream "2" color 2 from #pe.pattern<(2, 0), 1 x 1> dx [-2, -2] dy [0, 0] words 2
  pe.stream "3" color 2 from #pe.pattern<(3, 0), 1 x 1> dx [-3, -3] dy [0, 0] words 2
  pe.class @root at [#pe.pattern<(0, 0), 1 x 1>] code_at 512 {
    %in = pe.queue input 2 color 2 : !pe.fabin
    %x = pe.buffer "x" at 64 : memref<6xf32>
    pe.task @start id 0 start {
      pe.vec vmov %x, %in : memref<6xf32>, !pe.fabin
      pe.halt
    }
  }
  pe.class @inner at [#pe.pattern<(1, 0), 2 x 1>] code_at 512 {
    %out = pe.queue output 2 color 2 : !pe.fabout
    %c = arith.constant 1.0 : f32
    pe.task @start id 0 start {
      pe.vec vmov %out, %c length 2 advance : !pe.fabout, f32
      pe.halt
    }
  }
  pe.class @far at [#pe.pattern<(3, 0), 1 x 1>] code_at 512 {
    %out = pe.queue output 2 color 2 : !pe.fabout
    %c = arith.constant 1.0 : f32
    pe.task @start id 0 start {
      pe.vec vmov %out, %c length 2 : !pe.fabout, f32
      pe.halt
    }
  }
}
