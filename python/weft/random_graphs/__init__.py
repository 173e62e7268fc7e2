# weft/random_graphs/__init__.py - Seeded small graphs as transformer authors write them
#
# Part of Weft, under the Apache License v2.0. See LICENSE.
#
# graph(seed) gives one graph of one recipe: linear layers, attention in the
# spellings of exporters, norms, activations, odd data movement, or a whole small
# model. Sizes divide nothing in particular. The same seed gives the same graph
# anywhere; onnx and numpy are all it takes. weft.sweep compiles, runs and
# compares them.

from . import models, movement, ops
from .builder import Builder

RECIPES = {name[len("recipe_"):]: f for module in (models, movement, ops)
           for name, f in sorted(vars(module).items()) if name.startswith("recipe_")}


def graph(seed, recipe=None, scale=1):
    """(Graph, name of its recipe) of a seed. Seeds walk through the recipes."""
    names = sorted(RECIPES)
    recipe = recipe or names[seed % len(names)]
    b = Builder(seed, scale)
    RECIPES[recipe](b)
    return b.g, recipe
