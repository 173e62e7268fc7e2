// RUN: weft-opt %s --split-input-file --verify-diagnostics --weft-partition=grid=3x5
// RUN: not weft-opt %s --split-input-file --weft-partition=target=wse9 2>&1 | FileCheck %s --check-prefix=TARGET
// RUN: not weft-opt %s --split-input-file --weft-partition=grid=3 2>&1 | FileCheck %s --check-prefix=GRID
// RUN: not weft-opt %s --split-input-file --weft-partition=grid=3x9999 2>&1 | FileCheck %s --check-prefix=LARGE
// RUN: not weft-opt %s --split-input-file --weft-partition=set=router.hopp=2 2>&1 | FileCheck %s --check-prefix=SET

// TARGET: error: {{.*}}wse9
// GRID: error: found grid '3', allowed is WIDTHxHEIGHT with both at least 1
// LARGE: error: --grid 3x9999: target 'wse2' has 750x994 PEs
// SET: error: --set: unknown key 'router.hopp'; the nearest known key is 'router.hop'

nn.program @main(%x: tensor<4xbf16> {nn.name = "x"}) -> (tensor<4xbf16> {nn.name = "y"}) {
  // expected-error@+1 {{cannot be mapped: found element type 'bf16', wse2 computes with f32, f16, integers and bool; --dtype=f32 or --dtype=f16 converts floats}}
  %y = nn.relu %x : (tensor<4xbf16>) -> tensor<4xbf16>
  nn.return %y : tensor<4xbf16>
}

// -----

nn.program @main(%x: tensor<4x4xf32> {nn.name = "x"}, %w: tensor<4x4xf32> {nn.name = "w"}) -> (tensor<4x4xf32> {nn.name = "y"}) {
  // expected-error@+1 {{cannot be mapped: gemm keeps its weight resident, so weight and bias must be constants}}
  %y = nn.linear %x, %w : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  nn.return %y : tensor<4x4xf32>
}

// -----

// expected-error@+1 {{has output #0 as a state, which it does not compute}}
nn.program @main(%x: tensor<4xf32> {nn.name = "x"}) -> (tensor<4xf32> {nn.name = "y"}) attributes {state = [#nn.state<0 to 0>]} {
  nn.return %x : tensor<4xf32>
}

// -----

nn.program @main(%x: tensor<0x3xf32> {nn.name = "x"}) -> (tensor<0x3xf32> {nn.name = "y"}) {
  // expected-error@+1 {{cannot be mapped: a tensor without elements, 'tensor<0x3xf32>'}}
  %y = nn.relu %x : (tensor<0x3xf32>) -> tensor<0x3xf32>
  nn.return %y : tensor<0x3xf32>
}
