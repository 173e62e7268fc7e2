# weft/random_graphs/__main__.py - Printing or writing one random graph
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
#   python -m weft.random_graphs SEED -o DIR [--recipe NAME] [--text]

import argparse

import onnx

from .. import onnxio
from . import RECIPES, graph


def main(argv=None):
    p = argparse.ArgumentParser(prog="weft.random_graphs")
    p.add_argument("seed", type=int)
    p.add_argument("--recipe", choices=sorted(RECIPES))
    p.add_argument("--scale", type=int, default=1, help="longer sequences, more features")
    p.add_argument("--text", action="store_true", help="print the graph")
    p.add_argument("-o", "--output", metavar="DIR")
    args = p.parse_args(argv)
    g, recipe = graph(args.seed, args.recipe, args.scale)
    model = g.model()
    print(f"seed {args.seed}: {recipe}")
    if args.text:
        print(onnx.helper.printable_graph(model.graph))
    if args.output:
        outputs = (onnxio.run_reference(model, g.samples)
                   if onnxio.have_runtime() else None)
        onnxio.write_case(args.output, g, outputs)


if __name__ == "__main__":
    main()
