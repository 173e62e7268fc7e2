nn.program @main(%x: tensor<1x2xf32> {nn.name = "x"}) -> (tensor<1x2xf32> {nn.name = "y"}) {
  %g = nn.constant dense<1.5> : tensor<2xf32>
  %y = nn.rms_norm %x, %g epsilon = 1.0e-5 : (tensor<1x2xf32>, tensor<2xf32>) -> tensor<1x2xf32>
  nn.return %y : tensor<1x2xf32>
}
