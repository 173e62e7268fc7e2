// --probe: values that share one buffer, each as it is when its kernel ends.
// RUN: rm -rf %t && mkdir %t && weft-opt --pe-to-weft %s -o %t/p.weft
// RUN: weft-verify %t/p.weft
// RUN: %python %S/../pe/Inputs/npy.py %t/x.npy 0 1 2 3
// RUN: %python %S/../pe/Inputs/npy.py %t/a.npy 1 2 3 4
// RUN: %python %S/../pe/Inputs/npy.py %t/b.npy 2 4 6 8
// RUN: %python %S/../pe/Inputs/npy.py %t/c.npy 6 12 18 24
// RUN: cd %t && weft-run p.weft --input x=x.npy --probe c=c.npy --probe=a=1=a.npy --probe b=b.npy \
// RUN:   --output-dir=out | FileCheck %s --check-prefix=AGREE
// In the order of execution, whatever that of the command line.
// AGREE: value 'a=1' agrees: max error 0 (allowed 4e-05) at [0]: got 1, want 1
// AGREE-NEXT: value 'b' agrees
// AGREE-NEXT: value 'c' agrees
// AGREE-NEXT: cycles
// What was probed is written in the order of the command line, and can be read.
// RUN: cd %t && weft-run p.weft --input x=x.npy --probe c=out/probe_0.pb --probe a=1=out/probe_1.pb \
// RUN:   --probe b=out/probe_2.pb --quiet
// Without a file a value is written and not compared.
// RUN: cd %t && weft-run p.weft --input x=x.npy --probe b --output-dir=only --quiet
// RUN: cd %t && cmp only/probe_0.pb out/probe_2.pb
// RUN: cd %t && not weft-run p.weft --input x=x.npy --probe b 2>&1 | FileCheck %s --check-prefix=FILELESS
// FILELESS: p.weft: error: option '--probe': 'b' has no file; without one, --output-dir is needed

// The first that diverges is named, with its worst element, though later ones
// are further off; the exit code is 2.
// RUN: %python %S/../pe/Inputs/npy.py %t/wrong_b.npy 2 4 6 8.5
// RUN: %python %S/../pe/Inputs/npy.py %t/wrong_c.npy 60 120 180 240
// RUN: cd %t && %python -c "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]) != 2)" \
// RUN:   weft-run p.weft --input x=x.npy --probe c=wrong_c.npy --probe b=wrong_b.npy \
// RUN:   --probe a=1=a.npy --quiet 2>&1 | FileCheck %s --check-prefix=FIRST
// FIRST: p.weft: error: value 'b' is the first that diverges: max error 0.5 (allowed 8.5e-05) at [3]: got 8, want 8.5; 1 element differs; the worst lies on PE (1, 0)
// FIRST-NEXT: p.weft: note: node 'n1' (Mul, #1) defines it, kernel 'k1' computes it
// FIRST-NEXT: p.weft: note: later ones diverge too: 'c'
// RUN: cd %t && weft-run p.weft --input x=x.npy --probe b=wrong_b.npy --atol=0.5 --quiet

// What cannot be probed, and why.
// RUN: cd %t && not weft-run p.weft --input x=x.npy --probe inner=a.npy 2>&1 | FileCheck %s --check-prefix=INNER
// INNER: p.weft: error: option '--probe': value 'inner' of node '' (Neg, #2) is computed within kernel 'k2', and no buffer holds it; 'b' before it can be probed, and 'c' after it
// RUN: cd %t && not weft-run p.weft --input x=x.npy --probe folded=a.npy 2>&1 | FileCheck %s --check-prefix=FOLDED
// FOLDED: value 'folded' of node 'n4' (Shape, #4) is computed by the compiler and is no value on the wafer
// RUN: cd %t && not weft-run p.weft --input x=x.npy --probe dead=a.npy 2>&1 | FileCheck %s --check-prefix=DEAD
// DEAD: value 'dead' of node 'n5' (Abs, #5) is not computed, since no output depends on it
// RUN: cd %t && not weft-run p.weft --input x=x.npy --probe same=a.npy 2>&1 | FileCheck %s --check-prefix=SAME
// SAME: value 'same' of node 'n6' (Identity, #6) is held by no buffer of its own
// RUN: cd %t && not weft-run p.weft --input x=x.npy --probe x=a.npy 2>&1 | FileCheck %s --check-prefix=INPUT
// INPUT: option '--probe': 'x' is a graph input, which --input gives
// RUN: cd %t && not weft-run p.weft --input x=x.npy --probe a=2=a.npy 2>&1 | FileCheck %s --check-prefix=NAME
// NAME: option '--probe': 'a' is no value of the graph; the nearest is 'b'
// RUN: cd %t && not weft-run p.weft --input x=x.npy --probe zz 2>&1 | FileCheck %s --check-prefix=FORM
// FORM: option '--probe': 'zz' is not NAME=FILE
// RUN: cd %t && not weft-run p.weft --input x=x.npy --probe b=b.npy --probe b=b.npy 2>&1 | FileCheck %s --check-prefix=TWICE
// TWICE: option '--probe': 'b' is given twice
// RUN: cd %t && not weft-run p.weft --input x=x.npy --probe b= 2>&1 | FileCheck %s --check-prefix=EMPTY
// EMPTY: option '--probe': 'b' has no file
// RUN: cd %t && not weft-run p.weft --input x=x.npy --probe b=none.npy 2>&1 | FileCheck %s --check-prefix=NOFILE
// NOFILE: p.weft: error: 'b': cannot read 'none.npy': No such file or directory
// RUN: %python %S/../pe/Inputs/npy.py %t/three.npy 1 2 3
// RUN: cd %t && not weft-run p.weft --input x=x.npy --probe b=three.npy 2>&1 | FileCheck %s --check-prefix=SHAPE
// SHAPE: p.weft: error: 'b': three.npy holds float32 [3], the program has float32 [4]
// A kernel that no call is listed for never ends.
// RUN: cd %t && not weft-run p.weft --input x=x.npy --probe late=c.npy 2>&1 | FileCheck %s --check-prefix=NEVER
// NEVER: internal: value 'late': PE (0, 0) makes no call for kernel 'k3'

