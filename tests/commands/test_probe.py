"""`competition probe`: what each network is worth on one's own images, and which to take."""

import cv2
import pytest
from helpers import noise, refusal, write
from predicted import at_random
from small_data import write_data

from competition.__main__ import main
from competition.commands.probe import probe
from competition.scoring.probed import Probed, choose, table


def probed(name: str, skill: float, seed: int = 0) -> Probed:
    return Probed(name, 224, at_random(seed, skill, count=400), 50.0, 3_000_000, 90.0)


FAST, ALIKE, BETTER, SLOWEST = (
    probed(name, skill, seed)
    for seed, (name, skill) in enumerate([("fast", 2.0), ("alike", 2.0), ("better", 4.0), ("slowest", 4.0)])
)


def test_a_score_that_is_higher_by_chance_is_not_better():
    worse, better = sorted((FAST, ALIKE), key=lambda one: one.predictions.score().accuracy)
    assert better.predictions.score().accuracy > worse.predictions.score().accuracy
    assert choose([worse, better])[0] is worse


def test_a_slower_network_is_taken_only_where_it_is_better_by_more_than_noise():
    assert choose([FAST]) == (FAST, "the fastest")
    taken, why = choose([FAST, ALIKE])
    assert (taken, why) == (FAST, "the fastest; no slower one is better by more than noise")
    taken, why = choose([FAST, ALIKE, BETTER])
    assert taken is BETTER
    assert why.startswith("accuracy +0.")
    assert why.endswith("against fast, which is faster")
    taken, why = choose([FAST, BETTER, SLOWEST])
    assert taken is BETTER
    assert "against fast, which is faster; no slower one" in why


def test_the_table_has_a_row_a_network_with_its_score_and_its_cost():
    header, first, second = table([FAST, BETTER]).splitlines()
    assert header.split()[:3] == ["backbone", "pixels", "accuracy"]
    assert first.split()[:3] == ["fast", "224", f"{FAST.predictions.score().accuracy:.4f}"]
    assert second.split()[-4:] == ["50.0", "11", "3,000,000", "2"]  # images/s, 4 bytes a parameter, minutes


@pytest.mark.slow
def test_the_networks_with_weights_are_compared_on_the_images_of_a_folder(tmp_path, capsys):
    data = write_data(tmp_path / "data", images=60)
    taken = probe(data=data, backbones=("efficientnet_lite0",), cache=tmp_path)
    printed = capsys.readouterr().out
    row = next(line for line in printed.splitlines() if line.startswith("efficientnet_lite0  "))
    pixels, accuracy = row.split()[1:3]
    assert pixels == "224"
    assert float(accuracy) >= 0.8  # plain colours
    assert int(row.split()[-2].replace(",", "")) == taken.parameters == 3_350_000 + 1_280 * 5 + 5
    assert "take efficientnet_lite0: the fastest\n" in printed
    assert printed.endswith("  --backbone efficientnet_lite0 --image-size 224 --trains heads all\n")
    assert not list(tmp_path.glob("**/recipe.json"))  # it is no run


def test_of_the_tables_of_a_folder_those_that_init_takes_for_the_labels_are_read(tmp_path):
    write(tmp_path / "train.csv", ["image,kind", "a.png,cat", "b.png,dog"])
    write(tmp_path / "sample_submission.csv", ["image,kind", "q.png,cat"])
    for seed, name in enumerate("ab"):
        cv2.imwrite(str(tmp_path / f"{name}.png"), noise(8, 8, seed))
    message = refusal(lambda: probe(data=tmp_path, cache=tmp_path / "cache"))
    assert message.startswith("2 images are too few to hold out a share")  # so they have been read


def test_labels_and_networks_that_cannot_be_compared_are_refused_before_any_is_built(tmp_path, capsys):
    assert "holds no labels" in refusal(lambda: probe(data=tmp_path, cache=tmp_path))
    data = write_data(tmp_path / "data", images=12)
    message = refusal(lambda: probe(data=data, backbones=("efficientnet_lite0", "small"), cache=tmp_path))
    assert "small has no ImageNet weights" in message
    assert "efficientnet_lite0 …" not in capsys.readouterr().out
    labels = write(tmp_path / "labels.json", '{"a.jpg": "cat", "b.jpg": "dog"}')
    assert main(["probe", "--data", str(labels)]) == 1
    assert f"{labels} has to be imported first: competition init NAME --labels {labels}" in capsys.readouterr().err
