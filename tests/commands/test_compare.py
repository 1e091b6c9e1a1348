"""The command that compares two runs: the table, its last line in words, and what it refuses."""

from collections.abc import Sequence

import numpy as np
import pytest
from helpers import refusal
from predicted import at_random, write_run
from printed import cells_under

from competition.__main__ import main
from competition.commands.compare import compare
from competition.scoring import bootstrap
from competition.scoring.bootstrap import Estimate


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """good has two views, near is as good and wrong elsewhere, bad is worse; few holds other images."""
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "good", at_random(1), at_random(2, skill=2.6))
    write_run(tmp_path / "near", at_random(3))
    write_run(tmp_path / "bad", at_random(4, skill=0.5))
    write_run(tmp_path / "few", at_random(1).take(np.arange(150)))
    return tmp_path


def rows_of(printed: Sequence[str]) -> list[dict[str, list[str]]]:
    """The rows of the table by its headings, those of AP before those of accuracy."""
    start = next(number for number, line in enumerate(printed) if line.startswith("task"))
    return [cells_under(printed[start], line) for line in printed[start + 1 :][:3]]


def test_the_table_holds_both_scores_and_what_resampling_says_of_their_difference(runs, capsys):
    assert main(["compare", "good", "bad"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["A is good (plain)", "B is bad (plain)"]
    expected = bootstrap.compare_paired(at_random(1), at_random(4, skill=0.5))
    a, b = at_random(1).score(), at_random(4, skill=0.5).score()
    *tasks, mean = rows_of(lines)
    for row, left, right, gains in zip(tasks, a.tasks, b.tasks, expected[:2], strict=True):
        assert (row["task"], row["rows"]) == ([left.task], [str(left.rows)])
        assert row["A"] == [f"{score:.4f}" for score in (left.ap, left.accuracy)]
        assert row["B"] == [f"{score:.4f}" for score in (right.ap, right.accuracy)]
        assert row["A - B"] == [f"{gain:+.4f}" for gain in (left.ap - right.ap, left.accuracy - right.accuracy)]
        intervals = [gain.difference[1:] for gain in (gains.ap, gains.accuracy)]
        assert row["95 % of resamples"] == [f"{low:+.4f} to {high:+.4f}" for low, high in intervals]
        assert row["A wins"] == ["100%", f"{gains.accuracy.wins:.0%}"]
    assert (mean["task"], mean["rows"]) == (["mean"], [str(sum(task.rows for task in a.tasks))])
    assert (mean["A"][0], mean["B"][0]) == (f"{a.map:.4f}", f"{b.map:.4f}")


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        (("good", "bad"), "A is better: A - B is +"),
        (("bad", "good"), "B is better: A - B is -"),
        (("good", "near"), "within noise: "),
    ],
)
def test_the_last_line_says_who_is_better_or_that_it_is_noise(runs, capsys, pair, words):
    assert main(["compare", *pair]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith(words)


@pytest.mark.parametrize(
    ("flags", "views"),
    [
        (["--view-b", "flip"], ("plain", "flip")),
        (["--view-a", "flip"], ("flip", "plain")),
        (["--view", "flip"], ("flip", "flip")),
    ],
)
def test_each_side_can_have_its_view(runs, capsys, flags, views):
    scores = {"plain": at_random(1).score().map, "flip": at_random(2, skill=2.6).score().map}
    assert main(["compare", "good", "good", *flags]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [f"{side} is good ({view})" for side, view in zip("AB", views, strict=True)]
    mean = rows_of(lines)[-1]
    assert [mean["A"][0], mean["B"][0]] == [f"{scores[view]:.4f}" for view in views]


@pytest.mark.parametrize(
    ("low", "high", "noise"),
    [
        (-0.1, 0.1, True),
        (0, 0.1, True),
        (-0.1, 0, True),
        (0.1, 0.2, False),
        (-0.2, -0.1, False),
        (np.nan, np.nan, True),
    ],
)
def test_an_interval_that_includes_zero_is_noise(low, high, noise):
    assert Estimate(0.05, low, high).is_noise is noise


def test_what_cannot_be_compared_is_refused_in_words(runs):
    assert "predicted different images (150 and 200" in refusal(compare, runs / "good", runs / "few")
    assert "has no view 'flip'; it has plain" in refusal(lambda: compare(runs / "near", runs / "good", view="flip"))
    assert "holds no predictions" in refusal(compare, runs / "good", runs / "gone")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 half an archive"])
def test_a_file_of_predictions_that_is_broken_or_of_another_version_is_named(runs, content):
    path = runs / "good/probabilities.npz"
    path.write_bytes(content)
    assert f"{path} is damaged, or not a file of predictions" in refusal(compare, runs / "good", runs / "near")
    np.savez(path, **{"probabilities/colour": np.zeros((2, 3))})
    assert f"{path} names no classes, so another version wrote it" in refusal(compare, runs / "good", runs / "near")
