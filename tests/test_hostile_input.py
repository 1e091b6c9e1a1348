"""Files and names made to harm: pipes, devices, archives that fill the memory, names that leave a folder or mislead."""

import io
import os
import subprocess
import sys
import warnings
import zipfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from formats import JPEG
from helpers import refusal, write
from hostile import bounded
from predicted import at_random

from competition.__main__ import reported
from competition.commands.arguments import call_with_recipe
from competition.data.folds import read_folds
from competition.data.lists import find_images
from competition.errors import InvalidInput, unseen_in, visible
from competition.images.arrays import open_array
from competition.images.decode import BadImage, read_file
from competition.layouts import folder, table
from competition.layouts.answers import for_spreadsheets
from competition.layouts.csv_lines import csv_rows
from competition.layouts.imports.read import read_sheet
from competition.recipe import Recipe
from competition.run import Run
from competition.scoring.predictions import HELD_OUT, read_predictions
from competition.scoring.reports import write_confusion, write_reports
from competition.task import Task

KIND = Task("kind", ("cat", "dog"))
READERS = {
    "labels.csv": lambda path: list(csv_rows(path)),
    "folds.csv": read_folds,
    **dict.fromkeys(
        ("labels.tsv", "labels.json", "labels.xlsx", "labels.mat", "labels.zip", "labels.parquet"), read_sheet
    ),
    "images.npy": open_array,
    "recipe.json": lambda path: Run(path.parent).read_recipe(),
    "probabilities.npz": lambda path: read_predictions(Run(path.parent)),
}


def pipe(path: Path) -> None:
    os.mkfifo(path)


def link_to_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def link_to_pipe(path: Path) -> None:
    os.mkfifo(path.with_name("pipe"))
    path.symlink_to("pipe")


@pytest.mark.parametrize("make", [pipe, link_to_device, link_to_pipe])
@pytest.mark.parametrize("name", READERS)
def test_a_label_file_that_is_a_pipe_or_a_device_is_refused_at_once(tmp_path, name, make):
    make(tmp_path / name)
    with bounded(tmp_path):
        message = refusal(READERS[name], tmp_path / name)
    assert str(tmp_path / name) in message
    assert any(words in message for words in ("it is a pipe", "it is a device", "there is no such file"))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (pipe, "it is a pipe, and only a file can be read"),
        (link_to_device, "it is a device"),
        (Path.mkdir, "a directory"),
    ],
)
def test_an_image_that_is_no_file_is_a_bad_image(tmp_path, make, words):
    make(tmp_path / "a.jpg")
    with bounded(tmp_path), pytest.raises(BadImage, match=words):
        read_file(tmp_path / "a.jpg")


def test_an_image_behind_a_link_of_the_owner_is_read(tmp_path):
    write(tmp_path / "elsewhere/a.jpg", JPEG)
    (tmp_path / "data").symlink_to(tmp_path / "elsewhere")
    assert read_file(tmp_path / "data/a.jpg") == JPEG


