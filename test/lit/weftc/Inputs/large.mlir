nn.program @main(%x: tensor<4x400xf32> {nn.name = "x"}) -> (tensor<4x400xf32> {nn.name = "y"}) {
  %w = nn.constant dense<1.0> : tensor<400x400xf32>
  %y = nn.linear %x, %w : (tensor<4x400xf32>, tensor<400x400xf32>) -> tensor<4x400xf32>
  nn.return %y : tensor<4x400xf32>
}
