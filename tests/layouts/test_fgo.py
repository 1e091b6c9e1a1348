"""Game wallpapers: both layouts say the same, and every kind of mistake is named with its file and line."""

import csv
from pathlib import Path

import numpy as np
import pytest
from helpers import refusal, write

from competition.layouts.fgo import label_files, question_files, read_labels, read_questions
from competition.recipes.fgo import COLOURS, TASKS

PROFILES = [
    "name,gender,region,fighting_style,alignment",
    "Nitocris,Female,Egypt,magic,LG",
    '"Hassan, the Old",Male,Middle East,melee,LE',
]
COLORS = [
    f"image_name,name,{','.join(COLOURS)}",
    "1.jpg,Nitocris,1,0,0,0,0,1,1,0",
    '2.jpg,"Hassan, the Old",0,0,0,1,0,0,0,0',
    "3.jpg,Nitocris,0,0,0,0,0,0,0,0",
]
ONE_HOT = [f"{task.name}_{value}" for task in TASKS if task.kind == "multiclass" for value in task.classes]
TRUE = {  # by hand, per image
    "1.jpg": ("Female", "Egypt", "magic", "LG", {"white", "purple", "gold"}),
    "2.jpg": ("Male", "Middle East", "melee", "LE", {"black"}),
    "3.jpg": ("Female", "Egypt", "magic", "LG", set()),
}


def merged_line(name: str, character: str, values: tuple) -> str:
    *single, colours = values
    flags = [str(int(colour in colours)) for colour in COLOURS]
    names = {f"{task.name}_{value}" for task, value in zip(TASKS, single, strict=False)}
    return ",".join((name, character, *flags, *(str(int(column in names)) for column in ONE_HOT)))


MERGED = [",".join(("image_name", "name", *COLOURS, *ONE_HOT)), *(merged_line(k, "", v) for k, v in TRUE.items())]


def two_files(folder: Path, profiles=PROFILES, colors=COLORS) -> Path:
    write(folder / "profiles.csv", profiles)
    write(folder / "colors.csv", colors)
    return folder


def answers(dataset) -> dict[str, tuple]:
    """What a dataset says of each image, in words."""
    found = {}
    for row, name in enumerate(dataset.names):
        said = [
            {value for value, code in zip(task.classes, dataset.codes[task.name][row], strict=True) if code == 2}
            for task in dataset.tasks
        ]
        found[name] = (*(next(iter(values)) for values in said[:-1]), said[-1])
    return found


