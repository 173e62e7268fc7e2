// The bytes of a #pe.blob are read from a file beside the program when it is
// assembled.
// RUN: %python -c "import sys; open(sys.argv[1], 'wb').write(bytes(range(32)))" %t.bin
// RUN: sed 's:FILE:%basename_t.tmp.bin:' %s > %t.mlir
// RUN: weft-opt --pe-to-weft %t.mlir -o %t.weft
// RUN: %python -c "import sys; print('blob', open(sys.argv[1], 'rb').read().count(bytes(range(8, 24))))" %t.weft | FileCheck %s
// CHECK: blob 1

// RUN: sed -e 's:FILE:%basename_t.tmp.bin:' -e 's/offset 8/offset 24/' %s > %t.1.mlir
// RUN: not weft-opt --pe-to-weft %t.1.mlir -o %t.weft 2>&1 | FileCheck %s --check-prefix=END
// END: tmp.bin' has 32 bytes, the blob ends behind them

// RUN: sed -e 's:FILE:%basename_t.tmp.bin:' -e 's/bytes 16/bytes 8/' %s > %t.2.mlir
// RUN: not weft-opt --pe-to-weft %t.2.mlir -o %t.weft 2>&1 | FileCheck %s --check-prefix=SIZE
// SIZE: has 8 bytes of data, 'tensor<4xf32>' takes 16

pe.program @blob grid [1, 1] target "wse2" {
  pe.tensor @t : tensor<4xf32> = #pe.blob<"FILE", offset 8, bytes 16>
  pe.init @t at 4176 on #pe.pattern<(0, 0), 1 x 1> storage f32
      map [#pe.dim<none, extent 4, tile 4, stride 1>]
  pe.class @main at [#pe.pattern<(0, 0), 1 x 1>] code_at 8192 {
    pe.task @start id 0 start {
      pe.halt
    }
  }
}
