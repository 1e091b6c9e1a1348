"""Tables of text in every dialect, and in other containers."""

from functools import partial

import pytest
from formats import TWO, TWO_TRUTH, Format, lines, read, spreadsheet, utf16, wanted, zipped

LONG = "long_" * 30_000  # letters, of which Python's csv takes 131,072 unless it is told otherwise
TEXT = [
    Format(
        "semicolons",
        {"t.csv": lines("image;label", "a.jpg;cat", "b.jpg;dog")},
        "{ab}.jpg",
        TWO_TRUTH,
        said=("separated by semicolons",),
    ),
    Format(
        "tabs",
        {"t.tsv": lines("image\tlabel", "a.jpg\tcat", "b.jpg\tdog")},
        "{ab}.jpg",
        TWO_TRUTH,
        said=("columns are separated by tabs",),
    ),
    Format(
        "tabs in a file called csv",
        {"t.csv": lines("image\tlabel", "a.jpg\tcat", "b.jpg\tdog")},
        "{ab}.jpg",
        TWO_TRUTH,
        said=("columns are separated by tabs",),
    ),
    Format(
        "Excel's sep= with a separator of one's own",
        {"t.csv": lines("sep=#", "image#label", "a.jpg#cat", "b.jpg#dog")},
        "{ab}.jpg",
        TWO_TRUTH,
        said=("columns are separated by '#'",),
    ),
    Format(
        "Excel's sep=;",
        {"t.csv": lines("sep=;", "image;label", "a.jpg;cat", "b.jpg;dog")},
        "{ab}.jpg",
        TWO_TRUTH,
        said=("columns are separated by semicolons",),
    ),
    Format(
        "UTF-16 with tabs, as Excel saves it",
        {"t.txt": utf16(lines("image\tlabel", "a.jpg\tcat", "b.jpg\tdog"))},
        "{ab}.jpg",
        TWO_TRUTH,
        labels="t.txt",
        said=("columns are separated by tabs",),
    ),
    Format("UTF-16 with commas", {"t.csv": utf16(lines(*TWO))}, "{ab}.jpg", TWO_TRUTH),
    Format(
        "a mark of UTF-8 and the ends of lines of Windows",
        {"t.csv": ("\ufeff" + lines(*TWO, end="\r\n")).encode()},
        "{ab}.jpg",
        TWO_TRUTH,
    ),
    Format("the ends of lines of old Macs", {"t.csv": lines(*TWO, end="\r").encode()}, "{ab}.jpg", TWO_TRUTH),
    Format(
        "cells in quotes, with a comma in one",
        {"t.csv": lines('"image","label"', '"a.jpg","cat, big"', '"b.jpg","dog"')},
        "{ab}.jpg",
        TWO_TRUTH.replace("cat", "cat, big"),
        reading={"separator": ()},
    ),
    Format(
        "semicolons, with commas in numbers",
        {"t.csv": lines("image;label;size", "a.jpg;cat;1,5", "b.jpg;dog;2,5")},
        "{ab}.jpg",
        """
        image  label  size
        a.jpg  cat    1,5
        b.jpg  dog    2,5
        """,
        said=("columns are separated by semicolons",),
    ),
    Format(
        "pandas' index without a name",
        {"t.csv": lines(",image,label", "0,a.jpg,cat", "1,b.jpg,dog")},
        "{ab}.jpg",
        TWO_TRUTH,
        said=("images are named by column 'image'", "only tells the rows apart"),
    ),
    Format(
        "pandas' index called Unnamed: 0",
        {"t.csv": lines("Unnamed: 0,image,label", "0,a.jpg,cat", "1,b.jpg,dog")},
        "{ab}.jpg",
        TWO_TRUTH,
        said=("images are named by column 'image'", "only tells the rows apart"),
    ),
    Format(
        "pandas' index of a shuffled table",
        {"t.csv": lines(",image,label", "17,a.jpg,cat", "4,b.jpg,dog")},
        "{ab}.jpg",
        TWO_TRUTH,
        said=("images are named by column 'image'", "column 'Unnamed: 0' only tells the rows apart: left out"),
    ),
    Format(
        "the images are named by another column than the first",
        {"t.csv": lines("label,path", "cat,a.jpg", "dog,b.jpg")},
        "{ab}.jpg",
        TWO_TRUTH,
        said=("images are named by column 'path'",),
    ),
    Format("a zip of one table", {"t.zip": zipped(train__csv=lines(*TWO))}, "{ab}.jpg", TWO_TRUTH, labels="t.zip"),
    Format(
        "Kaggle's train.csv.zip",
        {"train.csv.zip": zipped(train__csv=lines(*TWO))},
        "{ab}.jpg",
        TWO_TRUTH,
        labels="train.csv.zip",
    ),
    Format(
        "headers in another script",
        {"t.csv": lines("图片,颜色", "a.jpg,红", "b.jpg,蓝")},
        "{ab}.jpg",
        """
        image  颜色
        a.jpg  红
        b.jpg  蓝
        """,
    ),
    Format(
        "headers in Cyrillic, two of them",
        {"t.csv": lines("файл,цвет,размер", "a.jpg,да,x", "b.jpg,нет,y")},
        "{ab}.jpg",
        """
        image  цвет  размер
        a.jpg  да    x
        b.jpg  нет   y
        """,
    ),
    Format(
        "fast.ai: tags by blanks and is_valid",
        {
            "train.csv": lines(
                "fname,labels,is_valid",
                "a.jpg,car person,False",
                "b.jpg,person,True",
                "c.jpg,car,False",
                "d.jpg,person dog car,False",
                "e.jpg,dog,True",
            )
        },
        "train/{abcde}.jpg",
        """
        image        labels
        train/a.jpg  {car,person}
        train/b.jpg  {person}
        train/c.jpg  {car}
        train/d.jpg  {person,dog,car}
        train/e.jpg  {dog}
        """,
        held_out="train/b.jpg train/e.jpg",
        said=(
            "column 'is_valid' says which part an image belongs to: train 3, validation 2",
            "images lie in train",
            "labels: blanks separate several values",
        ),
    ),
    Format(
        "fast.ai: is_valid and one label",
        {
            "labels.csv": lines(
                "path,label,is_valid", "train/a.jpg,x,False", "valid/b.jpg,y,True", "train/c.jpg,y,False"
            )
        },
        "train/{ac}.jpg valid/b.jpg",
        """
        image        label
        train/a.jpg  x
        valid/b.jpg  y
        train/c.jpg  y
        """,
        held_out="valid/b.jpg",
        labels="labels.csv",
        said=("column 'is_valid' says which part an image belongs to: train 2, validation 1",),
    ),
    Format(
        "Excel",
        {
            "t.xlsx": partial(
                spreadsheet,
                [
                    {"image": "a.jpg", "label": "cat", "n": 1},
                    {"image": "b.jpg", "label": "dog", "n": None},
                    {"image": "c.jpg", "label": "dog", "n": 2},
                ],
                "to_excel",
                "openpyxl",
            )
        },
        "{abc}.jpg",
        """
        image  label  n
        a.jpg  cat    1
        b.jpg  dog    .
        c.jpg  dog    2
        """,
    ),
    Format(
        "Parquet with a list in a cell",
        {
            "t.parquet": partial(
                spreadsheet,
                [{"image": "a.jpg", "tags": ["x", "y"]}, {"image": "b.jpg", "tags": ["y"]}],
                "to_parquet",
                "pyarrow",
            )
        },
        "{ab}.jpg",
        """
        image  tags
        a.jpg  {x,y}
        b.jpg  {y}
        """,
    ),
    Format(
        "bars between the columns",
        {"t.csv": lines("image|label", "a.jpg|cat", "b.jpg|dog")},
        "{ab}.jpg",
        TWO_TRUTH,
        said=("columns are separated by bars",),
    ),
    Format(
        "empty columns at the end, as spreadsheets leave them",
        {"t.csv": lines("image,label,,", "a.jpg,cat,,", "b.jpg,dog,,")},
        "{ab}.jpg",
        TWO_TRUTH,
    ),
    Format(
        "a header that is longer than a cell of Python's csv may be",
        {"t.csv": lines(f"image,label,{LONG}", "a.jpg,cat,1", "b.jpg,dog,2")},
        "{ab}.jpg",
        TWO_TRUTH,
        reading={"leave_out": (LONG,)},
        said=("left out: long_long_",),
    ),
    Format(
        "a cell that is longer than a cell of Python's csv may be",
        {"t.csv": lines("image;label;words", f"a.jpg;cat;{LONG}", "b.jpg;dog;-")},
        "{ab}.jpg",
        TWO_TRUTH,
        reading={"leave_out": ("words",)},
        said=("columns are separated by semicolons", "left out: words"),
    ),
    Format(
        "tabs, with two words in a cell",
        {"t.tsv": lines("image\tcolour", "a.jpg\tlight blue", "b.jpg\tdark red", "c.jpg\tlight blue")},
        "{abc}.jpg",
        """
        image  colour
        a.jpg  light blue
        b.jpg  dark red
        c.jpg  light blue
        """,
        said=("columns are separated by tabs",),
    ),
    Format(
        "tabs, with an empty cell",
        {"t.tsv": lines("image\tcolour\tsize", "a.jpg\t\tbig", "b.jpg\tred\t", "c.jpg\tblue\tsmall")},
        "{abc}.jpg",
        """
        image  colour  size
        a.jpg  .       big
        b.jpg  red     .
        c.jpg  blue    small
        """,
        said=("columns are separated by tabs",),
    ),
    Format("blank lines at the top", {"t.csv": "\n\n" + lines(*TWO)}, "{ab}.jpg", TWO_TRUTH),
    Format(
        "a header with blanks and brackets",
        {"t.csv": lines("Image Name , Hair (main) ", "a.jpg,red", "b.jpg,black")},
        "{ab}.jpg",
        """
        image  Hair__main_
        a.jpg  red
        b.jpg  black
        """,
        said=("column 'Hair (main)' is called Hair__main_ in the recipe",),
    ),
    Format(
        "blanks between the columns, the images named last",
        {"Ebay_train.txt": lines("image_id class_id path", "1 3 x/a.jpg", "2 4 x/b.jpg")},
        "x/{ab}.jpg",
        """
        image    image_id  class_id
        x/a.jpg  1         3
        x/b.jpg  2         4
        """,
        labels="Ebay_train.txt",
        said=("columns are separated by blanks", "images are named by column 'path'"),
    ),
]


@pytest.mark.parametrize("sample", TEXT, ids=lambda sample: sample.name)
def test_every_target_is_read(tmp_path, sample):
    assert read(tmp_path / "data", sample) == wanted(sample)
