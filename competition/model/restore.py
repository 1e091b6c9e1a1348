"""A network as a run left it, rebuilt from recipe.json alone."""

import keras

from competition.model.devices import make_strategy
from competition.model.network import build_network
from competition.model.weights import load_whole
from competition.run import Run


def restore(run: Run) -> keras.Model:
    """Build the network of a run and load its weights. Raises InvalidInput where they do not fit together."""
    recipe, made = run.read_recipe(), run.read_made()
    with make_strategy().scope():
        network = build_network(recipe, made["precision"])
        load_whole(run.weights, "the network of this run", lambda: network.load_weights(str(run.weights)))
    return network
