// Two 16-bit elements travel in one wavelet: five of them are three. A scalar
// load gives f32, a scalar store rounds.
// RUN: weft-opt --pe-to-weft %s -o %t.weft
// RUN: weft-verify %t.weft
// RUN: weft-objdump -d %t.weft | FileCheck %s --check-prefix=ASM
// RUN: %python %S/Inputs/npy.py %t.y.npy 1.5 2.5 3.5 4.5 2.0
// RUN: weft-run %t.weft --expect y=%t.y.npy --stats-json=%t.json
// RUN: %python -c "import json, sys; f = json.load(open(sys.argv[1]))['fabric']; print('words', f['wavelet_hops'], f['max_link_wavelets'])" %t.json | FileCheck %s
// CHECK: words 3 3
// ASM: ldh [[R:r[0-9]+]], r0+4176
// ASM: fadd [[S:r[0-9]+]], [[R]], {{r[0-9]+}}
// ASM: sth [[S]], r0+4184

// The same in bf16, where the target has it.
// RUN: sed -e 's/f16/bf16/g' -e 's/storage bf32/storage f32/' %s > %t.bf16.mlir
// RUN: not weft-opt --pe-to-weft %t.bf16.mlir -o %t.b.weft 2>&1 | FileCheck %s --check-prefix=TYPE
// TYPE: works on bf16, which is not a type of wse2 (R-OP-6)
// RUN: sed -e 's/"wse2"/"wse3"/' %t.bf16.mlir | weft-opt --pe-to-weft -o %t.b.weft
// RUN: weft-verify %t.b.weft
// RUN: weft-run %t.b.weft --expect y=%t.y.npy

pe.program @narrow grid [2, 1] target "wse2" {
  pe.stage "s0" on #pe.pattern<(0, 0), 2 x 1>
  pe.tensor @x0 : tensor<5xf16> = dense<[1.0, 2.0, 3.0, 4.0, 1.0]> : tensor<5xf16>
  pe.tensor @halves : tensor<5xf16> = dense<0.5> : tensor<5xf16>
  pe.init @x0 at 4176 on #pe.pattern<(0, 0), 1 x 1> storage f16
      map [#pe.dim<none, extent 5, tile 5, stride 1>]
  pe.init @halves at 4176 on #pe.pattern<(1, 0), 1 x 1> storage f16
      map [#pe.dim<none, extent 5, tile 5, stride 1>]
  pe.output "y" : tensor<5xf32> at 4192 on #pe.pattern<(1, 0), 1 x 1> storage f16
      map [#pe.dim<none, extent 5, tile 5, stride 1>]
  pe.route color 2 rx ramp tx [east] on #pe.pattern<(0, 0), 1 x 1>
  pe.route color 2 rx west tx [ramp] on #pe.pattern<(1, 0), 1 x 1>
  pe.stream "x" color 2 from #pe.pattern<(0, 0), 1 x 1> dx [1, 1] dy [0, 0] words 3

  pe.class @from at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
    %out = pe.queue output 2 color 2 : !pe.fabout
    %x = pe.buffer "x" at 4176 : memref<5xf16>
    pe.task @start id 0 start {
      %c0 = arith.constant 0 : index
      %c4 = arith.constant 4 : index
      %a = memref.load %x[%c0] : memref<5xf16>
      %wide = arith.extf %a : f16 to f32
      %b = arith.constant 0.50009765625 : f32
      %sum = arith.addf %wide, %b : f32
      %s = arith.truncf %sum : f32 to f16
      memref.store %s, %x[%c4] : memref<5xf16>
      pe.vec vmov %out, %x : !pe.fabout, memref<5xf16>
      pe.halt
    }
  }
  pe.class @to at [#pe.pattern<(1, 0), 1 x 1>] code_at 8192 {
    %in = pe.queue input 2 color 2 : !pe.fabin
    %x = pe.buffer "x" at 4176 : memref<5xf16>
    %y = pe.buffer "y" at 4192 : memref<5xf16>
    pe.task @start id 0 start {
      pe.vec vfadd %y, %in, %x : memref<5xf16>, !pe.fabin, memref<5xf16>
      pe.halt
    }
  }
}
