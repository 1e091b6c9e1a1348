"""From your own labels to a recipe: what is found, what is said, what is written, and that it trains."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from helpers import noise, refusal, write

from competition.__main__ import main
from competition.commands import init as init_command
from competition.commands.init import init
from competition.commands.submit import submit
from competition.commands.train import train
from competition.errors import InvalidInput
from competition.layouts.detect import layout_of, sniff
from competition.layouts.imports.sheet import LOOKING
from competition.layouts.registry import LAYOUTS, reader_of
from competition.recipe import Recipe
from competition.recipes import load_recipe
from competition.recipes.start import starting_recipe
from competition.recipes.write import recipe_file
from competition.run import Run
from competition.task import Task

COLOURS = {"red": 0, "green": 1, "blue": 2}
TASKS = (Task("shape", ("disk", "square")), Task("tags", ("a 'b'", 'c "d"', "é\\"), "multilabel"))
TABLE = ["image,shape,note", "a.png,disk,x", "b.png,square,", "c.png,,x", "d.png,disk,y"]


def image(path: Path, height: int = 24, width: int = 32, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), noise(height, width, seed))
    return path


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys, *arguments: str) -> str:
    """What `competition init` prints where all is well."""
    assert main(["init", *arguments]) == 0
    return capsys.readouterr().out


def test_each_kind_of_labels_is_known_by_its_first_line_or_its_folders(tmp_path):
    rows = write(tmp_path / "rows/base/Annotations/label.csv", ["Images/a.jpg,size_labels,yn"])
    table = write(tmp_path / "table/mine.csv", TABLE)
    image(tmp_path / "table/images/a.png")
    for name in ("cat/a.png", "dog/a.png"):
        image(tmp_path / "folder" / name)
        image(tmp_path / "parts/train" / name)
    found = [layout_of(path) for path in (rows, rows.parents[2], table, table.parent)]
    assert found == ["fashionai", "fashionai", "table", "table"]
    assert [layout_of(tmp_path / name) for name in ("folder", "parts")] == ["folder", "folder"]


def test_labels_that_could_be_two_things_or_none_are_refused(tmp_path):
    assert "holds no labels" in refusal(layout_of, tmp_path)
    assert "cannot be read: No such file" in refusal(layout_of, tmp_path / "gone.csv")
    file = write(tmp_path / "mine.csv", ["a.jpg,disk,red", "b.jpg,square,blue"])
    assert f"{file}:1: the first line, 'a.jpg,disk,red', is about an image; expected is a header" in refusal(
        sniff, file
    )
    for name in ("cat/a.png", "dog/a.png"):
        image(tmp_path / name)
    assert "holds tables, mine.csv for example, and 2 folders of images" in refusal(layout_of, tmp_path)


def test_a_table_is_described_with_its_tasks_images_and_questions(here, capsys):
    write(here / "my data/mine.csv", TABLE)
    write(here / "my data/questions.csv", ["image", "q.png"])
    for seed, name in enumerate("abdq"):
        image(here / f"my data/images/{name}.png", height=40 if name == "d" else 24, seed=seed)
    out = said(capsys, "shapes", "--labels", "my data/mine.csv", "--leave-out", "note")
    assert [" ".join(line.split()) for line in out.splitlines()] == [
        "my data/mine.csv: a table, 3 images",
        "shape one of 2 3 labelled (0% absent): disk 2, square 1",
        "images 3 of 3 found; 32 x 24 pixels (median), from 32 x 24 to 32 x 40 (3 looked at)",
        "questions my data/questions.csv",
        "note image names are relative to my data/images",
        "note rows without a label, which are not trained on: 1 of 4",
        "note left out: note",
        "note shape: square on fewer than two images, too few to train and validate",
        "",
        "wrote shapes.py: small at 32 pixels, from scratch, because the images are small (24 pixels)",
        "competition train shapes.py --data 'my data'",
        "competition submit",
    ]
    recipe = load_recipe("shapes.py")
    assert (recipe.name, recipe.layout, recipe.tasks) == ("shapes", "table", TASKS[:1])
    assert "competition train shapes.py --data 'my data'" in Path("shapes.py").read_text()


def test_images_that_are_missing_and_questions_that_are_not_there_are_said(here, capsys):
    write(here / "mine.csv", TABLE)
    image(here / "b.png")
    out = said(capsys, "shapes", "--labels", "mine.csv")
    assert "images      1 of 4 found; 32 x 24 pixels (1 looked at)" in out
    assert "missing     3 images, for example a.png, c.png; a training does not start without them" in out
    assert "questions   none; a later submission reads questions.csv" in out
    assert "  note   one of  2  3 labelled (25% absent): x 2, y 1\n" in out


def test_of_many_tasks_some_are_shown_and_all_are_written(here, capsys):
    columns = [f"q{number}" for number in range(50)]
    lines = [f"{row}.jpg,{','.join(['ab'[row % 2]] * 50)}" for row in range(4)]
    write(Path("labels.csv"), "\n".join([",".join(["image", *columns]), *lines]))
    told = said(capsys, "wide", "--labels", "labels.csv")
    assert "q29" in told and "q30" not in told and "… 20 more tasks" in told
    assert [task.name for task in load_recipe("wide.py").tasks] == columns


def test_what_is_rare_in_many_tasks_is_said_in_one_line(here, capsys):
    columns = [f"q{number}" for number in range(50)]
    lines = [f"{row}.jpg,{','.join(['ab'[row == 0]] * 50)}" for row in range(4)]
    write(Path("labels.csv"), "\n".join([",".join(["image", *columns]), *lines]))
    notes = [line for line in said(capsys, "wide", "--labels", "labels.csv").splitlines() if line.startswith("note")]
    words = "on fewer than two images, too few to train and validate"
    assert notes == [f"note        q0, q1, q2, q3 and 46 more: some classes are {words}; for example, q0: b {words}"]


def test_rows_are_read_where_a_training_reads_them(here, capsys):
    rows = [f"Images/{n}.png,size_labels,{'yn' if n % 2 else 'ny'}" for n in range(4)]
    write(here / "data/base/Annotations/label.csv", rows)
    write(here / "data/rank/Tests/question.csv", ["Images/q.png,size_labels,"])
    for number in range(4):
        image(here / f"data/base/Images/{number}.png")
    found = sniff(here / "data/base/Annotations/label.csv")
    assert (found.layout, found.data) == ("fashionai", here / "data")
    assert found.questions == (here / "data/rank/Tests/question.csv",)
    assert "classes are only numbered" in found.notes[0]
    write(here / "data/classes.csv", ["size,small,large"])
    out = said(capsys, "sizes", "--labels", "data/base/Annotations/label.csv")
    assert "size  one of  2  4 labelled (0% absent): small 2, large 2" in out
    assert "competition train sizes.py --data data\n" in out
    assert load_recipe("sizes.py").tasks == (Task("size", ("small", "large")),)


def test_answers_beside_the_questions_are_labels_of_the_images_there(here, capsys):
    rows = [f"Images/{n}.png,size_labels,{'yn' if n % 2 else 'ny'}" for n in range(4)]
    write(here / "data/rank/Tests/answers.csv", rows)
    write(here / "data/classes.csv", ["size,small,large"])
    for number in range(4):
        image(here / f"data/rank/Images/{number}.png")
    out = said(capsys, "sizes", "--labels", "data/rank/Tests/answers.csv")
    assert "size  one of  2  4 labelled (0% absent): small 2, large 2" in out
    assert "images      4 of 4 found" in out
    assert "competition train sizes.py --data data/rank/Tests/answers.csv\n" in out
    dataset = LAYOUTS["fashionai"].read_labels(here / "data/rank/Tests/answers.csv", load_recipe("sizes.py").tasks)
    assert dataset.path(0) == here / "data/rank/Images/0.png"


def test_a_folder_of_classes_becomes_one_task(here, capsys):
    for name in ("train/cat/a.png", "train/dog/a.png", "train/dog/b.png", "test/q.png"):
        image(here / "pets" / name)
    out = said(capsys, "pets", "--labels", "pets")
    assert "pets: a folder per class, 3 images" in out
    assert "class  one of  2  3 labelled (0% absent): cat 1, dog 2" in out
    assert "questions   pets/test" in out
    assert load_recipe("pets.py").layout == "folder"


def test_labels_of_another_format_are_written_as_tables_beside_the_recipe(here, capsys):
    write(here / "data/train.csv", ["id;tags;split", "a;red, wet;train", "b;red;train", "c;wet;valid", "d;;test"])
    for name in "abcd":
        image(here / f"data/pics/{name}.png")
    arguments = ("mine", "--labels", "data/train.csv")
    out = said(capsys, *arguments, "--dry-run")
    assert not list(here.glob("mine*"))
    found, would = out.rstrip("\n").split("\n\nwould write ")
    assert would == "mine.csv and mine-questions.csv and mine.py"
    written = said(capsys, *arguments)
    assert written.startswith(found)
    assert "wrote mine.csv: 3 rows\nwrote mine-questions.csv: 1 row\nwrote mine.py: small at" in written
    assert (
        Path("mine.csv").read_text()
        == "id,tags,split\npics/a.png,red|wet,train\npics/b.png,red,train\npics/c.png,wet,validation\n"
    )
    assert Path("mine-questions.csv").read_text() == "id\npics/d.png\n"
    recipe = load_recipe("mine.py")
    assert recipe.tasks == (Task("tags", ("red", "wet"), "multilabel"),)
    assert (Path(recipe.images), recipe.split_column) == (Path("data"), "split")
    assert Path(recipe.questions) == Path("mine-questions.csv")
    for words in (
        "columns are separated by semicolons",
        "tags: commas separate several values",
        "train 2, validation 1, tes",
    ):
        assert words in " ".join(Path("mine.py").read_text().split())
    assert main(["init", *arguments]) == 1
    assert "mine.py exists and is not overwritten" in capsys.readouterr().err


@pytest.mark.parametrize("flags", ["1.0 0.0", "True False", "TRUE FALSE", "Yes No"])
def test_a_column_a_class_as_pandas_writes_it_is_read_where_it_lies(here, capsys, flags):
    """So that questions.csv and answers.csv beside it are found, too."""
    yes, no = flags.split()
    rows = [f"{n}.png,{yes},{no}" if n % 2 else f"{n}.png,{no},{yes}" for n in range(4)]
    write(here / "labels.csv", ["image,light_yes,light_no", *rows, "4.png,,"])
    write(here / "questions.csv", ["image", "q.png"])
    out = said(capsys, "lights", "--labels", "labels.csv")
    assert "questions   questions.csv\n" in out
    assert "competition train lights.py --data .\n" in out
    assert "written as" not in out
    assert not Path("lights.csv").exists()


def test_one_column_of_flags_as_pandas_writes_it_is_written_anew(here, capsys):
    write(here / "labels.csv", ["image,wet", "a.png,1.0", "b.png,0.0", "c.png,"])
    assert "note        wet: written as 0, 1, not 0.0\n" in said(capsys, "wet", "--labels", "labels.csv")
    assert Path("wet.csv").read_text() == "image,wet\na.png,1\nb.png,0\nc.png,\n"


@pytest.mark.parametrize("name", ["sample.csv", "submission_labels.csv"])
def test_labels_that_are_called_like_a_sample_are_not_their_own_questions(here, capsys, name):
    write(here / name, TABLE)
    assert "questions   none; a later submission" in said(capsys, "shapes", "--labels", name, "--leave-out", "note")
    assert load_recipe("shapes.py").questions == ""


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        (
            ["id,prediction,chance", "q,disk,1"],
            "cannot be answered, so it is left alone: sample_submission.csv: no task",
        ),
        (["id,target", "q_shape,0", "r_shape,0"], "cannot be answered, so it is left alone: sample_submission.csv: "),
        (["id,shape", "a,disk", "b,disk"], "is left alone, because it asks about 2 images that are learned from"),
    ],
)
def test_a_sample_that_a_submission_could_not_answer_is_left_alone_and_said(here, capsys, sample, words):
    write(here / "train.csv", ["id,shape", "a,disk", "b,square"])
    write(here / "sample_submission.csv", sample)
    for name in ("train/a", "train/b", "test/q", "test/r"):
        image(here / f"{name}.png")
    out = said(capsys, "shapes", "--labels", ".")
    assert f"note        sample_submission.csv {words}" in out
    assert "questions   none; a later submission" in out
    assert load_recipe("shapes.py").questions == ""


def test_images_that_a_sample_asks_about_and_that_are_not_there_are_said(here, capsys):
    write(here / "train.csv", ["id,shape", "a,disk", "b,square"])
    write(here / "sample_submission.csv", ["id,shape", "q,disk", "r,disk"])
    for name in ("train/a", "train/b", "test/q"):
        image(here / f"{name}.png")
    out = said(capsys, "shapes", "--labels", ".")
    assert "questions   sample_submission.csv\n" in out
    assert "note        1 of 2 images that are asked about are not there: test/r.png\n" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["shapes", "--labels", "gone.csv"], ["gone.csv cannot be read"]),
        (["clothing", "--labels", "mine.csv"], ["clothing is a recipe of the project"]),
        (["my shapes", "--labels", "gone.csv"], ["name is 'my shapes'"]),
        (["pets/shapes", "--labels", "mine.csv"], ["pets/shapes.py names a folder", "current folder: shapes.py"]),
        (["there", "--labels", "mine.csv"], ["there.py exists and is not overwritten"]),
        (["shapes", "--labels", "mine.csv", "--leave-out", "nothing"], ["no column 'nothing'", "shape, note"]),
        (["shapes", "--labels", "mine.csv", "--weights", "gone.h5"], ["gone.h5: there is no such file"]),
        (["shapes", "--labels", "pets", "--leave-out", "note"], ["--leave-out: for tables", "has the layout folder"]),
        (["shapes", "--labels", "label.csv"], ["label.csv holds rows", "move it to base/Annotations/label.csv"]),
        (["shapes", "--labels", "bad.csv"], ["bad.csv:4: 1 cells in 'b.png'; the header names 2"]),
        (["shapes", "--labels", "twice.csv"], ["twice.csv:3: a.png has shape 'square' here, but 'disk' in line 2"]),
    ],
    ids=lambda value: " ".join(value) if len(value) > 2 else None,
)  # fmt: skip
def test_what_cannot_become_a_recipe_is_refused_and_nothing_is_written(here, capsys, arguments, words):
    write(here / "mine.csv", TABLE)
    write(here / "label.csv", ["a.png,size_labels,yn"])
    write(here / "bad.csv", ["image,shape", "a.png,disk", "a.png,square", "b.png"])
    write(here / "twice.csv", ["image,shape", "a.png,disk", "a.png,square", "b.png,disk"])
    write(here / "there.py", "")
    for name in ("cat/1.png", "dog/1.png"):
        image(here / "pets" / name)
    before = sorted(here.iterdir())
    assert main(["init", *arguments]) == 1
    message = capsys.readouterr().err
    assert message.startswith("error: ")
    assert [word for word in words if word not in message] == []
    assert sorted(here.iterdir()) == before


def test_recipe_and_tables_are_written_together_or_not_at_all(here, monkeypatch):
    def fails(*_):
        raise OSError("no space left")

    write(here / "other/labels.tsv", [line.replace(",", "\t") for line in TABLE])
    image(here / "other/a.png")
    monkeypatch.setattr(init_command, "write_csv", fails)
    with pytest.raises(InvalidInput, match="cannot be written: no space left"):
        init("shapes", replace(LOOKING, leave_out=("note",)), labels=here / "other/labels.tsv")
    assert [path.name for path in here.iterdir()] == ["other"]


def test_a_table_that_is_named_does_not_depend_on_what_lies_beside_it(here, capsys):
    write(here / "data/train.csv", ["image,label", "a.png,x", "b.png,y"])
    for other in ("test_a.csv", "test_b.csv", "my_submission.csv"):
        write(here / "data" / other, ["image,label", "q.png,x"])
    sample = write(here / "data/sample_submission.csv", ["image,label", "q.png,x"])
    for seed, name in enumerate("abq"):
        image(here / f"data/{name}.png", seed=seed)
    assert f"questions   {sample.relative_to(here)}" in said(capsys, "mine", "--labels", "data/train.csv", "--dry-run")
    assert main(["init", "mine", "--labels", "data"]) == 1
    assert "data holds several files of questions; move all but one away" in capsys.readouterr().err


def test_a_folder_called_training_is_a_class_where_it_holds_images(here, capsys):
    for name in ("running/1.png", "training/2.png", "cooking/3.png"):
        image(here / "sports" / name)
    assert "class  one of  3" in said(capsys, "mine", "--labels", "sports", "--dry-run")


def test_imported_labels_say_where_their_images_were_and_need_no_warning(here, capsys):
    write(here / "data/labels.tsv", ["image\tbeard", "a.png\tnone", "b.png\tfull"])
    for seed, name in enumerate("ab"):
        image(here / f"data/{name}.png", seed=seed)
    assert "beard: 'none' is a class" in said(capsys, "mine", "--labels", "data/labels.tsv")
    recipe, data = load_recipe("mine.py"), here / "mine.csv"
    assert len(reader_of(recipe).read_labels(data, recipe.tasks)) == 2  # a warning would be an error
    (here / "data").rename(here / "elsewhere")
    message = refusal(reader_of(recipe).read_labels, data, recipe.tasks)
    assert f"the recipe's images are in data, which is no folder seen from {here}" in message


@pytest.mark.parametrize("weights", ["imagenet", "mine.pth", "none"])
def test_a_recipe_is_written_as_the_file_that_makes_it(tmp_path, weights):
    classes = tuple(f"a class with a long name, number {number}" for number in range(12))
    recipe = starting_recipe("mine", "table", (*TASKS, Task("long", classes, "multilabel")), 500, 300, weights)
    file = write(tmp_path / "mine.py", recipe_file(recipe, 'In """quotes""" and \\slashes.\n'))
    assert load_recipe(str(file)) == recipe
    assert recipe.backbone == ("small" if weights == "none" else "efficientnet_lite2")
    assert max(map(len, file.read_text().splitlines())) <= 120


def test_every_field_that_is_not_the_default_is_written(tmp_path):
    stages = {"epochs": (1, 2), "learning_rate": (1e-05, 0.5), "trains": ("heads", "all")}
    others = {"maybe": 0.25, "zoom": (0.5, 1), "transforms": (("blur", 1.0),), "amsgrad": True}
    changed = replace(Recipe("mine"), tasks=TASKS, **stages, **others)
    assert load_recipe(str(write(tmp_path / "mine.py", recipe_file(changed, "Mine.\n")))) == changed


def test_a_first_recipe_follows_the_number_and_the_size_of_the_images():
    few, many = (starting_recipe("mine", "table", TASKS, images, 300, "none") for images in (100, 10_000))
    assert few.epochs > many.epochs
    assert few.batch_size < many.batch_size
    assert few.validation > many.validation
    assert [starting_recipe("mine", "table", TASKS, 500, side, "none").image_size for side in (28, 32, 60, 4000)] == [
        32,
        32,
        64,
        96,
    ]


def test_pictures_are_not_mirrored_where_a_class_is_a_side():
    side = Task("hand", ("left_hand", "Right hand"))
    assert not starting_recipe("mine", "table", (side,), 500, 64, "none").flip
    assert starting_recipe("mine", "table", (Task("hand", ("cleft", "bright")),), 500, 64, "none").flip


def test_photographs_start_from_weights_that_are_installed_unless_none_are_wanted(here, capsys):
    write(here / "mine.csv", TABLE)
    image(here / "a.png", 120, 200)
    out = said(capsys, "mine", "--labels", "mine.csv", "--leave-out", "note")
    assert "efficientnet_lite2 at 260 pixels, from ImageNet weights" in out
    assert "competition probe --data . --recipe mine.py" in out
    assert (load_recipe("mine.py").backbone, load_recipe("mine.py").weights) == ("efficientnet_lite2", "imagenet")
    out = said(capsys, "scratch", "--labels", "mine.csv", "--leave-out", "note", "--weights", "none")
    assert "small at 96 pixels, from scratch, because --weights is none" in out
    assert "probe" not in out
    assert load_recipe("scratch.py").weights == "none"
    write(here / "mine.pth", b"weights")
    out = said(capsys, "own", "--labels", "mine.csv", "--leave-out", "note", "--weights", "mine.pth")
    assert "efficientnet_lite2 at 260 pixels, from mine.pth" in out
    assert load_recipe("own.py").weights == "mine.pth"


def picture(path: Path, colour: str, light: bool, seed: int) -> None:
    """A plain square of one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 40, (32, 32, 3)).astype(np.uint8)
    pixels[..., COLOURS[colour]] += 200 if light else 80
    cv2.imwrite(str(path), pixels[..., ::-1])


