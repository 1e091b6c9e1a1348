"""Label and question files: what they become, and how everything that is wrong in them is said."""

import warnings

import numpy as np
import pytest
from helpers import letter_codes, refusal, write

from competition.layouts.classes import find_classes, read_classes
from competition.layouts.fashionai import find_label_files, question_files, read_label_files, read_questions
from competition.task import Task

COLOUR = Task("colour", ("red", "green", "blue"))
SIZE = Task("size", ("small", "large"))
TASKS = (COLOUR, SIZE)


def test_rows_become_images_with_targets_and_masks(label_file):
    rows = ["b.jpg,colour_labels,nyn", "a.jpg,size_labels,yn", "b.jpg,size_labels,ny", "c.jpg,colour_labels,ymn"]
    dataset = read_label_files([write(label_file, rows)], TASKS)
    assert list(dataset.names) == ["b.jpg", "a.jpg", "c.jpg"]  # in order of first appearance
    assert list(dataset.line) == [1, 2, 4]
    assert dataset.place(2) == f"{label_file}:4"
    assert dataset.path(1) == label_file.parent.parent / "a.jpg"
    targets = dataset.targets()
    assert {values.dtype for values in targets.values()} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(targets["colour"], [[0, 1, 0], [0, 0, 0], [1, 0, 0]])
    np.testing.assert_array_equal(targets["size"], [[0, 1], [1, 0], [0, 0]])
    np.testing.assert_array_equal(dataset.labelled["colour"], [True, False, True])
    np.testing.assert_array_equal(dataset.labelled["size"], [True, True, False])
    np.testing.assert_array_equal(dataset.codes["colour"], letter_codes("nyn", "nnn", "ymn"))


def test_maybe_takes_its_share_from_yes(label_file):
    rows = ["a.jpg,colour_labels,ymn", "b.jpg,colour_labels,mym", "c.jpg,colour_labels,nny", "d.jpg,size_labels,my"]
    targets = read_label_files([write(label_file, rows)], TASKS).targets(maybe=0.2)
    np.testing.assert_allclose(targets["colour"], [[0.8, 0.2, 0], [0.1, 0.8, 0.1], [0, 0, 1], [0, 0, 0]], atol=1e-7)
    np.testing.assert_allclose(targets["size"], [[0, 0]] * 3 + [[0.2, 0.8]], atol=1e-7)


def test_the_same_name_below_two_folders_is_two_images(tmp_path):
    base = write(tmp_path / "base/Annotations/label.csv", ["Images/a.jpg,size_labels,yn"])
    web = write(tmp_path / "web/Annotations/label.csv", ["Images/a.jpg,size_labels,ny"])
    dataset = read_label_files([base, web], (SIZE,))
    assert [dataset.path(row) for row in range(2)] == [tmp_path / "base/Images/a.jpg", tmp_path / "web/Images/a.jpg"]
    np.testing.assert_array_equal(dataset.targets()["size"], [[1, 0], [0, 1]])
    assert dataset.place(1) == f"{web}:1"


def test_ids_tell_images_apart_also_where_folders_have_one_name(tmp_path):
    outer, sibling, inner = (tmp_path / "base" / part for part in ("", "base-2", "base"))
    files = [write(root / "Annotations/label.csv", ["a.jpg,size_labels,yn"]) for root in (outer, sibling, inner)]
    more = write(outer / "Annotations/more.csv", ["b.jpg,size_labels,yn"])
    found = read_label_files([files[0], more, *files[1:]], (SIZE,)).ids.tolist()
    assert found == ["base/a.jpg", "base/b.jpg", "base-2/a.jpg", "base-3/a.jpg"]
    assert read_label_files(files, (SIZE,)).take(np.array([2, 0])).ids.tolist() == ["base-3/a.jpg", "base/a.jpg"]


def test_two_files_of_one_folder_speak_of_the_same_images(tmp_path):
    colours = write(tmp_path / "Annotations/colour.csv", ["a.jpg,colour_labels,nyn"])
    sizes = write(tmp_path / "Annotations/size.csv", ["b.jpg,size_labels,ny", "a.jpg,size_labels,yn"])
    dataset = read_label_files([colours, sizes], TASKS)
    assert list(dataset.names) == ["a.jpg", "b.jpg"]
    np.testing.assert_array_equal(dataset.labelled["colour"], [True, False])
    np.testing.assert_array_equal(dataset.targets()["size"], [[1, 0], [0, 1]])


def test_a_name_that_pandas_takes_for_a_gap_stays_a_name(label_file):
    dataset = read_label_files([write(label_file, ["NA,size,yn", "null,size,ny", "nan,size,ny"])])
    assert list(dataset.names) == ["NA", "null", "nan"]


