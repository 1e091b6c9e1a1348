"""A share of the images to train on: which, what stays, and what records it."""

import signal
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import given_by, refusal
from small_data import TINY, write_data

from competition import stopping
from competition.commands.cv import cv
from competition.commands.list import list as leaderboard
from competition.commands.sweep import sweep
from competition.commands.train import train
from competition.data.load import read_material
from competition.run import Run
from competition.training.watch import Watch

CONVNET = replace(TINY, backbone="convnet", epochs=(1,))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_data(tmp_path_factory.mktemp("squares") / "data", images=90)


def test_a_fraction_thins_what_is_trained_on_and_leaves_what_is_held_out(data, tmp_path, capsys):
    whole = read_material(TINY, data, False, tmp_path)
    part = whole.fraction(0.2, seed=0)
    names = lambda material, rows: material.dataset.names[rows].tolist()  # noqa: E731
    assert names(part, part.held_out) == names(whole, whole.held_out)
    assert set(names(part, part.training)) < set(names(whole, whole.training))
    assert len(part.training) == pytest.approx(0.2 * len(whole.training), abs=3)
    assert len(part.dataset) == len(part.digests) == len(part.training) + len(part.held_out)
    digest = dict(zip(whole.dataset.names, whole.digests, strict=True))
    assert [digest[name] for name in part.dataset.names] == list(part.digests)
    assert part.content["split"] != whole.content["split"]
    assert (
        f"fraction 0.2: {len(part.training)} of {len(whole.training)} images are trained on" in capsys.readouterr().out
    )
    assert whole.fraction(1.0, seed=0) is whole


def test_a_run_on_a_fraction_records_it_from_its_first_step_on(data, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def stop(watch, batch, logs):
        raise stopping.Stopped(signal.SIGTERM)

    monkeypatch.setattr(Watch, "on_train_batch_end", stop)
    for share in (0.5, 1.0):
        with pytest.raises(stopping.Stopped):
            train(CONVNET, data, fraction=share)
    part, whole = (Run(Path(f"runs/tiny-{number}")).read_made() for number in (1, 2))
    assert part["fraction"] == part["arguments"]["fraction"] == 0.5
    assert "fraction" not in whole
    assert "76 images to train on, 14 held out" in capsys.readouterr().out
    leaderboard()
    for line in capsys.readouterr().out.splitlines():
        if "tiny-" in line:
            assert ("on 0.5 of the images" in line) == ("tiny-1" in line)


@pytest.mark.parametrize("share", [0.0, -0.1, 1.5, float("nan")])
def test_what_is_no_share_is_refused_before_anything_is_read(share, tmp_path):
    for command, more in ((train, {}), (cv, {}), (sweep, {"field": "dropout", "values": ("0.1",)})):
        message = refusal(lambda c=command, m=more: c(TINY, data=tmp_path / "none", fraction=share, **m))
        assert message == f"--fraction is {share}; allowed is above 0, up to 1, which is all images to train on"


def test_it_is_a_flag():
    assert given_by(train, "clothing", "--fraction", "0.1")["fraction"] == 0.1
