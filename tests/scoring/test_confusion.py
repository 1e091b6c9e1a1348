"""Confusion matrices: the file is whole, and the picture shows what can be read."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from helpers import letter_codes
from predicted import predicted

from competition.run import Run
from competition.scoring.plots import confusion_matrix, save
from competition.scoring.reports import write_confusion
from competition.task import Task


def classes(count: int) -> Task:
    return Task("t", tuple(f"class {number}" for number in range(count)))


def shown(figure) -> list[str]:
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        label.get_text() for label in axes.get_yticklabels()
    ]
    return [label.get_text() for label in axes.get_yticklabels()]


@pytest.mark.parametrize("count", [2, 60])
def test_up_to_sixty_classes_are_all_shown(count):
    figure = confusion_matrix(classes(count), np.eye(count, dtype=int))
    assert shown(figure) == list(classes(count).classes)


def test_of_more_classes_the_most_confused_are_shown_in_their_order():
    """Class 100 is taken for 3, 4, … 40 once each: 39 classes with mistakes. Of the others 0 is first."""
    counts = 5 * np.eye(168, dtype=int)
    counts[100, 3:41] += 1
    figure = confusion_matrix(classes(168), counts)
    assert shown(figure) == [f"class {number}" for number in (0, *range(3, 41), 100)]
    assert figure.axes[0].get_title() == "t: the 40 of 168 classes that are confused most"
    picture = figure.axes[0].images[0].get_array()
    assert picture[-1].tolist() == pytest.approx([0, *[1 / 43] * 38, 5 / 43])  # shares of all rows with that truth
    assert max(figure.get_size_inches()) < 25


def test_cells_of_few_classes_hold_their_counts():
    figure = confusion_matrix(classes(3), np.array([[7, 0, 1], [0, 2, 0], [0, 3, 4]]))
    texts = {(text.get_position()[1], text.get_position()[0]): text.get_text() for text in figure.axes[0].texts}
    assert texts == {(0, 0): "7", (0, 2): "1", (1, 1): "2", (2, 1): "3", (2, 2): "4"}


def test_long_names_are_shown_in_short_with_both_ends_and_leave_room_for_the_cells(tmp_path):
    task = Task("W" * 80, ("first" + 70 * "W" + "one", "x" * 24))
    figure = confusion_matrix(task, np.eye(2, dtype=int))
    assert shown(figure) == ["firstWWWWWWW…WWWWWWWWone", "x" * 24]
    save(figure, Run(tmp_path), "confusion.png")  # Matplotlib warns where the layout collapses
    assert figure.axes[0].get_position().width * figure.get_size_inches()[0] > 0.5


def test_the_file_has_all_classes_and_the_rows_that_carry_the_task(tmp_path):
    probabilities = np.eye(70)[[0, 1, 1, 69]]
    codes = 2 * np.eye(70, dtype=np.uint8)[[0, 1, 2, 69]]
    codes[3] = 0  # not labelled
    both = {"t": codes, "s": letter_codes("yn", "yn", "ny", "mn")}  # the last without a y
    one = predicted({"s": [[0.9, 0.1], [0.2, 0.8], [0, 1], [0, 1]]}, both)
    tasks = (classes(70), one.tasks[0])
    write_confusion(Run(tmp_path), replace(one, tasks=tasks, probabilities={**one.probabilities, "t": probabilities}))
    table = pd.read_csv(tmp_path / "confusion/t.csv", index_col="truth")
    assert list(table) == list(table.index) == list(classes(70).classes)
    assert (table.loc["class 2", "class 1"], table.to_numpy().sum()) == (1, 3)
    assert pd.read_csv(tmp_path / "confusion/s.csv", index_col="truth").to_numpy().tolist() == [[1, 1], [0, 1]]
    assert (tmp_path / "confusion/t.png").is_file()


def test_the_files_of_a_task_in_another_script_have_ascii_names_and_the_table_its_classes(tmp_path):
    colour = Task("couleur_\u00e9", ("été", "größe"))
    one = predicted({colour.name: [[0.9, 0.1], [0.2, 0.8]]}, {colour.name: letter_codes("yn", "yn")})
    write_confusion(Run(tmp_path), replace(one, tasks=(colour,)))
    assert sorted(path.name for path in (tmp_path / "confusion").iterdir()) == [
        "xn--couleur_-i1a.csv",
        "xn--couleur_-i1a.png",
    ]
    table = pd.read_csv(tmp_path / "confusion/xn--couleur_-i1a.csv", index_col="truth")
    assert (list(table), table.to_numpy().tolist()) == (["été", "größe"], [[1, 1], [0, 0]])
