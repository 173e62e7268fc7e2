wafer.program @main inputs ["x"] outputs ["y"] grid [2, 1] target #wafer.target<"TARGET"> {
^bb0(%x: tensor<1x2xf32>):
  %h = wafer.stage @a at [0, 0] size [1, 1] (%x)
      : (tensor<1x2xf32>) -> tensor<1x2xf32, #wafer.layout<[1, 1], [*, y]>> {
  ^bb0(%arg: tensor<1x2xf32>):
    %in = wafer.place %arg : tensor<1x2xf32> to tensor<1x2xf32, #wafer.layout<[1, 1], [*, y]>>
    %out = wafer.kernel "elementwise" of "nn.relu" (%in) {}
        : (tensor<1x2xf32, #wafer.layout<[1, 1], [*, y]>>) -> tensor<1x2xf32, #wafer.layout<[1, 1], [*, y]>>
    wafer.yield %out : tensor<1x2xf32, #wafer.layout<[1, 1], [*, y]>>
  }
  %s = wafer.stream %h : tensor<1x2xf32, #wafer.layout<[1, 1], [*, y]>>
      to tensor<1x2xf32, #wafer.layout<[1, 1], [*, y]>>
  %y = wafer.stage @b at [1, 0] size [1, 1] (%s)
      : (tensor<1x2xf32, #wafer.layout<[1, 1], [*, y]>>) -> tensor<1x2xf32, #wafer.layout<[1, 1], [*, y]>> {
  ^bb0(%in: tensor<1x2xf32, #wafer.layout<[1, 1], [*, y]>>):
    %act = wafer.kernel "elementwise" of "nn.relu" (%in) {}
        : (tensor<1x2xf32, #wafer.layout<[1, 1], [*, y]>>) -> tensor<1x2xf32, #wafer.layout<[1, 1], [*, y]>>
    wafer.yield %act : tensor<1x2xf32, #wafer.layout<[1, 1], [*, y]>>
  }
  wafer.return %y : tensor<1x2xf32, #wafer.layout<[1, 1], [*, y]>>
}
