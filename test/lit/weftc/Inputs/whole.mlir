nn.program @main(%x: tensor<1x400x400xf32> {nn.name = "x"}) -> (tensor<160000xf32> {nn.name = "y"}) {
  %t = nn.transpose %x perm = [0, 2, 1] : (tensor<1x400x400xf32>) -> tensor<1x400x400xf32>
  %y = nn.reshape %t : (tensor<1x400x400xf32>) -> tensor<160000xf32>
  nn.return %y : tensor<160000xf32>
}
