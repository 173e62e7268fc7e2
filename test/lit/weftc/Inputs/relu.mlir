nn.program @main(%x: tensor<4x6xf32> {nn.name = "x"}) -> (tensor<4x6xf32> {nn.name = "y"}) {
  %w = nn.constant dense<1.0> : tensor<6x6xf32>
  %h = nn.linear %x, %w : (tensor<4x6xf32>, tensor<6x6xf32>) -> tensor<4x6xf32>
  %y = nn.relu %h : (tensor<4x6xf32>) -> tensor<4x6xf32>
  nn.return %y : tensor<4x6xf32>
}
