"""Lists of images for a labelled folder: how they are divided, and what cannot be listed."""

import csv
from collections import Counter
from pathlib import Path

import pytest
from helpers import refusal, write

from competition.__main__ import main
from competition.data.lists import write_lists
from competition.layouts.flowers import read_lines
from competition.recipes.flowers import TASKS

FILES = ("train.txt", "val.txt", "test.txt")
KINDS = ("rose_red", "rose_pink", "rose_white", "daisy_red", "daisy_pink", "daisy_white")
PERCENT = dict(zip(FILES, (60, 25, 15), strict=True))


def labelled_folder(folder: Path, counts: dict[str, int]) -> Path:
    for kind, count in counts.items():
        for number in range(count):
            write(folder / kind / f"{number}.jpg", f"{kind} {number}")
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}


def test_a_labelled_folder_is_divided_and_read_back(tmp_path, capsys):
    counts = dict(zip(KINDS, (20, 21, 37, 4, 60, 1), strict=True))
    assert main(["lists", str(labelled_folder(tmp_path, counts))]) == 0
    lines = read_lines([tmp_path / name for name in FILES], TASKS)
    assert sorted(line.name for line in lines) == sorted(
        f"{kind}/{n}.jpg" for kind in KINDS for n in range(counts[kind])
    )
    for line in lines:
        assert KINDS[3 * line.classes[0] + line.classes[1]] == line.name.split("/")[0]
        assert (tmp_path / line.name).is_file()
    assert (tmp_path / "val.txt").read_text().splitlines()[0].startswith("/daisy_pink/")
    printed = capsys.readouterr().out
    for name, count in Counter(line.file.name for line in lines).items():
        assert f"{name}: {count} images" in printed
    for (file, kind), count in Counter((line.file.name, line.name.split("/")[0]) for line in lines).items():
        assert abs(count - PERCENT[file] * counts[kind] / 100) <= 1


def test_the_same_seed_gives_the_same_files_and_another_seed_others(tmp_path):
    folders = [labelled_folder(tmp_path / name, dict.fromkeys(KINDS, 10)) for name in "abc"]
    for folder, seed in zip(folders, (5, 5, 6), strict=True):
        write_lists(folder, TASKS, seed)
    assert files_of(folders[0]) == files_of(folders[1])
    assert all(files_of(folders[0])[name] != files_of(folders[2])[name] for name in FILES)


@pytest.mark.parametrize("there", FILES)
def test_lists_that_exist_are_never_written_again(tmp_path, there):
    labelled_folder(tmp_path, {"rose_red": 10})
    write(tmp_path / there, "mine")
    assert f"{tmp_path / there} exists" in refusal(write_lists, tmp_path, TASKS)
    assert {path.name for path in tmp_path.iterdir()} == {"rose_red", there}
    assert (tmp_path / there).read_text() == "mine"


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("tulip_red/1.jpg", "tulip_red: no such kind"),
        ("data/1.jpg", "data: no such kind"),
        ("rose_red/notes.txt", "rose_red/notes.txt: not an image; remove it"),
        ("rose_red/a.jpg ", "rose_red/a.jpg : not an image"),
        ("rose_red/a\nb.jpg", "cannot be written to the lists; rename it"),
        ("rose_red/ a.jpg", "cannot be written to the lists; rename it"),
        ("rose_red/more.jpg/1.jpg", "rose_red/more.jpg: not an image"),
    ],
)
def test_what_cannot_be_listed_is_named_and_nothing_is_written(tmp_path, file, words):
    labelled_folder(tmp_path, {"rose_red": 10})
    write(tmp_path / file, "")
    message = refusal(write_lists, tmp_path, TASKS)
    assert words in message
    assert "expected are folders rose_red, rose_pink, rose_white, daisy_red, daisy_pink, daisy_white" in message
    assert not list(tmp_path.glob("*.txt"))


def test_hidden_files_are_passed_over_and_endings_and_folders_may_be_in_capitals(tmp_path):
    for name in (".cache/x.jpg", "Rose_Red/.DS_Store", "Rose_Red/A.JPG", "Rose_Red/b.png", "Rose_Red/c.webp"):
        write(tmp_path / name, "")
    write_lists(tmp_path, TASKS)
    named = "".join((tmp_path / name).read_text() for name in FILES).splitlines()
    assert sorted(named) == ["/Rose_Red/A.JPG, 0, 0", "/Rose_Red/b.png, 0, 0", "/Rose_Red/c.webp, 0, 0"]


ODD_NAMES = ("a,b.jpg", 'a"b.jpg', '"c".jpg', "a 'b'.jpg", "ä.jpg")


def test_names_with_commas_and_quotation_marks_are_listed_and_read_back(tmp_path):
    for name in ODD_NAMES:
        write(tmp_path / "daisy_white" / name, "")
    write_lists(tmp_path, TASKS)
    lines = read_lines([tmp_path / name for name in FILES], TASKS)
    assert sorted(line.name for line in lines) == sorted(f"daisy_white/{name}" for name in ODD_NAMES)
    assert {line.classes for line in lines} == {(1, 2)}


@pytest.mark.parametrize("file", FILES)
def test_after_ctrl_c_no_list_is_left_that_the_next_attempt_would_refuse(tmp_path, monkeypatch, file):
    labelled_folder(tmp_path, dict.fromkeys(KINDS, 10))
    writer, files = csv.writer, iter(FILES)

    def interrupted(*arguments, **options):
        if next(files) == file:
            raise KeyboardInterrupt
        return writer(*arguments, **options)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(csv, "writer", interrupted)
        write_lists(tmp_path, TASKS)
    assert {path.name for path in tmp_path.iterdir()} == set(KINDS)
    write_lists(tmp_path, TASKS)
    assert len(files_of(tmp_path)) == 3


@pytest.mark.parametrize("folder", ["", "absent"])
def test_a_folder_without_images_is_refused(tmp_path, folder):
    assert "rose_red, rose_pink" in refusal(write_lists, tmp_path / folder, TASKS)
