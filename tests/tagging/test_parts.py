"""Parts: what they say of each picture, and that they are the answers of `submit`, whole, and of one job."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet
from served import RECIPE, TAGS, png, untrained
from small_data import COLOUR
from tagged import BROKEN, LEAST, ROWS, numbered, plain, read_parts, stacked, submitted, tagged

from competition.scoring.blend import Blend
from competition.tagging.catalogue import read_catalogue
from competition.tagging.job import Job, part_rows, plan_of
from competition.tagging.stages import Tagger, see


def test_the_probabilities_are_those_of_submit_in_the_order_of_the_input(shop, job):
    found = read_parts(job.folder / "parts")
    assert found["image"].tolist() == shop.good
    for task in (COLOUR, TAGS):
        np.testing.assert_allclose(stacked(found, task), shop.answers[task.name], rtol=0, atol=1e-6)
        np.testing.assert_array_equal(stacked(found, task), stacked(found, task).round(8))


def test_a_class_is_chosen_and_tagged_from_its_threshold_on_and_else_for_review(job):
    found = read_parts(job.folder / "parts")
    given, names = stacked(found, COLOUR), np.array(COLOUR.classes)
    sure = given.max(axis=1) >= LEAST["colour"][0]
    assert 0 < sure.sum() < len(sure)
    assert found["colour_class"].tolist() == names[given.argmax(axis=1)].tolist()
    assert found["colour_probability"].tolist() == given.max(axis=1).tolist()
    assert found["colour_tag"].tolist() == np.where(sure, names[given.argmax(axis=1)], None).tolist()
    assert found["colour_review"].tolist() == (~sure).tolist()


def test_labels_are_tagged_each_from_a_threshold_of_its_own(job):
    found = read_parts(job.folder / "parts")
    given, names = stacked(found, TAGS), np.array(TAGS.classes)
    yes, sure = given > 0.5, (given > 0.5) & (given >= np.array(LEAST["tags"]))
    assert found["tags_class"].tolist() == [names[row].tolist() for row in yes]
    assert found["tags_probability"].tolist() == [row[which].tolist() for row, which in zip(given, yes, strict=True)]
    assert found["tags_tag"].tolist() == [names[row].tolist() for row in sure]
    assert found["tags_review"].tolist() == (yes & ~sure).any(axis=1).tolist()
    assert 0 < found["tags_review"].sum() < len(found)


def test_what_cannot_be_read_is_listed_with_its_reason_and_in_no_part(shop, job):
    failed = read_parts(job.folder / "errors")
    assert failed["image"].tolist() == [name for name in shop.names if name in BROKEN]
    reasons = dict(zip(failed["image"], failed["reason"], strict=True))
    assert reasons["empty.png"] == "the file is empty"
    assert reasons["broken.jpg"].startswith("not an image, or cut short")
    assert sum(job.failures(number) for number in range(len(job))) == len(BROKEN)
    assert len([*(job.folder / "errors").iterdir()]) < len(job)  # a file only where something failed


def test_each_file_names_the_run_the_promise_and_the_version(shop, job):
    for file in [*job.folder.glob("*/part-*.parquet")]:
        named = parquet.read_schema(file).metadata
        assert named[b"run"].decode() == plain(shop.run).digest
        assert named[b"promise"].decode() == shop.promise.digest
        assert named[b"version"] == b"0.2.0"


def test_without_a_promise_nothing_is_tagged_and_all_is_for_review(shop, tmp_path):
    found = read_parts(tagged(shop.folder, plain(shop.run), None, tmp_path, [1]).folder / "parts")
    assert found["colour_class"].notna().all()
    for task in ("colour", "tags"):
        assert found[f"{task}_tag"].isna().all()
        assert found[f"{task}_review"].all()


def test_a_task_that_promises_nothing_is_not_tagged(shop, tmp_path):
    none = replace(shop.promise.tasks["tags"], thresholds=shop.promise.tasks["tags"].thresholds[1:2])
    nothing = replace(shop.promise, tasks={**shop.promise.tasks, "tags": none})
    found = read_parts(tagged(shop.folder, plain(shop.run), nothing, tmp_path, [1]).folder / "parts")
    assert found["tags_tag"].isna().all() and found["tags_review"].all()
    assert found["colour_tag"].notna().any()


def test_a_blend_of_networks_that_see_pictures_otherwise_answers_as_submit_does(shop, tmp_path):
    larger = untrained(tmp_path / "larger-1", replace(RECIPE, image_size=48, aspect="pad"), seed=1)
    members = [(shop.run.folder, "plain"), (shop.run.folder, "flip"), (larger.folder, "plain")]
    blend = Blend.plain(members, "geometric", (COLOUR, TAGS))
    found = read_parts(tagged(shop.folder, blend, None, tmp_path / "out").folder / "parts")
    given = submitted(blend, shop.folder, shop.names)
    for task in (COLOUR, TAGS):
        np.testing.assert_allclose(stacked(found, task), given[task.name], rtol=0, atol=1e-6)


def test_a_part_of_which_nothing_can_be_read_is_written_empty(shop, job, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.png").write_bytes(b"no")
    broken = tagged(folder, plain(shop.run), shop.promise, tmp_path / "out")
    answered = parquet.read_table(broken.part(0))
    assert len(answered) == 0
    assert answered.schema.equals(
        parquet.read_schema(tagged(shop.folder, plain(shop.run), shop.promise, tmp_path / "b", [1]).part(1))
    )
    assert read_parts(broken.folder / "errors")["image"].tolist() == ["0.png", "1.png", "2.png"]


def test_a_part_that_is_made_again_is_the_same_and_an_error_that_was_mended_is_gone(shop, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"no")
    make = partial(tagged, folder, plain(shop.run), shop.promise, tmp_path / "out")
    job = make()
    assert job.failures(0) == 1
    before = job.part(0).read_bytes()
    make()
    assert job.part(0).read_bytes() == before
    (folder / "a.png").write_bytes(png())
    make()
    assert (job.failures(0), len(parquet.read_table(job.part(0)))) == (0, 1)


def test_a_part_that_came_divided_is_not_written(shop, tmp_path):
    blend = plain(shop.run)
    catalogue = read_catalogue(shop.folder, blend.tasks)
    job = Job(tmp_path, {**plan_of(catalogue, blend, None), "part_rows": ROWS})
    half = see(numbered(catalogue.rows[:8], 0), catalogue.root, blend.shapes)
    with pytest.raises(RuntimeError, match="part 0 came with 8 rows"):
        Tagger(blend, None, job)(half)
    assert job.missing == [*range(len(job))]


def test_a_part_that_lies_in_a_larger_block_is_answered_alike(shop, job, tmp_path):
    blend, rows = plain(shop.run), read_catalogue(shop.folder, (COLOUR, TAGS)).rows
    larger = see(numbered(rows[: 2 * ROWS], 1), shop.folder, blend.shapes)
    copy = replace(job, folder=tmp_path)
    Tagger(blend, shop.promise, copy)(larger[ROWS:])
    assert parquet.read_table(copy.part(1)).equals(parquet.read_table(job.part(1)))


def test_the_rows_of_parts_are_all_rows_once(shop):
    job = Job(Path("nowhere"), {"rows": 100, "part_rows": 32})
    assert [*map(list, map(job.rows_of, range(len(job))))] == [
        [*range(32)],
        [*range(32, 64)],
        [*range(64, 96)],
        [*range(96, 100)],
    ]


@pytest.mark.parametrize("size, views, rows", [(32, 1, 512), (227, 1, 384), (331, 1, 192), (331, 2, 96), (4000, 2, 1)])
def test_the_more_is_seen_of_a_picture_the_fewer_are_in_a_part(size, views, rows):
    from competition.images.squares import Shape

    shape = Shape(size, "stretch", ("plain", "flip")[:views])
    assert part_rows([shape]) == rows
    assert rows * views * size * size * 3 <= 100_000_000
