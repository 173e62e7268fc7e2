// Every op, type and attribute prints as it parses.
// RUN: weft-opt %s | weft-opt | FileCheck %s
// RUN: weft-opt %s --mlir-print-op-generic | weft-opt | FileCheck %s

// CHECK-LABEL: pe.program @all grid [8, 8] target "wse2" rtol 1.0{{.*}}e-03
pe.program @all grid [8, 8] target "wse2" rtol 1.0e-3 {
  // CHECK: pe.tensor @x0 : tensor<4xf32> = dense<{{.*}}> : tensor<4xf32>
  pe.tensor @x0 : tensor<4xf32> = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  // CHECK: pe.tensor @w : tensor<64x64xf16> = #pe.blob<"w.bin", offset 4096, bytes 8192>
  pe.tensor @w : tensor<64x64xf16> = #pe.blob<"w.bin", offset 4096, bytes 8192>
  // CHECK: pe.init @x0 at 4176 on #pe.pattern<(0, 0), 2 x 1> storage f32 map [#pe.dim<x, extent 4, tile 2, stride 1>] weight
  pe.init @x0 at 4176 on #pe.pattern<(0, 0), 2x1> storage f32
      map [#pe.dim<x, extent 4, tile 2, stride 1>] weight
  // CHECK: pe.init @x0 {{.*}}stride 1>]{{$}}
  pe.init @x0 at 4176 on #pe.pattern<(2, 0), 1 x 1> storage f32
      map [#pe.dim<none, extent 4, tile 4, stride 1>]
  // CHECK: pe.input "x" : tensor<8xf32> at 4208 on #pe.pattern<(0, 0), 1 x 8> storage f32 map [#pe.dim<y, extent 8, tile 1, stride 1>]
  pe.input "x" : tensor<8xf32> at 4208 on #pe.pattern<(0, 0), 1 x 8> storage f32
      map [#pe.dim<y, extent 8, tile 1, stride 1>]
  // CHECK: pe.input "unused" : tensor<2xi64>
  pe.input "unused" : tensor<2xi64>
  // CHECK: pe.output "y" : tensor<8xf32> at 4240 on
  pe.output "y" : tensor<8xf32> at 4240 on #pe.pattern<(0, 0), 1 x 1> storage f16
      map [#pe.dim<none, extent 8, tile 8, stride 2>]
  // CHECK: pe.output "c" : tensor<4xf32> constant @x0
  pe.output "c" : tensor<4xf32> constant @x0
  // CHECK: pe.output "z" : tensor<8xf32> alias 0
  pe.output "z" : tensor<8xf32> alias 0
  // CHECK: pe.stage "s0" on #pe.pattern<(0, 0), 8 x 8>
  pe.stage "s0" on #pe.pattern<(0, 0), 8 x 8>
  // CHECK: pe.kernel @mm algorithm "gemm.chain" on #pe.pattern<(0, 0), 8 x 8> nodes [0, 3] stage 0
  pe.kernel @mm algorithm "gemm.chain" on #pe.pattern<(0, 0), 8 x 8> nodes [0, 3] stage 0
  // CHECK: pe.node 0 "a" "MatMul" fate executed
  pe.node 0 "a" "MatMul" fate executed
  // CHECK: pe.node 1 "" "Cast" fate folded outputs ["v", ""]
  pe.node 1 "" "Cast" fate folded outputs ["v", ""]
  // CHECK: pe.value "v" : tensor<8xi64> after @mm at 4240 on #pe.pattern<(0, 0), 1 x 1> storage i32 map [#pe.dim<none, extent 8, tile 8, stride 1>]
  pe.value "v" : tensor<8xi64> after @mm at 4240 on #pe.pattern<(0, 0), 1 x 1> storage i32
      map [#pe.dim<none, extent 8, tile 8, stride 1>]
  // CHECK: fate merged
  pe.node 2 "" "Add" fate merged
  // CHECK: fate dead
  pe.node 3 "" "Add" fate dead
  // CHECK: pe.route color 2 rx west tx [east, ramp] on #pe.pattern<(1, 0), 3 x 8, step (2, 1)>
  pe.route color 2 rx west tx [ramp, east] on #pe.pattern<(1, 0), 3 x 8, step (2, 1)>
  // CHECK: pe.route color 2 position 1 rx north tx [east, ramp] on #pe.pattern<(1, 0), 1 x 1>
  pe.route color 2 position 1 rx north tx [east, ramp] on #pe.pattern<(1, 0), 1 x 1>
  // CHECK: pe.route color 3 rx ramp tx [north, south]
  pe.route color 3 rx ramp tx [north, south] on #pe.pattern<(1, 1), 1 x 1>
  // CHECK: pe.stream "chain" color 2 from #pe.pattern<(1, 0), 7 x 1> dx [-1, -1] dy [0, 0] words 16
  pe.stream "chain" color 2 from #pe.pattern<(1, 0), 7 x 1> dx [-1, -1] dy [0, 0] words 16
  // CHECK: pe.memory "c" code at 8192 bytes 64
  pe.memory "c" code at 8192 bytes 64 on #pe.pattern<(0, 0), 1 x 1>
  // CHECK: pe.memory "w" weights
  pe.memory "w" weights at 4176 bytes 32 on #pe.pattern<(0, 0), 1 x 1>
  // CHECK: pe.memory "a" activations
  pe.memory "a" activations at 4208 bytes 32 on #pe.pattern<(0, 0), 1 x 1>
  // CHECK: pe.memory "b" buffers
  pe.memory "b" buffers at 4240 bytes 32 on #pe.pattern<(0, 0), 1 x 1>
  // CHECK: pe.memory "r" reserved
  pe.memory "r" reserved at 0 bytes 4176 on #pe.pattern<(0, 0), 8 x 8>
  // CHECK: pe.memory "i" io
  pe.memory "i" io at 4208 bytes 32 on #pe.pattern<(0, 0), 1 x 1>

  // CHECK: pe.class @main at [#pe.pattern<(0, 0), 4 x 8>, #pe.pattern<(4, 0), 4 x 8>] code_at 40000 params_at 39936 {
  pe.class @main at [#pe.pattern<(0, 0), 4 x 8>, #pe.pattern<(4, 0), 4 x 8>] code_at 40000 params_at 39936 {
    // CHECK: %[[IN:.*]] = pe.queue input 2 color 2 : !pe.fabin
    %in = pe.queue input 2 color 2 : !pe.fabin
    // CHECK: %[[OUT:.*]] = pe.queue output 2 color 3 : !pe.fabout
    %out = pe.queue output 2 color 3 : !pe.fabout
    // CHECK: %[[X:.*]] = pe.buffer "x" at 4176 : memref<8xf32>
    %x = pe.buffer "x" at 4176 : memref<8xf32>
    %y = pe.buffer "y" at 4208 : memref<4x2xf32>
    %i = pe.buffer "i" at 4240 : memref<8xi32>
    // CHECK: pe.sub @none() {
    pe.sub @none() {
      // CHECK: pe.return
      pe.return
    }
    // CHECK: pe.sub @two(%{{.*}}: memref<8xf32>, %{{.*}}: index, %{{.*}}: i32, %{{.*}}: f32) kernel @mm {
    pe.sub @two(%b: memref<8xf32>, %p: index, %q: i32, %r: f32) kernel @mm {
      // CHECK: pe.call @none()
      pe.call @none()
      pe.return
    }
    // CHECK: pe.task @start id 0 start kernel @mm {
    pe.task @start id 0 start kernel @mm {
      %zero = arith.constant 0.0 : f32
      %three = arith.constant 3 : i32
      %idx = arith.constant 3 : index
      // CHECK: = pe.coord x : index
      %cx = pe.coord x : index
      // CHECK: = pe.coord y : i32
      %cy = pe.coord y : i32
      // CHECK: pe.vec vmov %[[X]], %[[X]] : memref<8xf32>, memref<8xf32>
      pe.vec vmov %x, %x : memref<8xf32>, memref<8xf32>
      // CHECK: pe.vec vfadd
      pe.vec vfadd %x, %x, %zero : memref<8xf32>, memref<8xf32>, f32
      // CHECK: pe.vec vfsub
      pe.vec vfsub %x, %x, %zero : memref<8xf32>, memref<8xf32>, f32
      // CHECK: pe.vec vfmul
      pe.vec vfmul %x, %x, %zero : memref<8xf32>, memref<8xf32>, f32
      // CHECK: pe.vec vfmax
      pe.vec vfmax %x, %x, %zero : memref<8xf32>, memref<8xf32>, f32
      // CHECK: pe.vec vfmin
      pe.vec vfmin %x, %x, %zero : memref<8xf32>, memref<8xf32>, f32
      // CHECK: pe.vec vfmac {{.*}} : memref<8xf32>, memref<4x2xf32>, f32
      pe.vec vfmac %x, %y, %zero : memref<8xf32>, memref<4x2xf32>, f32
      // CHECK: pe.vec vfneg
      pe.vec vfneg %x, %x : memref<8xf32>, memref<8xf32>
      // CHECK: pe.vec vfabs
      pe.vec vfabs %x, %x : memref<8xf32>, memref<8xf32>
      // CHECK: pe.vec vadd
      pe.vec vadd %i, %i, %three : memref<8xi32>, memref<8xi32>, i32
      // CHECK: pe.vec vsub
      pe.vec vsub %i, %i, %three : memref<8xi32>, memref<8xi32>, i32
      // CHECK: pe.vec vmul
      pe.vec vmul %i, %i, %three : memref<8xi32>, memref<8xi32>, i32
      // CHECK: pe.vec vand
      pe.vec vand %i, %i, %three : memref<8xi32>, memref<8xi32>, i32
      // CHECK: pe.vec vor
      pe.vec vor %i, %i, %three : memref<8xi32>, memref<8xi32>, i32
      // CHECK: pe.vec vxor
      pe.vec vxor %i, %i, %three : memref<8xi32>, memref<8xi32>, i32
      // CHECK: pe.vec vshl
      pe.vec vshl %i, %i, %three : memref<8xi32>, memref<8xi32>, i32
      // CHECK: pe.vec vshr
      pe.vec vshr %i, %i, %three : memref<8xi32>, memref<8xi32>, i32
      // CHECK: pe.vec vsar
      pe.vec vsar %i, %i, %three : memref<8xi32>, memref<8xi32>, i32
      // CHECK: pe.vec vmax
      pe.vec vmax %i, %i, %three : memref<8xi32>, memref<8xi32>, i32
      // CHECK: pe.vec vmin
      pe.vec vmin %i, %i, %three : memref<8xi32>, memref<8xi32>, i32
      // CHECK: pe.vec vi2f
      pe.vec vi2f %x, %i : memref<8xf32>, memref<8xi32>
      // CHECK: pe.vec vf2i
      pe.vec vf2i %i, %x : memref<8xi32>, memref<8xf32>
      // CHECK: pe.vec vflt
      pe.vec vflt %i, %x, %zero : memref<8xi32>, memref<8xf32>, f32
      // CHECK: pe.vec vfle
      pe.vec vfle %i, %x, %zero : memref<8xi32>, memref<8xf32>, f32
      // CHECK: pe.vec vfeq
      pe.vec vfeq %i, %x, %zero : memref<8xi32>, memref<8xf32>, f32
      // CHECK: pe.vec vlt
      pe.vec vlt %i, %i, %three : memref<8xi32>, memref<8xi32>, i32
      // CHECK: pe.vec veq
      pe.vec veq %i, %i, %three : memref<8xi32>, memref<8xi32>, i32
      // CHECK: pe.vec vsel
      pe.vec vsel %x, %i, %zero : memref<8xf32>, memref<8xi32>, f32
      // CHECK: pe.vec vmov %[[OUT]], %[[IN]] length 64 async 3 : !pe.fabout, !pe.fabin
      pe.vec vmov %out, %in length 64 async 3 : !pe.fabout, !pe.fabin
      // CHECK: pe.vec vmov %[[OUT]], %{{.*}} async 3 advance : !pe.fabout, memref<8xf32>
      pe.vec vmov %out, %x async 3 advance : !pe.fabout, memref<8xf32>
      // CHECK: pe.wait 3
      pe.wait 3
      // CHECK: pe.reduce vrsum {{.*}} : f32, memref<8xf32>
      %s = pe.reduce vrsum %zero, %x : f32, memref<8xf32>
      // CHECK: pe.reduce vrmax
      %m = pe.reduce vrmax %s, %in length 4 : f32, !pe.fabin
      // CHECK: pe.reduce vfdot {{.*}} : f32, memref<8xf32>, memref<4x2xf32>
      %d = pe.reduce vfdot %m, %x, %y : f32, memref<8xf32>, memref<4x2xf32>
      // CHECK: pe.retype %[[X]] : memref<8xf32> to memref<8xi32>
      %xi = pe.retype %x : memref<8xf32> to memref<8xi32>
      // CHECK: pe.fma
      %f = pe.fma %s, %m, %d : f32
      // CHECK: pe.call @two({{.*}}) kernel @mm : memref<8xf32>, index, i32, f32
      pe.call @two(%x, %idx, %three, %zero) kernel @mm : memref<8xf32>, index, i32, f32
      // CHECK: pe.activate 1
      pe.activate 1
      // CHECK: pe.end
      pe.end
    }
    // CHECK: pe.task @last id 1 {
    pe.task @last id 1 {
      // CHECK: pe.halt
      pe.halt
    }
  }
}

// CHECK-LABEL: pe.program @again grid [2, 2] target "wse2" repeatable {
pe.program @again grid [2, 2] target "wse2" repeatable {
  // CHECK: pe.input "x" : tensor<2x4xf32> at 4208 {{.*}} view tensor<8xf32> perm [1, 0]
  pe.input "x" : tensor<2x4xf32> at 4208 on #pe.pattern<(0, 0), 1 x 1> storage f32 map [#pe.dim<none, extent 8, tile 8, stride 1>]
      view tensor<8xf32> perm [1, 0]
  // CHECK: pe.output "y" : tensor<2x4xf32> at 4208 {{.*}} view tensor<8xf32> perm [1, 0] state 0
  pe.output "y" : tensor<2x4xf32> at 4208 on #pe.pattern<(0, 0), 1 x 1> storage f32 map [#pe.dim<none, extent 8, tile 8, stride 1>]
      view tensor<8xf32> perm [1, 0] state 0
}