@pytest.mark.parametrize("seed", range(8))
def test_tasks_inferred_from_the_labels_do_not_depend_on_the_order_of_rows(label_file, seed):
    sizes = {"b2": 5, "a10": 3, "Z": 2, "a9": 4}
    rows = [f"{i}.jpg,{name}_labels,{'n' * (i % size)}y{'n' * (size - 1 - i % size)}"
            for name, size in sizes.items() for i in range(size)]  # fmt: skip
    shuffled = np.random.default_rng(seed).permutation(rows)
    tasks = read_label_files([write(label_file, shuffled)]).tasks
    assert [(task.name, task.classes) for task in tasks] == [
        ("Z", ("0", "1")),
        ("a10", ("0", "1", "2")),
        ("a9", ("0", "1", "2", "3")),
        ("b2", ("0", "1", "2", "3", "4")),
    ]


def many(key: str, count: int) -> list[str]:
    return [f"{key}-{number}.jpg,{key},yn" for number in range(count)]


def test_a_key_on_few_rows_beside_many_is_said_with_its_lines_and_the_nearest_task(label_file):
    rows = [*many("sleeve_length_labels", 260), *many("sleeve_lenght_labels", 4), *many("neck_labels", 250)]
    with pytest.warns(UserWarning, match="typing errors") as said:
        dataset = read_label_files([write(label_file, [*rows, "a.jpg,zz,yn", "a.jpg,sleeve_lenghts,yn"])])
    (warning,) = said
    assert str(warning.message).splitlines()[1:] == [
        f"  {label_file}:261: sleeve_lenght_labels has 4 of 516 rows (also {label_file}:262, {label_file}:263); "
        "perhaps sleeve_length is meant",
        f"  {label_file}:515: zz has 1 of 516 rows",
        f"  {label_file}:516: sleeve_lenghts has 1 of 516 rows; perhaps sleeve_length is meant",
    ]
    trained = [task.name for task in dataset.tasks]  # as without the warning
    assert trained == ["neck", "sleeve_lenght", "sleeve_lenghts", "sleeve_length", "zz"]


@pytest.mark.parametrize(("few", "rows", "said"), [(1, 49, 0), (1, 50, 1), (20, 999, 0), (20, 1000, 1), (21, 5000, 0)])
def test_few_rows_are_at_most_twenty_and_a_fiftieth_of_the_largest_task(label_file, few, rows, said):
    write(label_file, [*many("size", rows), *many("sizes", few)])
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        read_label_files([label_file])
    assert len(warned) == said


def test_where_the_tasks_are_named_a_misspelt_key_is_an_error_and_no_warning(label_file):
    write(label_file, [*many("size", 60), "a.jpg,sise,yn"])
    assert f"{label_file}:61: there is no task 'sise'" in refusal(read_label_files, [label_file], TASKS)


def test_a_key_with_its_accents_apart_is_the_same_task(label_file):
    keys = ("couleur_\N{LATIN SMALL LETTER E WITH ACUTE}_labels", "couleur_e\N{COMBINING ACUTE ACCENT}_labels")
    task = Task(keys[0].removesuffix("_labels"), ("a", "b"))
    rows = [f"{number}.jpg,{key},yn" for number, key in enumerate(keys)]
    for given in ((), (task,)):
        dataset = read_label_files([write(label_file, rows)], given)
        assert [one.name for one in dataset.tasks] == [task.name]
        assert dataset.labelled[task.name].all()


def test_classes_csv_names_the_tasks_that_a_recipe_leaves_open(tmp_path, label_file):
    classes = write(tmp_path / "classes.csv", "\ufeffsize,small,large\r\ncolour_labels,red,green,blue\r\n")
    dataset = read_label_files([write(label_file, ["a.jpg,size_labels,yn", "a.jpg,colour,nyn"])], (), classes)
    assert dataset.tasks == (SIZE, COLOUR)


def test_classes_csv_must_agree_with_the_recipe(tmp_path, label_file):
    classes = write(tmp_path / "classes.csv", ["size,large,small", "colour,red,green,blue", "shape,round,square"])
    message = refusal(read_label_files, [write(label_file, ["a.jpg,size,yn"])], TASKS, classes)
    assert str(classes) in message
    assert "size: large, small; the recipe has small, large" in message
    assert "shape: round, square; the recipe has no such task" in message
    assert "colour" not in message


def test_classes_csv_may_name_the_classes_of_a_multilabel_task(tmp_path, label_file):
    size = Task("size", SIZE.classes, "multilabel")
    classes = write(tmp_path / "classes.csv", ["size,small,large"])
    assert read_label_files([write(label_file, ["a.jpg,size,yn"])], (size,), classes).tasks == (size,)


