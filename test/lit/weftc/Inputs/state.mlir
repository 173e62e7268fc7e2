// States that are written in place, copied at the end, and that trade places.
nn.program @main(%count: tensor<4xi32> {nn.name = "count"},
                 %sum: tensor<2x6xf32> {nn.name = "sum"},
                 %a: tensor<2x6xf32> {nn.name = "a"},
                 %b: tensor<2x6xf32> {nn.name = "b"},
                 %x: tensor<2x6xf32> {nn.name = "x"},
                 %cache: tensor<5x6xf32> {nn.name = "cache"},
                 %at: tensor<2xi64> {nn.name = "at"})
    -> (tensor<4xi32> {nn.name = "count_next"},
        tensor<2x6xf32> {nn.name = "sum_next"},
        tensor<2x6xf32> {nn.name = "a_next"},
        tensor<2x6xf32> {nn.name = "b_next"},
        tensor<5x6xf32> {nn.name = "cache_next"},
        tensor<2x6xf32> {nn.name = "y"},
        tensor<2x6xf32> {nn.name = "shown"})
    attributes {state = [#nn.state<0 to 0>, #nn.state<1 to 1>, #nn.state<2 to 2>,
                         #nn.state<3 to 3>, #nn.state<4 to 5>]} {
  %two = nn.constant dense<2> : tensor<4xi32>
  // In place: nothing reads the old value afterwards.
  %0 = nn.add %count, %two : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  // Copied at the end: y reads the old sum after the new one is known.
  %1 = nn.add %sum, %x : (tensor<2x6xf32>, tensor<2x6xf32>) -> tensor<2x6xf32>
  %y = nn.mul %sum, %1 : (tensor<2x6xf32>, tensor<2x6xf32>) -> tensor<2x6xf32>
  // a and b trade places; a reshape of equal rows has no code of its own.
  %2 = nn.reshape %b : (tensor<2x6xf32>) -> tensor<2x6xf32>
  %3 = nn.reshape %a : (tensor<2x6xf32>) -> tensor<2x6xf32>
  // The old a is an output as well.
  %4 = nn.reshape %a : (tensor<2x6xf32>) -> tensor<2x6xf32>
  %5 = nn.cache_update %cache, %x at %at axis = 0 wrap
      : (tensor<5x6xf32>, tensor<2x6xf32>, tensor<2xi64>) -> tensor<5x6xf32>
  nn.return %0, %1, %2, %3, %5, %y, %4
      : tensor<4xi32>, tensor<2x6xf32>, tensor<2x6xf32>, tensor<2x6xf32>, tensor<5x6xf32>,
        tensor<2x6xf32>, tensor<2x6xf32>
}