// RUN: weft-objdump --values %t/p.weft | FileCheck %s --check-prefix=VALUES
// VALUES: values:
// VALUES-NEXT: 'a=1' f32[4] of node 'n0' (Add, #0) after kernel 'k0', f32 at 0x1050 on (0, 0) 2x1: [4 by 2 along x stride 1]
// VALUES-NEXT: 'b' f32[4] of node 'n1' (Mul, #1) after kernel 'k1'
// VALUES-NEXT: 'c' f32[4] of node 'n3' (Mul, #3) after kernel 'k2'
// VALUES-NEXT: 'late' f32[4] after kernel 'k3'

#x = #pe.dim<x, extent 4, tile 2, stride 1>
#both = #pe.pattern<(0, 0), 2 x 1>
pe.program @p grid [2, 1] target "wse2" {
  pe.stage "s0" on #pe.pattern<(0, 0), 2 x 1>
  pe.node 0 "n0" "Add" fate executed outputs ["a=1"]
  pe.node 1 "n1" "Mul" fate executed outputs ["b", ""]
  pe.node 2 "" "Neg" fate merged outputs ["inner"]
  pe.node 3 "n3" "Mul" fate merged outputs ["c"]
  pe.node 4 "n4" "Shape" fate folded outputs ["folded"]
  pe.node 5 "n5" "Abs" fate dead outputs ["dead"]
  pe.node 6 "n6" "Identity" fate merged outputs ["same"]
  pe.node 7 "n7" "Add" fate executed
  pe.kernel @k0 algorithm "add" on #pe.pattern<(0, 0), 2 x 1> nodes [0] stage 0
  pe.kernel @k1 algorithm "mul" on #pe.pattern<(0, 0), 2 x 1> nodes [1] stage 0
  pe.kernel @k2 algorithm "mul" on #pe.pattern<(0, 0), 2 x 1> nodes [2, 3] stage 0
  pe.kernel @k3 algorithm "none" on #pe.pattern<(0, 0), 2 x 1> nodes [7] stage 0
  // Written in the order of kernels, wherever they stand.
  pe.value "late" : tensor<4xf32> after @k3 at 4176 on #pe.pattern<(0, 0), 2 x 1> storage f32 map [#x]
  pe.value "c" : tensor<4xf32> after @k2 at 4176 on #pe.pattern<(0, 0), 2 x 1> storage f32 map [#x]
  pe.value "a=1" : tensor<4xf32> after @k0 at 4176 on #pe.pattern<(0, 0), 2 x 1> storage f32 map [#x]
  pe.value "b" : tensor<4xf32> after @k1 at 4176 on #pe.pattern<(0, 0), 2 x 1> storage f32 map [#x]
  pe.input "x" : tensor<4xf32> at 4176 on #pe.pattern<(0, 0), 2 x 1> storage f32 map [#x]
  pe.output "y" : tensor<4xf32> at 4176 on #pe.pattern<(0, 0), 2 x 1> storage f32 map [#x]
  pe.class @main at [#pe.pattern<(0, 0), 2 x 1>] code_at 8192 params_at 5120 {
    %x = pe.buffer "x" at 4176 : memref<2xf32>
    pe.sub @add(%v: memref<2xf32>, %by: f32) {
      pe.vec vfadd %v, %v, %by : memref<2xf32>, memref<2xf32>, f32
      pe.return
    }
    pe.sub @mul(%v: memref<2xf32>, %by: f32) {
      pe.vec vfmul %v, %v, %by : memref<2xf32>, memref<2xf32>, f32
      pe.return
    }
    pe.task @start id 0 start {
      %one = arith.constant 1.0 : f32
      %two = arith.constant 2.0 : f32
      %three = arith.constant 3.0 : f32
      pe.call @add(%x, %one) kernel @k0 : memref<2xf32>, f32
      pe.call @mul(%x, %two) kernel @k1 : memref<2xf32>, f32
      pe.call @mul(%x, %three) kernel @k2 : memref<2xf32>, f32
      pe.halt
    }
  }
}
