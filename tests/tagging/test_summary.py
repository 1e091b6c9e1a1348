"""What a job says at its end, against a count of its parts by pandas; and when pictures differ from the promise's."""

import json
import warnings
from dataclasses import replace

import numpy as np
import pytest
from helpers import refusal, write
from scipy.stats import ks_2samp
from served import TAGS
from small_data import COLOUR
from tagged import BROKEN, read_parts, stacked

from competition.scoring.promise import Promise
from competition.tagging import summary
from competition.tagging.summary import conclude, summarise, table

TASKS = (COLOUR, TAGS)


def with_confidences(promise: Promise, confidences) -> Promise:
    tasks = {name: replace(one, confidences=np.sort(confidences)) for name, one in promise.tasks.items()}
    return replace(promise, tasks=tasks)


def test_classes_tags_and_reviews_are_counted_over_all_parts(shop, job):
    found = read_parts(job.folder / "parts")
    said = summarise(job, TASKS, shop.promise, answered=80, seconds=4)
    assert (said["rows"], said["failed"], said["images_per_second"]) == (len(shop.names), len(BROKEN), 20)
    assert said["run"] == job.plan["run"] and said["promised"] == shop.promise.in_words()
    for task in TASKS:
        one = said["tasks"][task.name]
        labels, tags = found[f"{task.name}_class"].explode(), found[f"{task.name}_tag"].explode()
        for name in task.classes:
            assert one["classes"][name] == {"chosen": (labels == name).sum(), "tagged": (tags == name).sum()}
        assert one["tagged"] == found[f"{task.name}_tag"].map(bool).mean()
        assert one["review"] == found[f"{task.name}_review"].mean()


def test_the_table_shows_what_the_summary_holds(shop, job):
    said = summarise(job, TASKS, shop.promise, answered=80, seconds=4)
    lines = table(said).splitlines()
    assert lines[0].split() == ["task", "pictures", "tagged", "for", "review"]
    shares = (f"{said['tasks']['colour'][share]:.1%}" for share in ("tagged", "review"))
    assert lines[1].split() == ["colour", str(len(shop.good)), *shares]
    red = said["tasks"]["colour"]["classes"]["red"]
    assert lines[2].split() == ["red", str(red["chosen"]), str(red["tagged"])]
    assert f"{len(shop.good)} pictures answered, 2 could not be read, 20 pictures/s" in lines


def test_confidences_that_differ_are_warned_of_with_how_far_and_alike_ones_are_not(shop, job, capsys):
    found = read_parts(job.folder / "parts")
    alike = with_confidences(shop.promise, stacked(found, COLOUR).max(axis=1))
    lower = stacked(found, COLOUR).max(axis=1) / 2
    differ = replace(alike, tasks={**alike.tasks, "colour": replace(alike.tasks["colour"], confidences=np.sort(lower))})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        conclude(job, (COLOUR,), alike, 0, 0)
    with pytest.warns(UserWarning) as caught:
        conclude(job, (COLOUR,), differ, 0, 0)
    expected = ks_2samp(stacked(found, COLOUR).max(axis=1), lower, method="asymp")
    assert "not like those of the promise" in str(caught[0].message)
    assert f"differ by up to {expected.statistic:.3f} (p = {expected.pvalue:.2g})" in str(caught[0].message)
    drift = json.loads((job.folder / "summary.json").read_text())["tasks"]["colour"]["drift"]
    assert drift == pytest.approx({"statistic": expected.statistic, "p": expected.pvalue})
    assert "holds parts/, errors/ and summary.json" in capsys.readouterr().out


def test_of_a_multilabel_task_the_largest_probability_is_compared(shop, job):
    found = stacked(read_parts(job.folder / "parts"), TAGS).max(axis=1)
    said = summarise(job, (TAGS,), with_confidences(shop.promise, found), 0, 0)["tasks"]["tags"]["drift"]
    assert said == {"statistic": 0, "p": 1}


@pytest.mark.parametrize("most, step", [(100, 1), (21, 2), (8, 5)])
def test_of_a_large_catalogue_evenly_spaced_rows_are_compared(shop, job, monkeypatch, most, step):
    """Rows count in the order of the parts, and those that could not be read are in none of these."""
    monkeypatch.setattr(summary, "COMPARED", most)
    kept = []
    monkeypatch.setattr(summary, "drift", lambda seen, known: kept.append(seen) or (0.0, 1.0))
    summarise(job, (COLOUR,), shop.promise, 0, 0)
    parts = [read_parts_of(job, number) for number in range(len(job))]
    rows = [part[-job.rows_of(number).start % step :: step] for number, part in enumerate(parts)]
    np.testing.assert_array_equal(kept[0], np.concatenate(rows))


def read_parts_of(job, number: int) -> np.ndarray:
    found = read_parts(job.folder / "parts")
    starts = np.cumsum([0, *(len(job.rows_of(one)) - job.failures(one) for one in range(len(job)))])
    return stacked(found, COLOUR).max(axis=1)[starts[number] : starts[number + 1]]


def test_a_part_that_was_spoilt_is_named_with_what_to_do(shop, job, tmp_path):
    copy = replace(job, folder=tmp_path)
    for number in range(len(job)):
        write(copy.part(number), job.part(number).read_bytes())
    write(copy.part(1), b"PAR1")
    message = refusal(summarise, copy, TASKS, shop.promise, 0, 0)
    assert str(copy.part(1)) in message and "remove it, and the same command makes it again" in message