def lines(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def changed(file: list[str], number: int, line: str) -> list[str]:
    return [*file[:number], line, *file[number + 1 :]]


def test_two_files_are_merged_on_the_character(tmp_path):
    found = read_labels(two_files(tmp_path), TASKS)
    assert answers(found) == TRUE
    assert [task.kind for task in found.tasks] == ["multiclass"] * 4 + ["multilabel"]
    assert all(found.labelled[task.name].all() for task in TASKS)  # no colour at all is an answer, too
    assert found.path(1) == tmp_path / "images/2.jpg"
    assert found.place(1) == f"{tmp_path / 'colors.csv'}:3"


def test_the_merged_file_says_the_same_in_columns_of_any_order(tmp_path):
    turned = [",".join(reversed(next(csv.reader([line])))) for line in MERGED]
    for number, file in enumerate((MERGED, turned)):
        folder = write(tmp_path / str(number) / "labels.csv", file).parent
        found = read_labels(folder, TASKS)
        assert answers(found) == TRUE
        assert found.path(0) == folder / "images/1.jpg"


def test_spaces_around_names_and_cells_mean_nothing(tmp_path):
    spaced = [[line.replace(",", " , ") for line in file if '"' not in line] for file in (PROFILES, COLORS)]
    found = read_labels(two_files(tmp_path, *spaced), TASKS)
    assert answers(found) == {name: TRUE[name] for name in ("1.jpg", "3.jpg")}


def test_questions_are_asked_in_every_task_and_know_the_answers_beside_them(tmp_path):
    folder = two_files(tmp_path)
    assert question_files(folder) == []
    write(folder / "questions.csv", ["image_name", "3.jpg", "1.jpg"])
    assert question_files(folder) == [folder / "questions.csv"]
    asked = read_questions(folder / "questions.csv", TASKS)
    assert asked.images.names.tolist() == ["3.jpg", "1.jpg"]
    assert (len(asked), asked.images.codes) == (2 * len(TASKS), {})
    assert asked.images.path(0) == folder / "images/3.jpg"
    write(folder / "answers.csv", [MERGED[0], MERGED[1], MERGED[3]])  # in another order
    asked = read_questions(folder / "questions.csv", TASKS)
    assert answers(asked.images) == {name: TRUE[name] for name in ("3.jpg", "1.jpg")}


@pytest.mark.parametrize(
    ("profiles", "colors", "expected"),
    [
        (PROFILES[:2], COLORS, "colors.csv:3: character 'Hassan, the Old' has no profile in"),
        ([*PROFILES, PROFILES[1]], COLORS, "profiles.csv:4: Nitocris is already in line 2"),
        (
            changed(PROFILES, 1, "Nitocris,Female,Egypten,magic,LG"),
            COLORS,
            "profiles.csv:2: there is no region 'Egypten'; allowed are Asia, Egypt, Europe, Middle East; perhaps",
        ),
        (
            changed(PROFILES, 1, "Nitocris,,Egypt,magic,LG"),
            COLORS,
            "profiles.csv:2: there is no gender ''; allowed are Female",
        ),
        (changed(PROFILES, 1, ",Female,Egypt,magic,LG"), COLORS, "profiles.csv:2: name is empty"),
        (
            changed(PROFILES, 1, "Nitocris,Female,Egypt,magic"),
            COLORS,
            "profiles.csv:2: 4 cells in 'Nitocris,Female,Egypt,magic'; the header names 5",
        ),
        (PROFILES[:1], COLORS, "profiles.csv:1: there is no line below the header"),
        ([], COLORS, "profiles.csv:1: the header lacks columns name, gender, region, fighting_style, alignment"),
        (changed(PROFILES, 0, "name,gender,region,style,alignment"), COLORS, "the header lacks column fighting_style;"),
        (
            changed(PROFILES, 0, "name,gender,region,style,alignment"),
            COLORS,
            "the header has the unknown column style;",
        ),
        (PROFILES, changed(COLORS, 0, COLORS[0].replace("red", "white")), "the header repeats the column white;"),
        (
            PROFILES,
            changed(COLORS, 1, "1.jpg,Nitocris,1,0,2,0,0,1,1,0"),
            "colors.csv:2: green is '2'; allowed are 0 and 1",
        ),
        (
            PROFILES,
            changed(COLORS, 1, "1.jpg,Nitocris,1,0,,0,0,1,1,0"),
            "colors.csv:2: green is ''; allowed are 0 and 1",
        ),
        (PROFILES, COLORS[:1], "colors.csv:1: there is no line below the header"),
    ],
)
def test_what_is_wrong_in_the_two_files_is_named_with_its_line(tmp_path, profiles, colors, expected):
    assert expected in refusal(read_labels, two_files(tmp_path, profiles, colors), TASKS)


def test_all_problems_of_both_files_come_at_once_in_their_order(tmp_path):
    profiles = changed(PROFILES, 1, "Nitocris,Queen,Egypt,Magic,LG")
    colors = [*COLORS, "3.jpg,Nobody,1,0,0,0,0,1,x,0"]
    colors = changed(colors, 1, "1.jpg,Nobody,1,0,0,0,0,1,y,0")
    message = refusal(read_labels, two_files(tmp_path, profiles, colors), TASKS)
    places = [line.split(": ")[0].strip().rpartition("/")[2] for line in message.splitlines()[1:]]
    assert places == ["colors.csv:2", "colors.csv:2", "colors.csv:5", "profiles.csv:2", "profiles.csv:2"]


def test_a_profile_that_is_wrong_is_still_a_profile(tmp_path):
    """One mistake is one line of the message, not one for every image of the character."""
    profiles = changed(PROFILES, 1, "Nitocris,Queen,Egypt,magic,LG")
    assert len(refusal(read_labels, two_files(tmp_path, profiles), TASKS).splitlines()) == 2
    assert len(refusal(read_labels, two_files(tmp_path, PROFILES[:1]), TASKS).splitlines()) == 2


def with_cell(column: str, value: str) -> list[str]:
    """The merged file with another cell in its second line."""
    cells = MERGED[1].split(",")
    cells[MERGED[0].split(",").index(column)] = value
    return changed(MERGED, 1, ",".join(cells))


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (
            with_cell("gender_Female", "0"),
            "labels.csv:2: none of gender_Female, gender_Male is 1; exactly one column of gender has to be 1",
        ),
        (
            with_cell("region_Asia", "1"),
            "labels.csv:2: region_Asia and region_Egypt are 1; exactly one column of region",
        ),
        (with_cell("alignment_TN", "yes"), "labels.csv:2: alignment_TN is 'yes'; allowed are 0 and 1"),
        (with_cell("gold", "1.0"), "labels.csv:2: gold is '1.0'; allowed are 0 and 1"),
        ([*MERGED, MERGED[2]], "labels.csv:5: 2.jpg is already in line 3"),
        ([line.rpartition(",")[0] for line in MERGED], "labels.csv:1: the header lacks column alignment_TN;"),
        (
            [f"{line},0" for line in changed(MERGED, 0, MERGED[0] + ",rank")[:1]],
            "the header has the unknown columns rank, 0;",
        ),
    ],
)
def test_what_is_wrong_in_the_merged_file_is_named_with_its_line(tmp_path, file, expected):
    write(tmp_path / "labels.csv", file)
    assert expected in refusal(read_labels, tmp_path, TASKS)


