"""Drawn data sets on disk: they repeat, their layout reads them, nothing half drawn is left; and the files of each."""

import csv
import re
from collections import Counter
from itertools import count
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import refusal

from competition.dataset import YES
from competition.drawing import DRAWERS
from competition.errors import InvalidInput
from competition.images.decode import decode, read_file
from competition.layouts.registry import LAYOUTS
from competition.recipes import load_recipe

FEWEST = {  # images, and what they show
    "sketches": (54, "all 54 values of the eight attributes"),
    "fgo": (40, "all 40 characters"),
    "cifar10": (40, "all 10 classes in train/ and test/"),
    "flowers": (40, "all six kinds of flowers in each of three files"),
    "painters": (32, "every genre"),
}
READ = {  # labelled and asked images; cifar10 has two classes more than its layout reads
    "sketches": (54, 13),
    "fgo": (40, 10),
    "cifar10": (32, 8),
    "flowers": (34, 6),
    "painters": (40, 4),
}
SAME = {  # the tables that another seed does not change, apart from digests in names
    "sketches": {"classes.csv"},
    "fgo": {"questions.csv"},
    "painters": {"classes.csv"},
}


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of every file below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def pictures(folder: Path) -> list[bytes]:
    """Every picture below a folder: a file, or a row of an array."""
    rows = (row.tobytes() for path in folder.rglob("*_images.npy") for row in np.load(path))
    return [*rows, *(path.read_bytes() for path in folder.rglob("*.jpg"))]


