// RUN: weft-opt %s --split-input-file --verify-diagnostics=only-expected

// expected-error@+1 {{refers to 8 bytes, but 'tensor<4xf32>' has 16}}
nn.weight @w : tensor<4xf32> = #nn.data<"f", 0, 8, "00">

// -----

// expected-note@+1 {{weight declared here}}
nn.weight @w : tensor<4xf32> = #nn.data<"f", 0, 16, "00">
nn.program @main() {
  // expected-error@+1 {{has type 'tensor<8xf32>', but weight 'w' is 'tensor<4xf32>'}}
  %w = nn.load @w : tensor<8xf32>
  nn.return
}

// -----

nn.program @main() {
  // expected-error@+1 {{refers to 'w', which is no nn.weight of the module}}
  %w = nn.load @w : tensor<8xf32>
  nn.return
}

// -----

// expected-error@+1 {{has input #0 of type 'tensor<?xf32>', expected a ranked tensor of static shape}}
nn.program @main(%x: tensor<?xf32>) {
  nn.return
}

// -----

nn.program @main(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  // expected-error@+1 {{has 1 operands, but 'main' has 2 outputs}}
  nn.return %x : tensor<4xf32>
}

// -----

nn.program @main(%x: tensor<4xf32>) -> tensor<5xf32> {
  // expected-error@+1 {{has operand #0 of type 'tensor<4xf32>', but output #0 of 'main' is 'tensor<5xf32>'}}
  nn.return %x : tensor<4xf32>
}

// -----

nn.program @main(%x: tensor<8x64xf32>, %w: tensor<32x16xf32>) {
  // expected-error@+1 {{has weight with 32 rows, expected the last extent of x, 64}}
  %0 = nn.linear %x, %w : (tensor<8x64xf32>, tensor<32x16xf32>) -> tensor<8x16xf32>
  nn.return
}

// -----

nn.program @main(%x: tensor<8x64xf32>, %w: tensor<64x16xf16>) {
  // expected-error@+1 {{has weight of element type 'f16', expected that of x, 'f32'}}
  %0 = nn.linear %x, %w : (tensor<8x64xf32>, tensor<64x16xf16>) -> tensor<8x16xf32>
  nn.return
}

// -----

nn.program @main(%x: tensor<8x64xf32>, %w: tensor<64x16xf32>, %b: tensor<8xf32>) {
  // expected-error@+1 {{has bias of type 'tensor<8xf32>', expected 'tensor<16xf32>'}}
  %0 = nn.linear %x, %w bias %b : (tensor<8x64xf32>, tensor<64x16xf32>, tensor<8xf32>) -> tensor<8x16xf32>
  nn.return
}

// -----

nn.program @main(%x: tensor<8x64xf32>, %w: tensor<32x16xf32>) {
  // expected-error@+1 {{64 columns against 32 rows}}
  %0 = nn.matmul %x, %w : (tensor<8x64xf32>, tensor<32x16xf32>) -> tensor<8x16xf32>
  nn.return
}

// -----

nn.program @main(%x: tensor<1x8x64xf32>) {
  // expected-error@+1 {{has 4 heads over 3 key/value heads, expected a positive multiple}}
  %0 = nn.attention %x, %x, %x heads = 4 kv_heads = 3 scale = 1.0 causal = false
      : (tensor<1x8x64xf32>, tensor<1x8x64xf32>, tensor<1x8x64xf32>) -> tensor<1x8x64xf32>
  nn.return
}

// -----

nn.program @main(%x: tensor<1x8x64xf32>, %k: tensor<1x8x64xf32>) {
  // expected-error@+1 {{has k with 64 columns, expected 32}}
  %0 = nn.attention %x, %k, %k heads = 4 kv_heads = 2 scale = 1.0 causal = false
      : (tensor<1x8x64xf32>, tensor<1x8x64xf32>, tensor<1x8x64xf32>) -> tensor<1x8x128xf32>
  nn.return
}

// -----

nn.program @main(%x: tensor<1x8x64xf32>, %k: tensor<1x6x64xf32>) {
  // expected-error@+1 {{is causal with 8 queries over 6 keys, expected at most as many queries as keys}}
  %0 = nn.attention %x, %k, %k heads = 4 kv_heads = 4 scale = 1.0 causal = true
      : (tensor<1x8x64xf32>, tensor<1x6x64xf32>, tensor<1x6x64xf32>) -> tensor<1x8x64xf32>
  nn.return
}

