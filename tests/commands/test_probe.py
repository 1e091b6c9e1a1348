"""`competition probe`: what each network is worth on one's own images, and which to take."""

from types import SimpleNamespace

import pytest
from predicted import at_random
from small_data import write_data

from competition.commands.probe import choose, probe


def probed(name: str, skill: float, seed: int = 0) -> SimpleNamespace:
    return SimpleNamespace(backbone=name, predictions=at_random(seed, skill, count=400))


def test_a_slower_network_is_taken_only_where_it_is_better_by_more_than_noise():
    fast, alike, better, alike_again = (
        probed(name, skill, seed)
        for seed, (name, skill) in enumerate([("fast", 2.0), ("alike", 2.0), ("better", 4.0), ("slowest", 4.0)])
    )
    taken, why = choose([fast, alike])
    assert taken is fast
    assert why == "the fastest; no slower one is better by more than noise"
    taken, why = choose([fast, alike, better])
    assert taken is better
    assert why.startswith("accuracy +0.")
    assert why.endswith("against fast, which is faster")
    taken, why = choose([fast, better, alike_again])
    assert taken is better
    assert "against fast, which is faster; no slower one" in why
    taken, why = choose([fast])
    assert (taken, why) == (fast, "the fastest")


@pytest.mark.slow
def test_the_networks_with_weights_are_compared_on_the_images_of_a_folder(tmp_path, capsys):
    data = write_data(tmp_path / "data", images=60)
    taken = probe(data=data, backbones=("efficientnet_lite0",), cache=tmp_path)
    printed = capsys.readouterr().out
    row = next(line for line in printed.splitlines() if line.startswith("efficientnet_lite0  "))
    pixels, accuracy = row.split()[1:3]
    assert taken == "efficientnet_lite0"
    assert pixels == "224"
    assert float(accuracy) >= 0.8  # plain colours
    assert float(row.split()[-2].replace(",", "")) == 3_350_000 + 1_280 * 5 + 5  # counted by its published layers
    assert "take efficientnet_lite0: the fastest\n  --backbone efficientnet_lite0 --image-size 224" in printed
    assert not list(tmp_path.glob("**/recipe.json"))  # it is no run


def test_labels_that_cannot_be_read_are_refused_before_any_network_is_built(tmp_path):
    with pytest.raises(ValueError, match="holds no labels"):
        probe(data=tmp_path, cache=tmp_path)