@pytest.mark.parametrize(
    ("lines", "line", "words"),
    [
        (["size,a,b", "big size,a,b"], 2, "'big size'"),
        (["size,a,b", "colour,a,b,a"], 2, "names a class twice: a"),
        (["size,a,b", "colour,a"], 2, "1 class"),
        (["size,a,b", "colour,a,b", "size_labels,a,b"], 3, "size is listed twice"),
        (["size,a,b", "colour,a,b,"], 2, "colour"),  # an empty class is a slip of the pen
    ],
)
def test_what_is_wrong_in_classes_csv_is_said_with_its_line(tmp_path, lines, line, words):
    file = write(tmp_path / "classes.csv", lines)
    message = refusal(read_classes, file)
    assert f"{file}:{line}: " in message
    assert words in message


BAD_ROWS = [
    ("a.jpg,size,yx", "letter 'x' in 'yx'; allowed are y (yes), m (maybe) and n (no)"),
    ("a.jpg,size,Yn", "letter 'Y' in 'Yn'"),
    ("a.jpg,size,y ", "letter ' ' in 'y '"),
    ("a.jpg,size,nn", "0 y in 'nn'; exactly one is allowed"),
    ("a.jpg,size,mn", "0 y in 'mn'"),
    ("a.jpg,size,yy", "2 y in 'yy'; exactly one is allowed"),
    ("a.jpg,size,ynn", "3 letters in 'ynn'; size has 2 classes"),
    ("a.jpg,size,", "0 letters in ''; size has 2 classes"),
    ("a.jpg,sizes,yn", "there is no task 'sizes'; allowed are colour, size"),
    ("a.jpg,,yn", "there is no task ''"),
    ("a.jpg,size", "2 columns in 'a.jpg,size'; allowed are 3: ImageName,AttrKey,AttrValues"),
    ("a.jpg,size,yn,", "4 columns"),
    ("a.jpg;size;yn", "1 columns in 'a.jpg;size;yn'"),
    ("good.jpg,size,ny", "good.jpg is 'ny' here but 'yn' at"),
]


@pytest.mark.parametrize(("row", "words"), BAD_ROWS)
def test_a_bad_row_is_named_with_file_line_and_what_was_found(label_file, row, words):
    write(label_file, ["good.jpg,size,yn", "good.jpg,colour_labels,nyn", row])
    message = refusal(read_label_files, [label_file], TASKS)
    assert f"  {label_file}:3: {words}" in message
    assert len(message.splitlines()) == 2  # and nothing else is


def test_all_that_is_wrong_in_several_files_is_one_report_in_the_order_of_lines(tmp_path):
    first, second = tmp_path / "base/Annotations/label.csv", tmp_path / "web/Annotations/label.csv"
    rows, words = zip(*BAD_ROWS, strict=True)
    write(first, ["good.jpg,size,yn", *rows])
    write(second, ["good.jpg,size,ny", "good.jpg,size,nm"])
    lines = refusal(read_label_files, [first, second], TASKS).splitlines()
    assert str(first) in lines[0]
    assert str(second) in lines[0]
    expected = [f"  {first}:{line}: {text}" for line, text in enumerate(words, start=2)]
    expected.append(f"  {second}:2: 0 y in 'nm'")
    assert [line for line, start in zip(lines[1:], expected, strict=True) if not line.startswith(start)] == []


@pytest.mark.parametrize("given", [TASKS, ()])
def test_a_bad_row_among_tasks_to_be_inferred_does_not_hide_the_others(label_file, given):
    write(label_file, ["a.jpg,size,yn", "b.jpg,bad size_labels,yn", "c.jpg,size,yq", "d.jpg", "e.jpg,size,ynn"])
    message = refusal(read_label_files, [label_file], given)
    assert [line for line in (2, 3, 4, 5) if f"{label_file}:{line}: " not in message] == []


def test_of_many_bad_rows_twenty_are_shown_and_all_are_counted(label_file):
    write(label_file, [f"{number}.jpg,size,nn" for number in range(1, 101)])
    lines = refusal(read_label_files, [label_file], TASKS).splitlines()
    assert lines[1].startswith(f"  {label_file}:1: ")
    assert lines[20].startswith(f"  {label_file}:20: ")
    assert lines[21:] == ["  … and 80 more (100 in all)"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "{file} is empty"),
        (b"\n\r\n", "{file} is empty"),
        (b"ImageName,AttrKey,AttrValues\na.jpg,size,yn\n", "{file}:1: 'ImageName,AttrKey,AttrValues' is a header line"),
        (b"\nimagename, attrkey ,ATTRVALUES\n", "{file}:2: "),
        ("a.jpg,size,yn\n".encode("utf-16"), "{file}:1: byte 0xff is not UTF-8"),
    ],
)
def test_a_file_that_is_no_label_file_is_refused_as_a_whole(label_file, content, words):
    write(label_file, content)
    assert words.format(file=label_file) in refusal(read_label_files, [label_file], TASKS)


