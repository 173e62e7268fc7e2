// A star reduction of 16 words over 8 PEs to the west on one colour. All send at
// once; a router lets the words of those behind it pass when the last of its own
// PE's have left. B * (P - 1) + 2 * ramp + hop + 1 = 16 * 7 + 6 = 118 cycles from
// the first element sent to the end of the last at the root, if that were one op;
// each of its 7 ops has a set-up of 6, and the first's passes while the words are
// on their way.
// RUN: weft-opt --pe-to-weft %s -o %t.weft
// RUN: weft-verify %t.weft
// RUN: %python %S/Inputs/npy.py %t.y.npy "[8.0 * i for i in range(16)]"
// RUN: weft-run %t.weft --expect y=%t.y.npy --stats-json=%t.json
// RUN: weft-run %t.weft --expect y=%t.y.npy --fidelity=batched
// RUN: weft-run %t.weft --expect y=%t.y.npy --fidelity=functional
// RUN: %python -c "import json, sys; f = json.load(open(sys.argv[1]))['fabric']; print('star', f['last_element'] - f['first_element'], f['wavelet_hops'], f['max_link_wavelets'])" %t.json | FileCheck %s
// 16 words over 1, 2, ... 7 hops; all of them on the last link. 118 + 6 * 6 cycles.
// CHECK: star 154 448 112
// RUN: weft-objdump %t.weft --routes | FileCheck %s --check-prefix=ROUTES
// ROUTES:      colour 2: 2 settings on 8 routers, 1 later positions, 7 streams
// ROUTES:      position 1: east -> west {{ *}}(1, 0) 6x1
// RUN: weft-objdump %t.weft -d | FileCheck %s --check-prefix=CODE
// CODE: vmov out2, d0, advance

pe.program @star grid [8, 1] target "wse2" {
  pe.stage "s0" on #pe.pattern<(0, 0), 8 x 1>
  pe.kernel @sum algorithm "star" on #pe.pattern<(0, 0), 8 x 1> nodes [] stage 0
  pe.tensor @x0 : tensor<16xf32> = dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0,
      10.0, 11.0, 12.0, 13.0, 14.0, 15.0]> : tensor<16xf32>
  pe.init @x0 at 4176 on #pe.pattern<(0, 0), 8 x 1> storage f32
      map [#pe.dim<none, extent 16, tile 16, stride 1>]
  pe.output "y" : tensor<16xf32> at 4176 on #pe.pattern<(0, 0), 1 x 1> storage f32
      map [#pe.dim<none, extent 16, tile 16, stride 1>]
  pe.route color 2 rx east tx [ramp] on #pe.pattern<(0, 0), 1 x 1>
  pe.route color 2 rx ramp tx [west] on #pe.pattern<(1, 0), 7 x 1>
  pe.route color 2 position 1 rx east tx [west] on #pe.pattern<(1, 0), 6 x 1>
  pe.stream "1" color 2 from #pe.pattern<(1, 0), 1 x 1> dx [-1, -1] dy [0, 0] words 16
  pe.stream "2" color 2 from #pe.pattern<(2, 0), 1 x 1> dx [-2, -2] dy [0, 0] words 16
  pe.stream "3" color 2 from #pe.pattern<(3, 0), 1 x 1> dx [-3, -3] dy [0, 0] words 16
  pe.stream "4" color 2 from #pe.pattern<(4, 0), 1 x 1> dx [-4, -4] dy [0, 0] words 16
  pe.stream "5" color 2 from #pe.pattern<(5, 0), 1 x 1> dx [-5, -5] dy [0, 0] words 16
  pe.stream "6" color 2 from #pe.pattern<(6, 0), 1 x 1> dx [-6, -6] dy [0, 0] words 16
  pe.stream "7" color 2 from #pe.pattern<(7, 0), 1 x 1> dx [-7, -7] dy [0, 0] words 16

  pe.class @root at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
    %in = pe.queue input 2 color 2 : !pe.fabin
    %x = pe.buffer "x" at 4176 : memref<16xf32>
    pe.task @start id 0 start kernel @sum {
      pe.vec vfadd %x, %in, %x : memref<16xf32>, !pe.fabin, memref<16xf32>
      pe.vec vfadd %x, %in, %x : memref<16xf32>, !pe.fabin, memref<16xf32>
      pe.vec vfadd %x, %in, %x : memref<16xf32>, !pe.fabin, memref<16xf32>
      pe.vec vfadd %x, %in, %x : memref<16xf32>, !pe.fabin, memref<16xf32>
      pe.vec vfadd %x, %in, %x : memref<16xf32>, !pe.fabin, memref<16xf32>
      pe.vec vfadd %x, %in, %x : memref<16xf32>, !pe.fabin, memref<16xf32>
      pe.vec vfadd %x, %in, %x : memref<16xf32>, !pe.fabin, memref<16xf32>
      pe.halt
    }
  }
  pe.class @inner at [#pe.pattern<(1, 0), 6 x 1>] code_at 8192 {
    %out = pe.queue output 2 color 2 : !pe.fabout
    %x = pe.buffer "x" at 4176 : memref<16xf32>
    pe.task @start id 0 start kernel @sum {
      pe.vec vmov %out, %x advance : !pe.fabout, memref<16xf32>
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
