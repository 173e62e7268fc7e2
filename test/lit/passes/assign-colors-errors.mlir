// RUN: weft-opt %s --split-input-file --verify-diagnostics --weft-assign-colors

// Two that meet, one colour.

// expected-error@+1 {{runs out of colours (R-FAB-1)}}
fabric.program @main grid [4, 2] target #wafer.target<"wse2"> {
  fabric.region @a at [0, 0] size [2, 2] {}
  fabric.region @b at [2, 0] size [2, 2] {}
  fabric.channel @s1 kind "stream" axis x region @a peer @b color 6
  fabric.channel @m kind "multicast" axis x region @b color 6
}

// -----

// expected-error@+1 {{cannot be coloured}}
fabric.program @main grid [4, 2] target #wafer.target<"wse2"> {
  fabric.region @a at [0, 0] size [2, 2] {}
  fabric.channel @m kind "multicast" axis x region @a color 23
}

// -----

// expected-error@+1 {{wse9}}
fabric.program @main grid [4, 2] target #wafer.target<"wse9"> {}
