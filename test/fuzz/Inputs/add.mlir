nn.program @main(%x: tensor<2x2xf32> {nn.name = "x"}, %i: tensor<2xi32> {nn.name = "i"}) -> (tensor<2x2xf32> {nn.name = "y"}, tensor<2xi32> {nn.name = "j"}) {
  %y = nn.add %x, %x : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  nn.return %y, %i : tensor<2x2xf32>, tensor<2xi32>
}
