"""A network as a run left it, rebuilt from recipe.json alone."""

import keras

from competition.errors import InvalidInput
from competition.model.network import build_network
from competition.run import Run
from competition.training.devices import make_strategy


def restore(run: Run) -> keras.Model:
    """Build the network of a run and load its weights. Raises InvalidInput where they do not fit together."""
    recipe, made = run.read_recipe(), run.read_made()
    with make_strategy().scope():
        network = build_network(recipe, made["precision"])
        try:
            network.load_weights(str(run.weights))
        except (OSError, ValueError) as error:
            raise InvalidInput(f"{run.weights} does not hold the weights of this run's network: {error}") from None
    return network