@pytest.mark.slow
def test_from_ones_own_pictures_and_table_to_a_submission(here, capsys):
    rng = np.random.default_rng(0)
    rows = [(f"{n}.png", rng.choice(list(COLOURS)), n % 2 == 0) for n in range(120)]
    for number, (name, colour, light) in enumerate(rows):
        picture(here / "mine/images" / name, colour, light, number)
    table = pd.DataFrame(
        {
            "image": [name for name, *_ in rows],
            "colour": [colour if n % 3 else "" for n, (_, colour, _) in enumerate(rows)],
            "light_yes": [int(light) if n % 3 != 1 else None for n, (*_, light) in enumerate(rows)],
            "light_no": [int(not light) if n % 3 != 1 else None for n, (*_, light) in enumerate(rows)],
        }
    )
    table[:96].to_csv(here / "mine/labels.csv", index=False)
    table[96:][["image"]].to_csv(here / "mine/questions.csv", index=False)
    table[96:].to_csv(here / "mine/answers.csv", index=False)
    recipe = load_recipe(str(init("colours", labels=here / "mine/labels.csv")))
    assert [task.name for task in recipe.tasks] == ["colour", "light"]

    run = train(replace(recipe, epochs=(8,), precision="float32"), here / "mine")
    written = pd.read_csv(submit([run.folder]), dtype=str)
    assert list(written.columns) == list(table.columns)
    assert list(written["image"]) == list(table["image"][96:])
    truth = [colour for _, colour, _ in rows[96:]]
    assert (written["colour"] == truth).mean() >= 0.8
    assert "score by the answers of" in capsys.readouterr().out


@pytest.mark.slow
def test_from_a_folder_of_classes_to_a_smoke_test_and_its_submission(here):
    for number in range(30):
        colour = list(COLOURS)[number % 3]
        part = "test" if number >= 27 else f"{'val' if number >= 21 else 'train'}/{colour}"
        picture(here / f"pets/{part}/{number}.png", colour, True, number)
    recipe = load_recipe(str(init("pets", labels=here / "pets")))
    assert recipe.backbone == "small"
    quick = replace(recipe, backbone="convnet", precision="float32")  # built and traced in a third of the time
    run = train(quick, here / "pets", smoke=True)
    assert Run(run.folder).read_json("scores.json")["best"]["tasks"][0]["rows"] == 6  # those of val/
    written = pd.read_csv(submit([run.folder]))
    assert list(written.columns) == ["image", "class"]
    assert list(written["image"]) == ["27.png", "28.png", "29.png"]
    assert set(written["class"]) <= set(COLOURS)
