// A gather from an activation: one kernel refuses it, another takes it. Then a
// product that wants another layout than the gather gives.
nn.program @main(%t: tensor<5x4xf32> {nn.name = "t"}, %i: tensor<3xi32> {nn.name = "i"})
    -> (tensor<3x6xf32> {nn.name = "y"}) {
  %w = nn.constant dense<1.0> : tensor<4x6xf32>
  %g = nn.gather %t, %i axis = 0 : (tensor<5x4xf32>, tensor<3xi32>) -> tensor<3x4xf32>
  %y = nn.linear %g, %w : (tensor<3x4xf32>, tensor<4x6xf32>) -> tensor<3x6xf32>
  nn.return %y : tensor<3x6xf32>
}