// -----

nn.program @main(%q: tensor<1x1x8589934592xf32>, %k: tensor<1x1x1xf32>) {
  // expected-error@+1 {{has 8589934592 heads of 8589934592 columns, which are too many}}
  %0 = nn.attention %q, %k, %q heads = 8589934592 kv_heads = 1 scale = 1.0 causal = false
      : (tensor<1x1x8589934592xf32>, tensor<1x1x1xf32>, tensor<1x1x8589934592xf32>) -> tensor<1x1x1xf32>
  nn.return
}

// -----

nn.program @main(%x: tensor<1x8x64xf32>, %m: tensor<1x1x8x7xf32>) {
  // expected-error@+1 {{expected one of rank 4 that broadcasts to [1, 4, 8, 8]}}
  %0 = nn.attention %x, %x, %x mask %m heads = 4 kv_heads = 4 scale = 1.0 causal = false
      : (tensor<1x8x64xf32>, tensor<1x8x64xf32>, tensor<1x8x64xf32>, tensor<1x1x8x7xf32>) -> tensor<1x8x64xf32>
  nn.return
}

// -----

nn.program @main(%x: tensor<8x64xf32>, %g: tensor<8xf32>) {
  // expected-error@+1 {{has scale of type 'tensor<8xf32>', expected 'tensor<64xf32>'}}
  %0 = nn.layer_norm %x, %g epsilon = 0.0 : (tensor<8x64xf32>, tensor<8xf32>) -> tensor<8x64xf32>
  nn.return
}

// -----

nn.program @main(%x: tensor<8x64xf32>) {
  // expected-error@+1 {{has axis 2, expected one in [0, 2)}}
  %0 = nn.softmax %x axis = 2 : (tensor<8x64xf32>) -> tensor<8x64xf32>
  nn.return
}

// -----

nn.program @main(%x: tensor<8x64xf32>) {
  // expected-error@+1 {{has approximate "fast", expected "none" or "tanh"}}
  %0 = nn.gelu %x approximate = "fast" : (tensor<8x64xf32>) -> tensor<8x64xf32>
  nn.return
}

// -----

nn.program @main(%x: tensor<8x64xf32>, %y: tensor<8xf32>) {
  // expected-error@+1 {{has operands 'tensor<8x64xf32>' and 'tensor<8xf32>' whose shapes do not broadcast}}
  %0 = nn.add %x, %y : (tensor<8x64xf32>, tensor<8xf32>) -> tensor<8x64xf32>
  nn.return
}

// -----

nn.program @main(%x: tensor<8xf32>, %y: tensor<8xf16>) {
  // expected-error@+1 {{has rhs of element type 'f16', expected that of lhs, 'f32'}}
  %0 = nn.add %x, %y : (tensor<8xf32>, tensor<8xf16>) -> tensor<8xf32>
  nn.return
}

// -----

nn.program @main(%x: tensor<8xf32>) {
  // expected-error@+1 {{changes the number of elements from 8 to 9}}
  %0 = nn.reshape %x : (tensor<8xf32>) -> tensor<3x3xf32>
  nn.return
}

// -----

nn.program @main(%x: tensor<8x2xf32>) {
  // expected-error@+1 {{has perm [0, 0], expected a permutation of 2 axes}}
  %0 = nn.transpose %x perm = [0, 0] : (tensor<8x2xf32>) -> tensor<8x8xf32>
  nn.return
}

// -----

nn.program @main(%x: tensor<8xf32>) {
  // expected-error@+1 {{takes 5 elements from 4 by 1 of dimension 0, which has 8}}
  %0 = nn.slice %x starts = [4] sizes = [5] steps = [1] : (tensor<8xf32>) -> tensor<5xf32>
  nn.return
}

// -----

nn.program @main(%x: tensor<8x4xf32>, %y: tensor<7x4xf32>) {
  // expected-error@+1 {{has operand #1 of type 'tensor<7x4xf32>', which differs from 'tensor<8x4xf32>' beyond axis 1}}
  %0 = nn.concat %x, %y axis = 1 : (tensor<8x4xf32>, tensor<7x4xf32>) -> tensor<8x8xf32>
  nn.return
}

// -----

