// A cache of fixed capacity, one that grows, and outputs that are no states.
nn.program @main(%past: tensor<1x2x4x3xf32> {nn.name = "past"},
                 %row: tensor<1x2x1x3xf32> {nn.name = "row"},
                 %at: tensor<1xi64> {nn.name = "at"},
                 %odd: tensor<1x2x1x3xf32> {nn.name = "odd=0"})
    -> (tensor<1x2x4x3xf32> {nn.name = "present"}, tensor<1x2x1x3xf32> {nn.name = "y"},
        tensor<1x2x1x3xf32> {nn.name = "kept"}, tensor<1x2x1x3xf32> {nn.name = "fixed"},
        tensor<1x2x5x3xf32> {nn.name = "longer"}, tensor<1x2x1x3xf32> {nn.name = "other=1"}) {
  %0 = nn.cache_update %past, %row at %at axis = 2
      : (tensor<1x2x4x3xf32>, tensor<1x2x1x3xf32>, tensor<1xi64>) -> tensor<1x2x4x3xf32>
  %1 = nn.relu %row : (tensor<1x2x1x3xf32>) -> tensor<1x2x1x3xf32>
  %2 = nn.constant dense<1.0> : tensor<1x2x1x3xf32>
  %3 = nn.concat %past, %row axis = 2
      : (tensor<1x2x4x3xf32>, tensor<1x2x1x3xf32>) -> tensor<1x2x5x3xf32>
  %4 = nn.neg %odd : (tensor<1x2x1x3xf32>) -> tensor<1x2x1x3xf32>
  nn.return %0, %1, %row, %2, %3, %4
      : tensor<1x2x4x3xf32>, tensor<1x2x1x3xf32>, tensor<1x2x1x3xf32>, tensor<1x2x1x3xf32>,
        tensor<1x2x5x3xf32>, tensor<1x2x1x3xf32>
}
