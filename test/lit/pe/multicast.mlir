// A multicast of 16 words to 7 PEs takes B + hop * (P - 1) + 2 * ramp + 1
// = 16 + 7 + 5 = 28 cycles.
// RUN: weft-opt --pe-to-weft %s -o %t.weft
// RUN: weft-verify %t.weft
// RUN: %python %S/Inputs/npy.py %t.y.npy "[float(i) for i in range(16)] * 7"
// RUN: weft-run %t.weft --expect y=%t.y.npy --stats-json=%t.json
// RUN: %python -c "import json, sys; f = json.load(open(sys.argv[1]))['fabric']; print('multicast', f['last_element'] - f['first_element'], f['wavelet_hops'])" %t.json | FileCheck %s
// CHECK: multicast 28 112

pe.program @multicast grid [8, 1] target "wse2" {
  pe.stage "s0" on #pe.pattern<(0, 0), 8 x 1>
  pe.tensor @x0 : tensor<16xf32> = dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0,
      10.0, 11.0, 12.0, 13.0, 14.0, 15.0]> : tensor<16xf32>
  pe.init @x0 at 4176 on #pe.pattern<(0, 0), 1 x 1> storage f32
      map [#pe.dim<none, extent 16, tile 16, stride 1>]
  pe.output "y" : tensor<112xf32> at 4240 on #pe.pattern<(1, 0), 7 x 1> storage f32
      map [#pe.dim<x, extent 112, tile 16, stride 1>]
  pe.route color 4 rx ramp tx [east] on #pe.pattern<(0, 0), 1 x 1>
  pe.route color 4 rx west tx [east, ramp] on #pe.pattern<(1, 0), 6 x 1>
  pe.route color 4 rx west tx [ramp] on #pe.pattern<(7, 0), 1 x 1>
  pe.stream "multicast" color 4 from #pe.pattern<(0, 0), 1 x 1> dx [1, 7] dy [0, 0] words 16
  pe.class @root at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
    %out = pe.queue output 2 color 4 : !pe.fabout
    %x = pe.buffer "x" at 4176 : memref<16xf32>
    pe.task @start id 0 start {
      pe.vec vmov %out, %x : !pe.fabout, memref<16xf32>
      pe.halt
    }
  }
  pe.class @leaf at [#pe.pattern<(1, 0), 7 x 1>] code_at 8192 {
    %in = pe.queue input 2 color 4 : !pe.fabin
    %y = pe.buffer "y" at 4240 : memref<16xf32>
    pe.task @start id 0 start {
      pe.vec vmov %y, %in : memref<16xf32>, !pe.fabin
      pe.halt
    }
  }
}