nn.program @main(%x: tensor<8xf32>) {
  // expected-error@+1 {{cannot broadcast 'tensor<8xf32>' to 'tensor<9xf32>'}}
  %0 = nn.expand %x : (tensor<8xf32>) -> tensor<9xf32>
  nn.return
}

// -----

nn.program @main(%x: tensor<8x4xf32>) {
  // expected-error@+1 {{has axes [1, 0], expected ascending ones in [0, 2)}}
  %0 = nn.reduce_sum %x axes = [1, 0] keepdims = false : (tensor<8x4xf32>) -> tensor<f32>
  nn.return
}

// -----

nn.program @main(%c: tensor<1x16x32xf32>, %r: tensor<1x2x31xf32>, %p: tensor<2xi64>) {
  // expected-error@+1 {{has an update of type 'tensor<1x2x31xf32>', expected that of the cache but for axis 1, 'tensor<1x16x32xf32>'}}
  %0 = nn.cache_update %c, %r at %p axis = 1 : (tensor<1x16x32xf32>, tensor<1x2x31xf32>, tensor<2xi64>) -> tensor<1x16x32xf32>
  nn.return
}

// -----

nn.program @main(%c: tensor<1x16x32xf32>, %r: tensor<1x2x32xf32>, %p: tensor<1xi64>) {
  // expected-error@+1 {{has positions of type 'tensor<1xi64>', expected a vector of 2 or one for each batch}}
  %0 = nn.cache_update %c, %r at %p axis = 1 : (tensor<1x16x32xf32>, tensor<1x2x32xf32>, tensor<1xi64>) -> tensor<1x16x32xf32>
  nn.return
}

// -----

nn.program @main(%c: tensor<1x16x32xf32>, %r: tensor<1x2x32xi32>, %p: tensor<2xi64>) {
  // expected-error@+1 {{has an update of element type 'i32', expected that of the cache, 'f32'}}
  %0 = nn.cache_update %c, %r at %p axis = 1 : (tensor<1x16x32xf32>, tensor<1x2x32xi32>, tensor<2xi64>) -> tensor<1x16x32xf32>
  nn.return
}

// -----

nn.program @main(%c: tensor<1x16x32xf32>, %r: tensor<1x2x32xf32>, %p: tensor<2xi64>) {
  // expected-error@+1 {{has axis 3, expected}}
  %0 = nn.cache_update %c, %r at %p axis = 3 : (tensor<1x16x32xf32>, tensor<1x2x32xf32>, tensor<2xi64>) -> tensor<1x16x32xf32>
  nn.return
}

// -----

nn.program @main(%c: tensor<2x16xf32>, %r: tensor<2x16xf32>, %p: tensor<2x2xi64>) {
  // expected-error@+1 {{has positions of type 'tensor<2x2xi64>', expected a vector of 2}}
  %0 = nn.cache_update %c, %r at %p axis = 0 : (tensor<2x16xf32>, tensor<2x16xf32>, tensor<2x2xi64>) -> tensor<2x16xf32>
  nn.return
}

// -----

nn.program @main(%c: tensor<2x16xf32>, %r: tensor<1x16xf32>, %p: tensor<1xi64>) {
  // expected-error@+1 {{has reduction 'sub', expected add, mul, max or min}}
  %0 = nn.cache_update %c, %r at %p axis = 0 reduction = "sub" : (tensor<2x16xf32>, tensor<1x16xf32>, tensor<1xi64>) -> tensor<2x16xf32>
  nn.return
}

// -----

nn.program @main(%x: tensor<2x16xf32>) {
  // expected-error@+1 {{takes 17 elements of dimension 1, which has 16}}
  %0 = nn.top_k %x k = 17 axis = 1 largest = true : (tensor<2x16xf32>) -> tensor<2x17xi32>
  nn.return
}

// -----

nn.program @main(%x: tensor<2x16xf32>) {
  // expected-error@+1 {{has axis 2, expected one in [0, 2)}}
  %0 = nn.top_k %x k = 1 axis = 2 largest = true : (tensor<2x16xf32>) -> tensor<2x16xi32>
  nn.return
}

// -----

nn.program @main(%x: tensor<2x16xf32>) {
  // expected-error@+1 {{has axis 2, expected one in [0, 2)}}
  %0 = nn.cum_sum %x axis = 2 exclusive = false reverse = false : (tensor<2x16xf32>) -> tensor<2x16xf32>
  nn.return
}

