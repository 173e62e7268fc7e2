nn.program @main(%i: tensor<2xi64> {nn.name = "ids"}) -> (tensor<2x2xf32> {nn.name = "y"}) {
  %w = nn.constant dense<[[1.0, 2.0], [5.0, 6.0], [9.0, 10.0]]> : tensor<3x2xf32>
  %y = nn.gather %w, %i axis = 0 : (tensor<3x2xf32>, tensor<2xi64>) -> tensor<2x2xf32>
  nn.return %y : tensor<2x2xf32>
}