def tables(folder: Path) -> dict[str, bytes]:
    """The bytes of every text file and array, without the digests in names, which differ for every seed anyhow."""
    files = {name: content for name, content in contents(folder).items() if not name.endswith(".jpg")}
    return {name: re.sub(rb"[0-9a-f]{32}", b"", content) for name, content in files.items()}


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def cells(path: Path) -> list[list[str]]:
    return [line.split(",") for line in lines(path)]


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(lines(path)))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The smallest data set of a recipe, drawn by one thread when it is first asked for."""
    folders = {}

    def draw(name: str) -> Path:
        if name not in folders:
            folders[name] = tmp_path_factory.mktemp("drawing") / name
            DRAWERS[name](folders[name], FEWEST[name][0], seed=3, progress=False, threads=1)
        return folders[name]

    return draw


def test_every_recipe_that_can_be_drawn_is_here_and_another_is_refused():
    assert set(FEWEST) == set(DRAWERS)
    words = "there is no drawing for the recipe 'sketch'; allowed are sketches, fgo, cifar10, flowers, painters"
    assert words in refusal(lambda: DRAWERS["sketch"])


@pytest.mark.parametrize("name", FEWEST)
def test_equal_seeds_give_equal_bytes_for_any_number_of_threads(name, drawn, tmp_path):
    before = cv2.getNumThreads()
    cv2.setNumThreads(before + 1)
    try:
        DRAWERS[name](tmp_path, FEWEST[name][0], seed=3, progress=False, threads=3)  # an empty folder is filled
        assert cv2.getNumThreads() == before + 1
    finally:
        cv2.setNumThreads(before)
    assert contents(tmp_path) == contents(drawn(name))


@pytest.mark.parametrize("name", FEWEST)
def test_the_layout_of_the_recipe_reads_every_picture_with_its_labels(name, drawn):
    recipe, folder = load_recipe("fashionai" if name == "sketches" else name), drawn(name)
    layout = LAYOUTS[recipe.layout]
    labelled = layout.read_labels(folder, recipe.tasks)
    (file,) = layout.question_files(folder)
    asked = layout.read_questions(file, labelled.tasks).images
    assert (len(labelled), len(asked)) == READ[name]
    for dataset in (labelled, asked):
        assert all(decode(read_file(dataset.path(row)))[::8, :, :3].std() > 10 for row in range(len(dataset)))
    for task in labelled.tasks:
        assert (labelled.codes[task.name] == YES).any(axis=0).all()
    assert bool(asked.codes) == (name != "sketches")  # whose questions never have letters


@pytest.mark.parametrize("name", FEWEST)
def test_what_cannot_be_drawn_is_refused_and_everything_stays_as_it_was(name, tmp_path):
    draw, (fewest, what) = DRAWERS[name], FEWEST[name]
    words = f"{fewest - 1} images cannot show {what}: draw {fewest} or more"
    assert words in refusal(draw, tmp_path / "few", fewest - 1)
    assert "the seed is -1; allowed are whole numbers from 0" in refusal(draw, tmp_path / "negative", fewest, -1)
    assert not list(tmp_path.iterdir())
    (tmp_path / "mine").write_text("kept")
    for taken in (tmp_path, tmp_path / "mine"):
        assert f"{taken} exists already and is not an empty folder" in refusal(draw, taken, fewest)
    assert contents(tmp_path) == {"mine": b"kept"}


@pytest.mark.parametrize("name", FEWEST)
def test_another_seed_changes_every_picture_and_table_and_no_split_has_a_picture_of_another(
    name, tmp_path, monkeypatch
):
    """Noise stands in for most drawings: it is fast, and equal for equal seeds even where other labels are shown."""

    def noise(*shown):
        return shown[-1].integers(0, 256, (8, 8, 3), np.uint8)

    if name != "cifar10":  # whose drawings are small and fast enough
        function = "painting" if name == "painters" else "picture"
        monkeypatch.setattr(f"competition.drawing.{name}.{function}", noise)
    one, other = (tmp_path / str(seed) for seed in (3, 5))
    for folder in (one, other):
        DRAWERS[name](folder, FEWEST[name][0], seed=int(folder.name), progress=False, threads=1)
    drawings = [*pictures(one), *pictures(other)]
    assert len(set(drawings)) == len(drawings) >= 2 * FEWEST[name][0]
    files = [tables(folder) for folder in (one, other)]
    assert files[0].keys() == files[1].keys()
    assert {file for file, content in files[0].items() if content == files[1][file]} == SAME.get(name, set())
    if name in ("sketches", "fgo"):  # whose pictures are named by digests of the seed
        assert not {path.name for path in one.rglob("*.jpg")} & {path.name for path in other.rglob("*.jpg")}


@pytest.mark.parametrize("name", FEWEST)
def test_another_seed_gives_other_pictures_and_none_is_left_where_writing_fails(name, drawn, tmp_path, monkeypatch):
    module, function = (np, "save") if name == "painters" else (cv2, "imencode")
    write, calls, written = getattr(module, function), count(1), []

    def fail_at_the_sixth(*arguments):
        if next(calls) == 6:
            written.extend(pictures(tmp_path))
            raise OSError("no space left")
        return write(*arguments)

    monkeypatch.setattr(module, function, fail_at_the_sixth)
    with pytest.raises(InvalidInput, match="other cannot be written: no space left"):
        DRAWERS[name](tmp_path / "other", FEWEST[name][0], seed=4, progress=False, threads=1)
    assert not list(tmp_path.iterdir())
    before = pictures(drawn(name))
    assert len(written) >= 5
    assert len({*before, *written}) == len(before) + len(written)


@pytest.mark.parametrize(("name", "side"), [("sketches", 512), ("fgo", 256), ("cifar10", 32), ("flowers", 227)])
def test_pictures_are_jpeg_files_of_one_size_in_colour(name, side, drawn):
    for path in drawn(name).rglob("*.jpg"):
        assert path.read_bytes()[:3] == b"\xff\xd8\xff"
        image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert (image.shape, image.dtype) == ((side, side, 3), np.uint8)
        assert np.abs(np.diff(image[::8].astype(int), axis=2)).mean() > 1


SKETCHES = ("base/Annotations/label.csv", "rank/Tests/answers.csv", "rank/Tests/question.csv", "classes.csv")


def test_every_sketch_lies_where_the_competition_has_it_and_its_path_tells_the_task_and_nothing_more(drawn):
    folder = drawn("sketches")
    labels, answers, questions, classes = (cells(folder / name) for name in SKETCHES)
    assert classes == [[task.name, *task.classes] for task in load_recipe("fashionai").tasks]
    assert questions == [[path, task, ""] for path, task, _ in answers]
    named = [f"{split}/{path}" for split, rows in (("base", labels), ("rank", answers)) for path, *_ in rows]
    assert sorted(contents(folder)) == sorted([*named, *SKETCHES])
    for path, task, _ in (*labels, *answers):
        assert re.fullmatch(rf"Images/{task}/[0-9a-f]{{32}}\.jpg", path)


def test_labels_of_sketches_are_in_random_order(drawn):
    order = [(task, answer.index("y")) for _, task, answer in cells(drawn("sketches") / SKETCHES[0])]
    assert len({task for task, _ in order[:10]}) > 2  # neither task by task
    assert len({place for _, place in order[:8]}) > 2  # nor the first value of every task, then the second


def test_every_row_of_sketches_has_one_yes_and_at_most_one_maybe(drawn):
    classes = {name: len(row) for name, *row in cells(drawn("sketches") / "classes.csv")}
    for _, task, answer in (row for name in SKETCHES[:2] for row in cells(drawn("sketches") / name)):
        assert len(answer) == classes[task.removesuffix("_labels")]
        assert set(answer) <= set("ymn")
        assert answer.count("y") == 1
        assert answer.count("m") <= 1


GAME = ("profiles.csv", "colors.csv", "questions.csv", "answers.csv")


def test_game_characters_are_labelled_by_their_profiles_and_their_colours(drawn):
    folder, tasks = drawn("fgo"), load_recipe("fgo").tasks
    profiles, labelled, asked, answers = (table(folder / name) for name in GAME)
    named = [row["image_name"] for row in (*labelled, *asked)]
    assert sorted(contents(folder)) == sorted([*GAME, *(f"images/{name}" for name in named)])
    assert [row["image_name"] for row in answers] == [row["image_name"] for row in asked]
    profile = {row["name"]: row for row in profiles}
    layout = LAYOUTS["fgo"]
    known = (layout.read_labels(folder, tasks), layout.read_questions(folder / "questions.csv", tasks).images)
    for dataset, rows in zip(known, (labelled, answers), strict=True):
        flags = [[YES * int(row[colour]) for colour in tasks[-1].classes] for row in rows]
        np.testing.assert_array_equal(dataset.codes["color"], flags)
        for task in tasks[:-1]:
            found = [task.classes[codes.tolist().index(YES)] for codes in dataset.codes[task.name]]
            assert found == [profile[row["name"]][task.name] for row in rows]


def test_things_lie_in_train_and_test_in_a_folder_per_class(drawn):
    counts = Counter(path.rsplit("/", 1)[0] for path in contents(drawn("cifar10")))
    assert set(counts.values()) == {4, 1}
    assert len(counts) == 20
    assert {name for name, number in counts.items() if number == 4} == {
        f"train/{name}"
        for name in ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    }


FLOWERS = {"train.txt": 24, "val.txt": 10, "test.txt": 6}


def test_flowers_are_named_by_number_60_25_and_15_percent_in_each_file_with_every_kind_alike(drawn):
    folder, rows = drawn("flowers"), []
    for name, number in FLOWERS.items():
        rows += lines(folder / name)
        kinds = Counter(row.split(",", 1)[1] for row in lines(folder / name))
        assert (sum(kinds.values()), len(kinds)) == (number, 6)
        assert max(kinds.values()) - min(kinds.values()) <= 1
    assert all(re.fullmatch(r"/data/img[1-9]\d*\.jpg, [01], [012]", row) for row in rows)
    named = [row.split(",")[0][1:] for row in rows]
    assert sorted(named) == sorted(f"data/img{number}.jpg" for number in range(1, 41))
    assert sorted(contents(folder)) == sorted([*named, *FLOWERS])


def test_the_number_of_a_flower_tells_nothing(drawn):
    train = lines(drawn("flowers") / "train.txt")
    numbers = np.array([int(re.search(r"\d+", row)[0]) for row in train])
    roses = np.array([", 0, " in row for row in train])
    assert abs(numbers[roses].mean() - numbers[~roses].mean()) < 7.5
    assert (np.diff(numbers) < 0).mean() > 0.2


def test_paintings_are_arrays_with_labels_in_which_every_class_is_as_often(drawn):
    folder, classes = drawn("painters"), {"style": 19, "genre": 32, "painter": 10}
    parts = {"train": 32, "val": 8, "test": 4}
    assert set(contents(folder)) == {
        "classes.csv",
        *(f"{part}_{what}.npy" for part in parts for what in ("images", *classes)),
    }
    for part, number in parts.items():
        images = np.load(folder / f"{part}_images.npy")
        assert (images.shape, images.dtype) == ((number, 64, 64, 3), np.uint8)
        for task, width in classes.items():
            labels = np.load(folder / f"{part}_{task}.npy")
            assert labels.shape == (number, width)
            assert (labels.sum(axis=1) == 1).all()
            assert np.ptp(labels.sum(axis=0)) <= 1