// -----

// expected-error@+1 {{has state #nn.state<0 to 1>, the program has 1 inputs and 1 outputs}}
nn.program @main(%c: tensor<4xf32>) -> tensor<4xf32> attributes {state = [#nn.state<0 to 1>]} {
  nn.return %c : tensor<4xf32>
}

// -----

// expected-error@+1 {{has state #nn.state<1 to 0>, whose input or output is part of another state}}
nn.program @main(%c: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) attributes {state = [#nn.state<0 to 0>, #nn.state<1 to 0>]} {
  nn.return %c, %c : tensor<4xf32>, tensor<4xf32>
}

// -----

// expected-error@+1 {{has state #nn.state<0 to 0> from 'tensor<5xf32>' to 'tensor<4xf32>', expected equal shapes}}
nn.program @main(%c: tensor<4xf32>, %d: tensor<5xf32>) -> (tensor<5xf32>) attributes {state = [#nn.state<0 to 0>]} {
  nn.return %d : tensor<5xf32>
}

// -----

// expected-error@+1 {{has a state with perm [0, 0], expected a permutation of 2 axes}}
nn.program @main(%c: tensor<4xf32>) -> (tensor<4xf32>) attributes {state = [#nn.state<0 to 0 host tensor<2x2xf32> perm 0, 0>]} {
  nn.return %c : tensor<4xf32>
}

// -----

// expected-error@+1 {{has a state that is 'tensor<2x3xf32>' to the host and 'tensor<4xf32>' here}}
nn.program @main(%c: tensor<4xf32>) -> (tensor<4xf32>) attributes {state = [#nn.state<0 to 0 host tensor<2x3xf32> perm 1, 0>]} {
  nn.return %c : tensor<4xf32>
}

// -----

// expected-error@+1 {{has a state whose host type is 'f32', expected a tensor of static shape}}
nn.program @main(%c: tensor<4xf32>) -> (tensor<4xf32>) attributes {state = [#nn.state<0 to 0 host f32 perm 0>]} {
  nn.return %c : tensor<4xf32>
}

// -----

nn.program @main(%x: tensor<4xf32>) {
  // expected-error@+1 {{takes 'f32' for 'i16', expected types of one width}}
  %0 = nn.bit_cast %x : (tensor<4xf32>) -> tensor<4xi16>
  nn.return
}

// -----

nn.program @main(%x: tensor<4xf32>) {
  // expected-error@+1 {{operand #0 must be statically shaped tensor}}
  %0 = nn.bit_and %x, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  nn.return
}

// -----

nn.program @main(%x: tensor<4xi8>) -> (tensor<1xi8>) {
  // expected-error@+1 {{operand #0 must be statically shaped tensor of 32-bit float or 16-bit float or bfloat16 type or 64-bit signless integer or 32-bit signless integer or 64-bit unsigned integer or 32-bit unsigned integer values, but got 'tensor<4xi8>'}}
  %y = nn.reduce_sum %x axes = [0] keepdims = true : (tensor<4xi8>) -> tensor<1xi8>
  nn.return %y : tensor<1xi8>
}

// -----

nn.program @main(%x: tensor<2x2xui8>) -> (tensor<2x2xui8>) {
  // expected-error@+1 {{operand #0 must be statically shaped tensor of}}
  %y = nn.matmul %x, %x : (tensor<2x2xui8>, tensor<2x2xui8>) -> tensor<2x2xui8>
  nn.return %y : tensor<2x2xui8>
}

// -----

nn.program @main(%x: tensor<4xi16>) -> (tensor<4xi16>) {
  // expected-error@+1 {{operand #0 must be statically shaped tensor of}}
  %y = nn.cum_sum %x axis = 0 exclusive = false reverse = false : (tensor<4xi16>) -> tensor<4xi16>
  nn.return %y : tensor<4xi16>
}

// -----

nn.program @main(%x: tensor<4x8xf32>, %s: tensor<8xf32>, %m: tensor<f32>) {
  // expected-error@+1 {{has minusInverse 'tensor<f32>', expected the divisor's 'tensor<8xf32>'}}
  %0 = nn.div_by %x, %s, %m : (tensor<4x8xf32>, tensor<8xf32>, tensor<f32>) -> tensor<4x8xf32>
  nn.return
}
