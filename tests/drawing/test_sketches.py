"""The drawn data set: its layout, its letters, that it repeats, and that it cannot be answered by copying."""

import hashlib
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from competition.drawing import draw
from competition.drawing.letters import BY_LENGTH, LOOKALIKES, letters, neighbours, plan
from competition.drawing.picture import INVISIBLE, cut, picture
from competition.drawing.sketches import samples
from competition.drawing.subjects import SUBJECTS
from competition.errors import InvalidInput
from competition.recipes.fashionai import TASKS
from docs.pictures import sheet

CLASSES = {task.name: task.classes for task in TASKS}
IMAGES = 108


def table(path: Path) -> list[list[str]]:
    return [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]


def digest(folder: Path) -> str:
    """One hash of every name and every byte below a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    parts = [str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes() for path in files]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("drawing") / "drawn"
    draw(folder, images=IMAGES, seed=3, progress=False, threads=1)
    return folder


@pytest.fixture(scope="module")
def rows(drawn) -> list[list[str]]:
    return table(drawn / "base/Annotations/label.csv") + table(drawn / "rank/Tests/answers.csv")


def test_every_file_lies_where_the_competition_has_it_and_no_other(drawn):
    tables = ["base/Annotations/label.csv", "classes.csv", "rank/Tests/answers.csv", "rank/Tests/question.csv"]
    found = {str(path.relative_to(drawn)) for path in drawn.rglob("*") if path.is_file()}
    labelled = {f"base/{row[0]}" for row in table(drawn / tables[0])}
    asked = {f"rank/{row[0]}" for row in table(drawn / tables[2])}
    assert (len(labelled), len(asked)) == (IMAGES, IMAGES // 4)
    assert found == {*tables, *labelled, *asked}
    assert list(drawn.parent.iterdir()) == [drawn]


def test_classes_are_named_in_letter_order(drawn):
    assert table(drawn / "classes.csv") == [[task.name, *task.classes] for task in TASKS]


def test_questions_are_the_answers_without_letters(drawn):
    answers = table(drawn / "rank/Tests/answers.csv")
    assert table(drawn / "rank/Tests/question.csv") == [[name, task, ""] for name, task, _ in answers]


def test_every_row_has_one_yes_and_at_most_one_maybe(rows):
    for _, task, answer in rows:
        assert len(answer) == len(CLASSES[task.removesuffix("_labels")])
        assert set(answer) <= set("ymn")
        assert answer.count("y") == 1
        assert answer.count("m") <= 1


def test_paths_tell_the_task_and_nothing_more(rows):
    for path, task, _ in rows:
        assert re.fullmatch(rf"Images/{task}/[0-9a-f]{{32}}\.jpg", path)
    assert len({path for path, _, _ in rows}) == len(rows)


def test_values_are_balanced_and_in_random_order(drawn):
    order = [(task, answer.index("y")) for _, task, answer in table(drawn / "base/Annotations/label.csv")]
    assert len(set(order)) == 54
    assert set(Counter(order).values()) == {IMAGES // 54}
    assert len(set(order[:54])) < 54  # neither in turn
    assert len({task for task, _ in order[:10]}) > 2  # nor task by task


def test_pictures_are_jpeg_files_of_512_pixels_in_colour(drawn):
    for path in drawn.rglob("*.jpg"):
        assert path.read_bytes()[:3] == b"\xff\xd8\xff"
        image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert (image.shape, image.dtype) == ((512, 512, 3), np.uint8)
        assert image.std() > 10
        assert np.abs(np.diff(image.astype(int), axis=2)).mean() > 1


def test_equal_seeds_give_equal_bytes_for_any_number_of_threads(drawn, tmp_path):
    draw(tmp_path / "again", images=IMAGES, seed=3, progress=False, threads=3)
    assert digest(tmp_path / "again") == digest(drawn)


def test_another_seed_gives_other_pictures_under_other_names(drawn, tmp_path):
    draw(tmp_path / "other", images=54, seed=4, progress=False)
    other = list((tmp_path / "other").rglob("*.jpg"))
    first = list(drawn.rglob("*.jpg"))
    assert not {path.name for path in other} & {path.name for path in first}
    assert not {path.read_bytes() for path in other} & {path.read_bytes() for path in first}


def test_no_picture_of_base_returns_in_rank(drawn):
    base = {path.read_bytes() for path in (drawn / "base").rglob("*.jpg")}
    rank = {path.read_bytes() for path in (drawn / "rank").rglob("*.jpg")}
    assert (len(base), len(rank)) == (IMAGES, IMAGES // 4)
    assert not base & rank


def test_every_picture_has_a_seed_and_a_name_of_its_own():
    drawn = [sample for split in samples(400, seed=2).values() for sample in split]
    assert len(drawn) == len({sample.seed for sample in drawn}) == len({sample.path for sample in drawn}) == 500


def test_an_empty_folder_is_filled_and_opencv_keeps_its_threads(tmp_path):
    (tmp_path / "empty").mkdir()
    before = cv2.getNumThreads()
    cv2.setNumThreads(before + 1)
    try:
        draw(tmp_path / "empty", images=54, progress=False)
        assert cv2.getNumThreads() == before + 1
    finally:
        cv2.setNumThreads(before)
    assert (tmp_path / "empty/classes.csv").is_file()


def test_a_folder_with_anything_in_it_is_refused_and_left_alone(tmp_path):
    (tmp_path / "mine").write_text("kept")
    for taken in (tmp_path, tmp_path / "mine"):
        with pytest.raises(InvalidInput, match="not an empty folder"):
            draw(taken, images=54, progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert (tmp_path / "mine").read_text() == "kept"


def test_too_few_images_are_refused(tmp_path):
    with pytest.raises(InvalidInput, match="53 images cannot show all 54 values"):
        draw(tmp_path / "few", images=53, progress=False)
    assert not list(tmp_path.iterdir())


def test_a_negative_seed_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="the seed is -1"):
        draw(tmp_path / "negative", images=54, seed=-1, progress=False)


def test_nothing_is_left_where_drawing_fails(tmp_path, monkeypatch):
    def fail(*_):
        raise RuntimeError("out of paint")

    monkeypatch.setattr("competition.drawing.sketches.picture", fail)
    with pytest.raises(RuntimeError, match="out of paint"):
        draw(tmp_path / "half", images=54, progress=False)
    assert not list(tmp_path.iterdir())


def test_two_rows_in_a_hundred_hold_a_maybe():
    for seed in range(5):
        doubtful = [row for row in plan(4000, np.random.default_rng(seed)) if row.maybe]
        assert len(doubtful) == 80
        assert all(letters(row).count("m") == 1 for row in doubtful)


def test_a_maybe_stands_beside_the_yes_in_physical_length():
    doubtful = [row for row in plan(20000, np.random.default_rng(0)) if row.maybe and row.task in BY_LENGTH]
    assert {row.task for row in doubtful} == set(BY_LENGTH)
    for row in doubtful:
        order = BY_LENGTH[row.task]
        assert abs(order.index(row.maybe) - order.index(row.value)) == 1


def test_lengths_and_lookalikes_name_values_of_their_tasks():
    assert {*BY_LENGTH, *LOOKALIKES} == set(CLASSES)
    for task, order in BY_LENGTH.items():
        assert {*order, INVISIBLE} == set(CLASSES[task])
    for task, pairs in LOOKALIKES.items():
        assert {value for pair in pairs for value in pair} < set(CLASSES[task])


def test_hems_fall_in_the_order_of_physical_length():
    for task, order in BY_LENGTH.items():
        hems = [SUBJECTS[task].forms[value] for value in order]
        assert hems == sorted(hems)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_what_is_doubtful_lies_between_the_two_and_nearer_to_the_yes(task):
    subject = SUBJECTS[task.name]
    for value in subject.forms:
        for maybe in neighbours(task.name, value):
            ends = subject.forms[value], subject.forms[maybe]
            form = cut(subject, value, maybe, np.random.default_rng(0))
            to_value, to_maybe = (np.linalg.norm(form - end) for end in ends)
            assert 0 < to_value < to_maybe < np.linalg.norm(ends[1] - ends[0])


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_any_two_values_in_the_same_scene_can_be_told_apart(task):
    shown = [picture(task.name, value, None, np.random.default_rng(5)) for value in task.classes[1:]]
    for first, second in pairwise(shown):
        assert (cv2.absdiff(first, second).max(axis=2) > 20).mean() > 0.002


def test_the_sheet_is_small_enough_for_a_readme(tmp_path):
    sheet(tmp_path / "sheet.jpg")
    assert (tmp_path / "sheet.jpg").stat().st_size < 350_000
    assert cv2.imread(str(tmp_path / "sheet.jpg")).shape[1] == 1100


def thumbnails(folder: Path, split: str, labels: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pixels (n, 32 * 32 * 3), tasks and answers of one split."""
    found = table(folder / split / labels)
    small = [
        cv2.resize(cv2.imread(str(folder / split / row[0])), (32, 32), interpolation=cv2.INTER_AREA) for row in found
    ]
    pixels = np.stack(small).reshape(len(small), -1).astype(np.float32)
    return pixels, np.array([row[1] for row in found]), np.array([row[2].index("y") for row in found])


def nearest_neighbour_accuracy(folder: Path) -> float:
    """Mean over the tasks of the accuracy of copying the answer of the most similar thumbnail."""
    known, known_task, truth = thumbnails(folder, "base", "Annotations/label.csv")
    asked, asked_task, answer = thumbnails(folder, "rank", "Tests/answers.csv")
    scores = []
    for task in np.unique(asked_task):
        here, there = known[known_task == task], asked[asked_task == task]
        distance = (here**2).sum(axis=1) - 2 * there @ here.T
        copied = truth[known_task == task][distance.argmin(axis=1)]
        scores.append((copied == answer[asked_task == task]).mean())
    return float(np.mean(scores))


@pytest.mark.slow
def test_copying_the_most_similar_picture_does_not_answer(tmp_path):
    draw(tmp_path / "drawn", images=1000, seed=1, progress=False)
    assert nearest_neighbour_accuracy(tmp_path / "drawn") <= 0.4