def test_a_cell_that_is_no_number_is_one_problem_and_not_two(tmp_path):
    write(tmp_path / "labels.csv", with_cell("gender_Female", "f"))
    assert len(refusal(read_labels, tmp_path, TASKS).splitlines()) == 2


def test_neither_both_nor_half_of_the_files_is_a_layout(tmp_path):
    assert "found: none of them" in refusal(label_files, tmp_path)
    write(tmp_path / "colors.csv", COLORS)
    assert "has to hold either profiles.csv and colors.csv, or labels.csv alone; found: colors.csv" in refusal(
        label_files, tmp_path
    )
    two_files(tmp_path)
    write(tmp_path / "labels.csv", MERGED)
    assert "found: profiles.csv, colors.csv, labels.csv" in refusal(label_files, tmp_path)


def test_answers_to_other_questions_are_refused(tmp_path):
    file = write(tmp_path / "questions.csv", ["image_name", "1.jpg", "4.jpg"])
    write(tmp_path / "answers.csv", MERGED[:3])
    message = refusal(read_questions, file, TASKS)
    assert "questions.csv:3: '4.jpg' is not answered in answers.csv" in message
    assert "answers.csv:3: '2.jpg' is not asked in questions.csv" in message
    assert len(message.splitlines()) == 3


def test_questions_have_a_header(tmp_path):
    assert "the header lacks column image_name" in refusal(read_questions, write(tmp_path / "a.csv", ["1.jpg"]), TASKS)


def test_the_tasks_of_the_recipe_decide_columns_and_values(tmp_path):
    tasks = (TASKS[0], TASKS[4])
    write(tmp_path / "profiles.csv", ["name,gender", "A,Male"])
    write(tmp_path / "colors.csv", [COLORS[0], "1.jpg,A,1,0,0,0,0,1,1,0"])
    found = read_labels(tmp_path, tasks)
    assert list(found.codes) == ["gender", "color"]
    np.testing.assert_array_equal(found.codes["color"], [[2, 0, 0, 0, 0, 2, 2, 0]])