def test_a_folder_in_place_of_a_file_is_named(tmp_path):
    assert f"{tmp_path} cannot be read: Is a directory" in refusal(read_label_files, [tmp_path])


def test_the_same_row_twice_is_only_a_warning_with_the_count(tmp_path):
    first = write(tmp_path / "Annotations/a.csv", ["a.jpg,size,yn", "b.jpg,size,ny", "a.jpg,size_labels,yn"])
    second = write(tmp_path / "Annotations/b.csv", ["b.jpg,size,ny", "c.jpg,size,ny"])
    with pytest.warns(UserWarning, match=f"^2 rows repeat an image and task .* first {first}:3$"):
        dataset = read_label_files([first, second], (SIZE,))
    np.testing.assert_array_equal(dataset.targets()["size"], [[1, 0], [0, 1], [0, 1]])


def test_a_task_of_the_recipe_without_labels_is_a_warning(label_file):
    with pytest.warns(UserWarning, match="task colour has not a single label"):
        dataset = read_label_files([write(label_file, ["a.jpg,size,yn"])], TASKS)
    assert dataset.codes["colour"].shape == (1, 3)
    assert not dataset.labelled["colour"].any()


def test_questions_keep_rows_keys_and_order_and_ignore_the_third_column(tmp_path):
    rows = ["b.jpg,size_labels,", "a.jpg,colour,whatever", "b.jpg,colour_labels,yn"]
    questions = read_questions(write(tmp_path / "rank/Tests/question.csv", rows), TASKS)
    assert list(questions.names) == ["b.jpg", "a.jpg", "b.jpg"]
    assert list(questions.keys) == ["size_labels", "colour", "colour_labels"]
    assert list(questions.tasks) == ["size", "colour", "colour"]
    assert list(questions.images.names) == ["b.jpg", "a.jpg"]
    assert questions.images.path(1) == tmp_path / "rank/a.jpg"


def test_a_question_that_the_network_does_not_know_is_refused(tmp_path):
    file = write(tmp_path / "Tests/question.csv", ["a.jpg,size_labels,", "a.jpg,shape_labels,", "a.jpg,size_labels"])
    message = refusal(read_questions, file, TASKS)
    assert f"{file}:2: there is no task 'shape'; allowed are colour, size" in message
    assert f"{file}:3: 2 columns" in message


def test_label_files_are_found_at_the_folder_and_one_below_but_no_deeper(tmp_path):
    assert "holds no label files" in refusal(find_label_files, tmp_path)
    places = ["web/Annotations/b.csv", "Annotations/z.csv", "base/Annotations/a.csv", "base/deep/Annotations/no.csv"]
    for place in [*places, "base/Annotations/notes.txt"]:
        write(tmp_path / place, "")
    assert find_label_files(tmp_path) == [tmp_path / place for place in (places[1], places[2], places[0])]


@pytest.mark.parametrize("place", ["base/Annotations", "base"])
def test_images_lie_beside_annotations_wherever_one_stands(tmp_path, monkeypatch, label_file, place):
    write(label_file, ["a.jpg,size,yn"])
    monkeypatch.chdir(tmp_path / place)
    relative = label_file.relative_to(tmp_path / place)
    path = read_label_files([relative], (SIZE,)).path(0)
    assert path.resolve() == (tmp_path / "base/a.jpg").resolve()


def test_the_photographs_of_clothes_are_read_in_full(shared):
    folder = shared / "data/clothing"
    dataset = read_label_files(find_label_files(folder), (), find_classes(folder))
    assert len(dataset) == 3409
    assert sum(labelled.sum() for labelled in dataset.labelled.values()) == 5533
    assert sum(values.sum() for values in dataset.targets().values()) == 5533
    assert [task.name for task in dataset.tasks] == [
        "top_category",
        "sleeve_length",
        "bottom_category",
        "pant_length",
        "accessory",
    ]
    questions = read_questions(*question_files(folder), dataset.tasks)
    assert (len(questions), len(questions.images)) == (568, 372)


@pytest.mark.parametrize("place", ["classes.csv", "rank/classes.csv"])
def test_a_classes_csv_of_the_questions_must_agree_with_the_tasks_that_are_asked(tmp_path, place):
    file = write(tmp_path / "rank/Tests/question.csv", ["a.jpg,size_labels,"])
    classes = write(tmp_path / place, ["size,small,large"])
    assert read_questions(file, TASKS).tasks.tolist() == ["size"]
    write(classes, ["size,large,small"])
    message = refusal(read_questions, file, TASKS)
    assert f"{classes} does not agree with the recipe" in message
    assert "size: large, small; the recipe has small, large" in message
