// A chain reduction of 16 words over 8 PEs to the west takes
// B + (2 * ramp + hop + 1) * (P - 1) = 16 + 6 * 7 = 58 cycles from the first
// element at the far end to the end of the last at the root, to the cycle.
// RUN: weft-opt --pe-to-weft %s -o %t.weft
// RUN: weft-verify %t.weft
// RUN: %python %S/Inputs/npy.py %t.y.npy "[8.0 * i for i in range(16)]"
// RUN: weft-run %t.weft --expect y=%t.y.npy --stats-json=%t.json
// RUN: %python -c "import json, sys; f = json.load(open(sys.argv[1]))['fabric']; print('chain', f['last_element'] - f['first_element'], f['wavelet_hops'], f['max_link_wavelets'])" %t.json | FileCheck %s
// Each of 7 PEs sends 16 words one hop; no link carries more.
// CHECK: chain 58 112 16

pe.program @chain grid [8, 1] target "wse2" {
  pe.stage "s0" on #pe.pattern<(0, 0), 8 x 1>
  pe.kernel @sum algorithm "chain" on #pe.pattern<(0, 0), 8 x 1> nodes [] stage 0
  pe.tensor @x0 : tensor<16xf32> = dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0,
      10.0, 11.0, 12.0, 13.0, 14.0, 15.0]> : tensor<16xf32>
  pe.init @x0 at 4176 on #pe.pattern<(0, 0), 8 x 1> storage f32
      map [#pe.dim<none, extent 16, tile 16, stride 1>]
  pe.output "y" : tensor<16xf32> at 4240 on #pe.pattern<(0, 0), 1 x 1> storage f32
      map [#pe.dim<none, extent 16, tile 16, stride 1>]
  // Odd PEs send on colour 2, even ones on colour 3.
  pe.route color 2 rx ramp tx [west] on #pe.pattern<(1, 0), 4 x 1, step (2, 1)>
  pe.route color 2 rx east tx [ramp] on #pe.pattern<(0, 0), 4 x 1, step (2, 1)>
  pe.route color 3 rx ramp tx [west] on #pe.pattern<(2, 0), 3 x 1, step (2, 1)>
  pe.route color 3 rx east tx [ramp] on #pe.pattern<(1, 0), 3 x 1, step (2, 1)>
  pe.stream "odd" color 2 from #pe.pattern<(1, 0), 4 x 1, step (2, 1)> dx [-1, -1] dy [0, 0] words 16
  pe.stream "even" color 3 from #pe.pattern<(2, 0), 3 x 1, step (2, 1)> dx [-1, -1] dy [0, 0] words 16

  pe.class @root at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
    %in = pe.queue input 2 color 2 : !pe.fabin
    %x = pe.buffer "x" at 4176 : memref<16xf32>
    %y = pe.buffer "y" at 4240 : memref<16xf32>
    pe.task @start id 0 start kernel @sum {
      pe.vec vfadd %y, %in, %x : memref<16xf32>, !pe.fabin, memref<16xf32>
      pe.halt
    }
  }
  pe.class @even at [#pe.pattern<(2, 0), 3 x 1, step (2, 1)>] code_at 8192 {
    %in = pe.queue input 2 color 2 : !pe.fabin
    %out = pe.queue output 2 color 3 : !pe.fabout
    %x = pe.buffer "x" at 4176 : memref<16xf32>
    pe.task @start id 0 start kernel @sum {
      pe.vec vfadd %out, %in, %x : !pe.fabout, !pe.fabin, memref<16xf32>
      pe.halt
    }
  }
  pe.class @odd at [#pe.pattern<(1, 0), 3 x 1, step (2, 1)>] code_at 8192 {
    %in = pe.queue input 2 color 3 : !pe.fabin
    %out = pe.queue output 2 color 2 : !pe.fabout
    %x = pe.buffer "x" at 4176 : memref<16xf32>
    pe.task @start id 0 start kernel @sum {
      pe.vec vfadd %out, %in, %x : !pe.fabout, !pe.fabin, memref<16xf32>
      pe.halt
    }
  }
  pe.class @far at [#pe.pattern<(7, 0), 1 x 1>] code_at 8192 {
    %out = pe.queue output 2 color 2 : !pe.fabout
    %x = pe.buffer "x" at 4176 : memref<16xf32>
    pe.task @start id 0 start kernel @sum {
      pe.vec vmov %out, %x : !pe.fabout, memref<16xf32>
      pe.halt
    }
  }
}