def zeros(path: Path, member: str, size: int, head: bytes = b"") -> Path:
    """A zip of one member of so many zeros."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(member, "w") as opened,
    ):
        opened.write(head)
        for _ in range(size // 2**20):
            opened.write(bytes(2**20))
    return path


@pytest.mark.parametrize(
    ("name", "member"),
    [("probabilities.npz", "codes/kind.npy"), ("labels.xlsx", "xl/a.xml"), ("labels.zip", "labels.csv")],
)
def test_an_archive_that_would_fill_the_memory_is_refused_unpacked(tmp_path, name, member):
    path = zeros(tmp_path / name, member, 257 * 2**20)
    assert path.stat().st_size < 2**21
    message = refusal(READERS[name], path)
    assert f"would unpack to {257 * 2**20:,}" in message
    assert str(path) in message


def test_an_array_in_an_archive_that_claims_more_than_it_holds_is_refused(tmp_path):
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(content, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 100)})
    with zipfile.ZipFile(tmp_path / HELD_OUT, "w") as archive:
        archive.writestr("probabilities/plain/kind.npy", content.getvalue())
    with bounded(tmp_path):
        assert "is damaged" in refusal(read_predictions, Run(tmp_path))


def test_an_array_that_claims_more_than_follows_is_refused(tmp_path):
    with (tmp_path / "a.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (2**61, 4)})
    assert f"takes {2**66:,} bytes, and 0 follow" in refusal(open_array, tmp_path / "a.npy")


class Harmful:
    def __reduce__(self):
        return os.mkdir, ("harm",)


def test_pickles_in_arrays_are_refused_and_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("labels.npy", np.array([Harmful()], object), allow_pickle=True)
    np.savez(HELD_OUT, **{"classes/kind": np.array([Harmful()], object)})
    assert "pickled objects, which can run anything" in refusal(open_array, Path("labels.npy"))
    assert "is damaged" in refusal(read_predictions, Run(Path()))
    assert not Path("harm").exists()


def test_a_workbook_whose_last_cell_is_far_out_is_refused(tmp_path):
    content = io.BytesIO()
    pd.DataFrame({"image": ["a.jpg"], "label": ["cat"]}).to_excel(content, index=False)
    with zipfile.ZipFile(content) as old, zipfile.ZipFile(tmp_path / "t.xlsx", "w") as new:
        for name in old.namelist():
            sheet = old.read(name).replace(
                b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
            )
            new.writestr(name, sheet)
    with bounded(tmp_path):
        message = refusal(read_sheet, tmp_path / "t.xlsx")
    assert "has its last cell in row 1,048,576 and column 16,384, and only 5 cells are filled" in message


def test_what_crashes_the_reader_of_matlab_is_refused(tmp_path, monkeypatch):
    crash = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"]
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda _, **pipes: run(crash, **pipes))
    message = refusal(read_sheet, write(tmp_path / "t.mat", b"MATLAB 5.0"))
    assert message.endswith("t.mat cannot be read as a file of MATLAB: it is damaged, and what reads it crashed")


HIDDEN = {"\u202e": r"\u202e", "\x1b": r"\x1b", "\x9b": r"\x9b", "\r": r"\r", "\u2028": r"\u2028", "\udcff": r"\udcff"}


@pytest.mark.parametrize(("sign", "spelt"), [*HIDDEN.items(), ("\n", r"\n"), ("\t", r"\t"), ("\0", r"\x00")])
def test_a_class_that_misleads_is_refused(sign, spelt):
    message = refusal(Task, "kind", ("cat", f"do{sign}g"))
    assert f"which holds {spelt}: " in message
    assert not unseen_in(message)


@pytest.mark.parametrize("name", ["-1", "=1+1", "+", "@home", "no/yes", "..", "ночь", "شمس", "a b", "e\u0301", "'"])
def test_a_class_that_is_merely_odd_is_accepted(name):
    assert Task("kind", ("cat", name)).classes[1] == name


@pytest.mark.parametrize("name", ["..", "a/b", ".hidden", "a\u202eb", "a\0", "a\x1b[2J", "=1", ""])
def test_a_task_or_a_recipe_cannot_have_a_name_that_leaves_a_folder_or_misleads(name):
    for make in (partial(Task, classes=("cat", "dog")), Recipe):
        assert not unseen_in(refusal(make, name))


@pytest.mark.parametrize("sign", HIDDEN)
def test_no_message_sends_to_a_terminal_what_a_name_holds(sign, capsys):
    def act() -> int:
        print(f"read a{sign}b.jpg\n\x1b[1mbold\x1b[0m")
        raise InvalidInput(f"bad a{sign}b.jpg")

    assert reported(act) == 1
    told = capsys.readouterr()
    assert told.out == f"read a{HIDDEN[sign]}b.jpg\n\x1b[1mbold\x1b[0m\n"
    assert told.err == f"error: bad a{HIDDEN[sign]}b.jpg\n"
    told = warnings.formatwarning(f"odd a{sign}b.jpg", UserWarning, "a.py", 1)
    assert told == f"warning: odd a{HIDDEN[sign]}b.jpg\n"


def test_bars_of_progress_are_shown_as_they_are():
    assert visible("\r 3/10 [===>....]") == "\r 3/10 [===>....]"
    assert visible("\b\b\b\r\x1b[1m3/10\x1b[0m \x1b[37m━━\x1b[0m") == "\b\b\b\r\x1b[1m3/10\x1b[0m \x1b[37m━━\x1b[0m"


FORMULAS = ("=1+1", "+A1", "-A1", "@SUM", "-1", "+2.5", "x=1")


def test_reports_hold_nothing_that_a_spreadsheet_computes(tmp_path):
    table = for_spreadsheets(pd.DataFrame({"name": FORMULAS, "=n": range(7)}, index=FORMULAS))
    shown = ["'=1+1", "'+A1", "'-A1", "'@SUM", "-1", "+2.5", "x=1"]
    assert (table["name"].tolist(), table.index.tolist(), [*table.columns]) == (shown, shown, ["name", "'=n"])
    one = at_random(0, skill=0.5, tasks=("kind",))
    one = replace(one, tasks=(Task("kind", ("=1+1", "@x", "-1")),), images=np.char.add("=", one.images))
    write_confusion(Run(tmp_path), one)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # there are no images for the sheets
        write_reports(Run(tmp_path), one, dict)
    for name in ("mistakes.csv", "confused.csv", "confusion/kind.csv"):
        cells = pd.read_csv(tmp_path / name, dtype=str, header=None).to_numpy().ravel()
        assert "'=1+1" in cells
        assert [cell for cell in cells if cell[0] in "=@"] == []


def test_answers_are_written_letter_for_letter(tmp_path):
    task = Task("kind", ("=1+1", "@x"))
    write(tmp_path / "questions.csv", ["image", "=a.jpg", "b.jpg"])
    asked = table.read_questions(tmp_path / "questions.csv", (task,))
    table.write_answers(tmp_path / "mine.csv", asked, {"kind": np.array([[0.9, 0.1], [0.1, 0.9]])}, (task,))
    assert (tmp_path / "mine.csv").read_text() == "image,kind\n=a.jpg,=1+1\nb.jpg,@x\n"


@pytest.mark.parametrize("name", ["..", "../../cat", "/etc", "."])
def test_a_class_of_a_recipe_cannot_lead_out_of_the_folder(tmp_path, name):
    for one in ("data/cat/a.jpg", "cat/secret.jpg", "a.jpg"):
        write(tmp_path / one, JPEG)
    tasks = (Task("kind", ("cat", name)),)
    assert f"no folder can be called {name!r}" in refusal(folder.read_labels, tmp_path / "data", tasks)


def test_an_image_whose_name_is_not_utf8_is_named_before_an_answer_needs_it(tmp_path):
    write(tmp_path / "data/cat/a.jpg", JPEG)
    odd = os.fsdecode(b"\xff.jpg")
    write(tmp_path / "data/dog" / odd, JPEG)
    assert "is not UTF-8, so no answer can name it; rename it" in refusal(folder.read_labels, tmp_path / "data", ())
    assert "not UTF-8" in refusal(find_images, tmp_path / "data", (KIND,))


def test_a_run_of_data_in_a_folder_that_is_not_utf8_is_recorded(tmp_path):
    made = {"data": os.fsdecode(b"data-\xff"), "command": "train"}
    Run(tmp_path).write_recipe(Recipe("mine"), made)
    assert Run(tmp_path).read_made() == made


@pytest.mark.parametrize(
    "content", ["[" * 100_000, '{"recipe": ' * 100_000, '{"recipe": {"zoom": []}}', '{"recipe": {"epochs": ["a"]}}']
)
def test_a_recipe_that_is_nested_or_of_other_types_is_refused(tmp_path, content):
    assert str(tmp_path) in refusal(Run(write(tmp_path / "recipe.json", content).parent).read_recipe)


def test_a_json_recipe_is_only_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(Path("recipe.json"), "{\"recipe\": \"__import__('os').mkdir('harm')\"}")
    with pytest.raises(InvalidInput):
        call_with_recipe(lambda recipe: None, ["recipe.json"])
    assert not Path("harm").exists()


def test_labels_do_not_make_millions_of_classes(tmp_path):
    from competition.layouts import arrays

    np.save(tmp_path / "train_images.npy", np.zeros((2, 8, 8, 3), np.uint8))
    np.save(tmp_path / "train_kind.npy", np.array([0, 2**62]))
    with bounded(tmp_path):
        message = refusal(arrays.read_labels, tmp_path, ())
    assert (
        "train_kind.npy: the largest label makes 4,611,686,018,427,387,905 classes, and 20,000 are allowed" in message
    )
