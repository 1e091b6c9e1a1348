"""What cannot be read safely is refused, with the reason and with the step or the flag that settles it."""

import gzip
import json
import sys
from functools import partial

import pandas as pd
import pytest
from formats import TWO, Refused, lines, looked_at, spreadsheet, zipped
from helpers import refusal, write

from competition.layouts.imports.read import read_sheet

COCO = {"images": [{"id": 7, "file_name": "a.jpg"}], "categories": [{"id": 1, "name": "cat"}]}
WHO = ("Smith, John", "Lee, Anna", "Smith, Anna", "Lee, John")


def sample_of(image: str, *tags: str) -> dict:
    """A sample of FiftyOne."""
    return {"filepath": image, "tags": tags, "truth": {"label": image}}


def annotated(data: dict, kind: str, label: str) -> dict:
    """A task of Label Studio with data and an annotation of any kind."""
    return {"data": data, "annotations": [{"result": [{"from_name": "x", "type": kind, "value": {kind: [label]}}]}]}


def choice_of(image: str, *choices: str) -> dict:
    """A task of Label Studio."""
    result = {"from_name": "kind", "value": {"choices": choices}}
    return {"data": {"image": image}, "annotations": [{"result": [result]}]}


def half_a_workbook() -> bytes:
    whole = spreadsheet([{"image": "a.jpg", "label": "cat"}], "to_excel", "openpyxl")
    return whole[: len(whole) // 2]


def no_workbook() -> bytes:
    pytest.importorskip("openpyxl")
    return zipped(**{"xl/workbook__xml": "<x/>"})


REFUSED = [
    Refused(
        "two images of thirty that contradict themselves",
        {"t.csv": lines("image,label", *(f"{n}.jpg,{'xy'[n % 2]}" for n in range(30)), "0.jpg,y", "1.jpg,x")},
        ("t.csv:32: 0.jpg has label 'y' here", "t.csv:33: 1.jpg has label 'x' here, but 'y' in line 3"),
        " ".join(f"{n}.jpg" for n in range(30)),
    ),
    Refused(
        "two endings of one name",
        {"t.csv": lines("image,label", "a,x", "b,y")},
        ("'a' could be a.jpg or a.png", "--extension"),
        "{ab}.jpg {ab}.png",
    ),
    Refused(
        "a split with a blank",
        {"t.csv": lines("image,label,split", "a.jpg,x,train", "b.jpg,y,", "c.jpg,y,test")},
        ("column 'split' says which part", "t.csv:3: ''", "--leave-out 'split'"),
        "{abc}.jpg",
    ),
    Refused(
        "a TFRecord",
        {"t.tfrecord": b"\x0a\0\0\0\0\0\0\0abc"},
        ("is a TFRecord", "labels as a CSV"),
        labels="t.tfrecord",
    ),
    Refused("a pickle", {"t.pkl": b"\x80\x04\x95abc"}, ("is a pickle", "never read", "write a CSV"), labels="t.pkl"),
    Refused(
        "a table in gzip",
        {"t.csv.gz": gzip.compress(b"image,label\n")},
        ("compressed by gzip", "gunzip t.csv.gz"),
        labels="t.csv.gz",
    ),
    Refused(
        "a database",
        {"t.db": b"SQLite format 3\0"},
        ("a database of SQLite", "sqlite3 -header -csv t.db"),
        labels="t.db",
    ),
    Refused(
        "a zip of several files",
        {"t.zip": zipped(a__jpg="x", b__jpg="y")},
        ("a zip of 2 files (a.jpg, b.jpg)", "unzip t.zip"),
        labels="t.zip",
    ),
    Refused("MATLAB's numbers", {"t.mat": b"MATLAB 5.0 MAT-file nothing"}, ("cannot be read",), labels="t.mat"),
    Refused("a picture", {}, ("is a picture", "name the file of labels"), "a.jpg", labels="a.jpg"),
    Refused("an XML", {"t.xml": "<annotation/>"}, ("is XML", "convert it"), labels="t.xml"),
    Refused(
        "Latin-1",
        {"t.csv": "image,label\na.jpg,café\n".encode("cp1252")},
        ("t.csv:2: byte 0xe9 is not UTF-8", "iconv"),
        labels="t.csv",
    ),
    Refused(
        "JSON with an error",
        {"t.json": '[{"image": "a.jpg", "label": }]'},
        ("t.json:1: this is no JSON",),
        "a.jpg",
        labels="t.json",
    ),
    Refused(
        "several tables",
        {"one.csv": lines(*TWO), "two.csv": lines(*TWO)},
        ("several tables", "--labels", "one.csv", "two.csv"),
        "{ab}.jpg",
    ),
    Refused("parts without classes", {}, ("Train", "table"), "Train/{ab}.jpg Test/{cd}.jpg"),
    Refused(
        "every name of an image is bad",
        {"t.csv": lines("image,label,note", "x,cat,", "y,dog,")},
        ("names no images", "'x', 'y'", "--images", "--image-column"),
        "{ab}.jpg",
        labels="t.csv",
    ),
    Refused(
        "cells that hold one value or several",
        {"t.csv": lines("image,c", "a.jpg,red blue", "b.jpg,blue green", "c.jpg,green", "d.jpg,red")},
        ("not clear whether", "--separator", "'red blue'"),
        "{abcd}.jpg",
    ),
    Refused(
        "an image in two parts",
        {"t.csv": lines("image,label,split", "a.jpg,x,train", "b.jpg,y,train", "a.jpg,x,test")},
        ("t.csv:4: a.jpg is in test here, and also in train",),
        "{ab}.jpg",
    ),
    Refused(
        "an image that contradicts itself once",
        {"t.csv": lines("image,label", *(f"{n}.jpg,{'xy'[n % 2]}" for n in range(20)), "0.jpg,y")},
        ("t.csv:22: 0.jpg has label 'y' here, but 'x' in line 2", "keep one"),
        " ".join(f"{n}.jpg" for n in range(20)),
    ),
    Refused(
        "two files of one name",
        {"t.csv": lines("image,label", "a.jpg,x", "b.jpg,y")},
        ("'a.jpg' could be", "--images"),
        "one/{ab}.jpg two/{ab}.jpg",
    ),
    Refused(
        "images outside",
        {"t.csv": lines("image,label", "/else/a.jpg,x", "/else/b.jpg,y")},
        ("outside its folder", "t.csv:2: '/else/a.jpg'", "--images"),
        "c.jpg",
    ),
    Refused(
        "a folder that is none",
        {"t.csv": lines(*TWO)},
        ("is not a folder", "--images"),
        "{ab}.jpg",
        reading={"images": "gone"},
    ),
    Refused(
        "a column that is none",
        {"t.csv": lines(*TWO)},
        ("--image-column", "no column 'x'"),
        "{ab}.jpg",
        reading={"image_column": "x"},
    ),
    Refused(
        "free text",
        {"t.csv": lines("image,code", *(f"{n:02}.jpg,c{n}" for n in range(12)))},
        ("12 different values", "--class-columns 'code'"),
        " ".join(f"{n:02}.jpg" for n in range(12)),
    ),
    Refused(
        "quantities",
        {"t.csv": lines("image,year", *(f"{n:02}.jpg,{1900 + 7 * (n % 14)}" for n in range(42)))},
        ("14 numbers", "--numbers-are-classes"),
        " ".join(f"{n:02}.jpg" for n in range(42)),
    ),
    Refused(
        "two columns of parts",
        {"t.csv": lines("image,label,split,fold", "a.jpg,x,train,test", "b.jpg,y,test,train")},
        ("split, fold", "--split-column", "--leave-out"),
        "{ab}.jpg",
    ),
    Refused(
        "a table without a header",
        {"t.csv": lines("a.jpg,x", "b.jpg,y")},
        ("t.csv:1: the first line", "is about an image", "a header"),
        "{ab}.jpg",
    ),
    Refused(
        "a table of ids without a header",
        {"t.csv": lines("000a,cat", "000b,dog", "000c,cat")},
        (
            "t.csv:1: the first line, '000a,cat', seems to be about an image, because 000a.jpg is there",
            "--image-column",
        ),
        "000{abc}.jpg",
    ),
    Refused(
        "a table of tabs without a header",
        {"t.tsv": lines("a.jpg\tx", "b.jpg\ty")},
        ("t.tsv:1: the first line", "is about an image"),
        "{ab}.jpg",
    ),
    Refused(
        "a table of addresses without a header",
        {"t.csv": lines("https://x.org/a.jpg?s=1,x", "https://x.org/b.jpg?s=1,y")},
        ("t.csv:1: the first line", "names an image", "put a line above it"),
        "{ab}.jpg",
    ),
    Refused(
        "a workbook without a header",
        {"t.xlsx": partial(spreadsheet, [{"a.jpg": "b.jpg", "x": "y"}], "to_excel", "openpyxl")},
        ("t.xlsx:1: the first line", "names an image"),
        "{ab}.jpg",
    ),
    Refused(
        "values of one of two columns in test.csv",
        {
            "train.csv": lines("image,sex,diagnosis", "a.jpg,m,nevus", "b.jpg,f,melanoma"),
            "test.csv": lines("image,sex", "q.jpg,f", "r.jpg,m"),
        },
        ("test.csv has values of sex, and no answers to diagnosis", "--class-columns sex", "--leave-out sex"),
        "{abqr}.jpg",
    ),
    Refused(
        "--extension that no file has",
        {"t.csv": lines("image,label", "a,x", "b,y")},
        ("no file called 'a', 'b' ends in .png, as --extension says; there is a.jpg",),
        "{ab}.jpg",
        reading={"extension": "png"},
    ),
    Refused(
        "only a column of parts",
        {"t.csv": lines("image,set", "a.jpg,train", "b.jpg,test")},
        ("column 'set' says which part", "no other to learn", "--class-columns 'set'"),
        "{ab}.jpg",
    ),
    Refused(
        "forty ages",
        {"t.csv": lines("image,age", *(f"{n}.jpg,{n}" for n in range(20, 60)))},
        ("column 'age' holds 40 numbers, as a quantity does", "--leave-out 'age'", "--numbers-are-classes"),
        " ".join(f"{n}.jpg" for n in range(20, 60)),
    ),
    Refused(
        "two columns that are one in ASCII",
        {"t.csv": lines("image,图片,xn--wcsw84d", "a.jpg,x,y", "b.jpg,y,x")},
        ("t.csv:1: columns '图片' and 'xn--wcsw84d' are both xn--wcsw84d in ASCII; rename one",),
        "{ab}.jpg",
    ),
    Refused(
        "an image of train.csv also in val.csv",
        {
            "train.csv": lines("image,label", "a.jpg,x", "b.jpg,y"),
            "val.csv": lines("image,label", "c.jpg,y", "a.jpg,x"),
        },
        ("val.csv:3: a.jpg is in validation here, and also in train",),
        "{abc}.jpg",
    ),
    Refused(
        "a cell of val.csv that is no flag",
        {
            "train.csv": lines("image,is_wet,is_big", "a.jpg,1,0", "b.jpg,0,1", "c.jpg,1,0"),
            "val.csv": lines("image,is_wet,is_big", "d.jpg,2,0"),
        },
        ("val.csv:2: is_wet='2': allowed are 0 and 1",),
        "{abcd}.jpg",
    ),
    Refused(
        "a cell of val.csv that may hold several values",
        {
            "train.csv": lines("image,c", "a.jpg,red", "b.jpg,green"),
            "val.csv": lines("image,c", "c.jpg,green", "d.jpg,red+green"),
        },
        ("val.csv:3: column 'c': 'red+green'", "--separator '+'"),
        "{abcd}.jpg",
    ),
    Refused(
        "a name in test.csv that lies outside",
        {"train.csv": lines(*TWO), "test.csv": lines("image", "c.jpg", "/else/d.jpg")},
        ("test.csv:3: '/else/d.jpg'", "--images"),
        "{abc}.jpg",
    ),
    Refused(
        "lines of different length",
        {"t.csv": lines("image,label", "a.jpg,x", "b.jpg,y,z", "c.jpg")},
        ("t.csv:3: 3 cells", "t.csv:4: 1 cells"),
        "{abc}.jpg",
    ),
    Refused("an empty file", {"t.csv": ""}, ("t.csv is empty",), "a.jpg"),
    Refused(
        "classes in numbers that have no name",
        {"t.json": json.dumps({**COCO, "annotations": [{"image_id": 7, "category_id": 9}]})},
        ("annotation 1 names 9", "categories"),
        "{abc}.jpg",
        labels="t.json",
    ),
    Refused(
        "pictures inside a table",
        {"t.parquet": partial(spreadsheet, [{"image": {"bytes": b"x"}, "label": 1}], "to_parquet", "pyarrow")},
        ("holds the pictures themselves",),
        labels="t.parquet",
    ),
    Refused(
        "an image in several folders",
        {"t.csv": lines("id,label", "a,x", "b,y")},
        ("'a' could be images/a.png or masks/a.png", "--images"),
        "images/{ab}.png masks/{ab}.png",
    ),
    Refused(
        "pictures that are not read",
        {"t.csv": lines("id,label", "a,x", "b,y")},
        ("no image file (.jpg", ".dcm is not read, so convert"),
        "{ab}.dcm",
    ),
    Refused(
        "a folder above the data",
        {"deep/train.csv": lines(*TWO)},
        ("itself holds no labels, but", "deep", "--labels"),
        "deep/{ab}.jpg",
    ),
    Refused(
        "a folder of files that could be labels",
        {"labels.mat": b"x"},
        ("holds no labels", "if labels.mat holds them, name it with --labels"),
        "{ab}.jpg",
    ),
    Refused("a web page", {"t.csv": "<!DOCTYPE html><html></html>"}, ("is a web page",), "a.jpg"),
    Refused(
        "a pointer of Git LFS",
        {"t.csv": "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 12\n"},
        ("a pointer of Git LFS", "git lfs pull"),
        "a.jpg",
    ),
    Refused(
        "rows of an image that differ in two columns",
        {"t.csv": lines("image,who,label", "a.jpg,1,x", "a.jpg,2,y", "b.jpg,1,y", "b.jpg,2,x")},
        ("differ in 'who', 'label'", "--leave-out", "--class-columns who label"),
        "{ab}.jpg",
    ),
    Refused(
        "a mark in one column alone",
        {"t.csv": lines("image,wet", "a.jpg,1", "b.jpg,", "c.jpg,1")},
        ("one single value, '1'", "where an empty cell means the opposite"),
        "{abc}.jpg",
    ),
    Refused(
        "records in a cell",
        {"t.csv": lines("image,a", 'a.jpg,"{""kind"": ""x""}"', 'b.jpg,"{""kind"": ""y""}"')},
        ("column 'a' holds records", "--leave-out 'a'"),
        "{ab}.jpg",
    ),
    Refused(
        "columns of one name in the recipe",
        {"t.csv": lines("image,a b,a_b", "a.jpg,x,s", "b.jpg,y,t")},
        ("columns a b, a_b cannot be told apart",),
        "{ab}.jpg",
    ),
    Refused(
        "a list without a header",
        {"train.txt": lines("a.jpg 0", "b.jpg 1")},
        ("the first line, 'a.jpg 0', is about an image",),
        "{ab}.jpg",
        labels="train.txt",
    ),
    Refused(
        "separators that may belong to a value",
        {"t.csv": lines("image,c", "a.jpg,red+wet", "b.jpg,wet+big", "c.jpg,big", "d.jpg,red")},
        ("not clear whether", "--separator '+'"),
        "{abcd}.jpg",
    ),
    Refused(
        "a validation file that lacks a column",
        {"train.csv": lines("image,label", "a.jpg,x", "b.jpg,y"), "val.csv": lines("image", "c.jpg")},
        ("val.csv has no column 'label'",),
        "{abc}.jpg",
    ),
    Refused(
        "two names that mean one file",
        {"t.csv": lines("image,label", "train/1.jpg,x", "val/1.jpg,y")},
        ("'train/1.jpg' and 'val/1.jpg' would both be 1.jpg", "--images"),
        "1.jpg",
    ),
    Refused("a header alone", {"t.csv": "image,label\n"}, ("a header, and no line below it",), "a.jpg"),
    Refused(
        "two columns that name images",
        {"t.csv": lines("Left,Right,N", "a.jpg,b.jpg,1", "c.jpg,d.jpg,0")},
        ("'Left', 'Right' all name images", "--image-column Left"),
        "{abcd}.jpg",
    ),
    Refused(
        "words that stand in other places of other cells",
        {"t.csv": lines("image,c", "a.jpg,scab rust", "b.jpg,rust", "c.jpg,frog", "d.jpg,mildew scab")},
        ("not clear whether", "--separator ' '", "without a word"),
        "{abcd}.jpg",
    ),
    Refused(
        "parts of some images",
        {
            "list_attr_celeba.txt": lines("3", "Smiling Young", "a.jpg 1 -1", "b.jpg -1 1", "c.jpg 1 1"),
            "list_eval_partition.txt": lines("a.jpg 0", "b.jpg 1"),
        },
        ("list_eval_partition.txt says for some images which part they belong to", "list_attr_celeba.txt:5: c.jpg"),
        "{abc}.jpg",
    ),
    Refused(
        "tags of parts on some samples",
        {
            "samples.json": json.dumps(
                {"samples": [sample_of("a.jpg", "train"), sample_of("b.jpg"), sample_of("c.jpg")]}
            )
        },
        ("some samples are tagged train, val, validation, test, but not these; tag them, too", "b.jpg", "c.jpg"),
        "{abc}.jpg",
    ),
    Refused(
        "two images of one id",
        {
            "t.json": json.dumps(
                {**COCO, "images": [*COCO["images"], {"id": 7, "file_name": "b.jpg"}], "annotations": []}
            )
        },
        ("t.json: several images have the id 7; give each its own",),
        "{ab}.jpg",
    ),
    Refused(
        "two categories of one id",
        {
            "t.json": json.dumps(
                {**COCO, "categories": [*COCO["categories"], {"id": 1, "name": "dog"}], "annotations": []}
            )
        },
        ("t.json: the id 1 is that of both 'cat' and 'dog'; give each its own",),
        "a.jpg",
    ),
    Refused(
        "a bar in the name of a category",
        {
            "t.json": json.dumps(
                {**COCO, "categories": [{"id": 1, "name": "x|y"}], "annotations": [{"image_id": 7, "category_id": 1}]}
            )
        },
        ("t.json: the value 'x|y' holds '|', which separates values in a table; rename it",),
        "a.jpg",
    ),
    Refused(
        "a bar in a choice of Label Studio",
        {"t.json": json.dumps([choice_of("a.jpg", "x|y"), choice_of("b.jpg", "z")])},
        ("t.json: the value 'x|y' holds '|'",),
        "{ab}.jpg",
    ),
    Refused(
        "a bar in a list of JSON",
        {"t.json": json.dumps([{"image": "a.jpg", "tags": ["x|y", "z"]}, {"image": "b.jpg", "tags": ["z"]}])},
        ("t.json: the value 'x|y' holds '|'",),
        "{ab}.jpg",
    ),
    Refused(
        "a bar in a list in a cell",
        {"t.csv": lines("image,tags", "a.jpg,\"['x|y', 'z']\"", "b.jpg,['z']")},
        ("t.csv: the value 'x|y' holds '|'",),
        "{ab}.jpg",
    ),
    Refused(
        "decimal commas, or two numbers",
        {"t.csv": lines("image;size", "a.jpg;0,5", "b.jpg;1,5", "c.jpg;1,0", "d.jpg;-0,5")},
        ("not clear whether", "column 'size': '0,5', divided by --separator ','?", "without a word"),
        "{abcd}.jpg",
    ),
    Refused(
        "two columns that look alike",
        {"t.csv": lines("image,wet,wet\u200b", "a.jpg,yes,no", "b.jpg,no,yes")},
        ("t.csv: two columns are called 'wet' but for what cannot be seen; rename one",),
        "{ab}.jpg",
    ),
    Refused(
        "one-hot rows of which one has an empty cell",
        {"t.csv": lines("image,kind_cat,kind_dog", *(f"{n}.jpg,{n % 2},{1 - n % 2}" for n in range(12)), "c.jpg,1,")},
        ("t.csv:14: kind_cat='1', kind_dog='': either all cells of a task are empty, or none is",),
        " ".join(f"{n}.jpg" for n in range(12)) + " c.jpg",
    ),
    Refused(
        "-1 beside 0 in one column, and without it in another",
        {"t.csv": lines("image,wet,big", "a.jpg,1,1", "b.jpg,-1,-1", "c.jpg,0,1")},
        ("-1 is beside 0 and 1 in column 'wet', but beside 1 alone in big", "--missing nan NA -1", "write 0 where"),
        "{abc}.jpg",
    ),
    Refused(
        "images to validate and to test alone",
        {"t.csv": lines("image,label,split", "a.jpg,x,val", "b.jpg,y,test", "c.jpg,y,val")},
        ("by column 'split' there is no image to train on (validation 2, test 1)", "--leave-out 'split'"),
        "{abc}.jpg",
    ),
    Refused(
        "images to test alone, as a format says",
        {"t.csv": lines("TEST,gs://b/a.jpg,x", "TEST,gs://b/b.jpg,y")},
        ("t.csv: there is no image to train on (test 2)",),
        "{ab}.jpg",
    ),
    Refused(
        "a separator without a letter",
        {"t.csv": lines(*TWO)},
        ("--separator is empty; name what stands between the values",),
        "{ab}.jpg",
        reading={"separator": ("",)},
    ),
    *(
        Refused(f"JSON: {name}", {"t.json": content}, ("t.json is not what it looks like", *words), "{ab}.jpg")
        for name, content, words in [
            (
                "a category without a name",
                json.dumps({**COCO, "annotations": [], "categories": [{"id": 1}]}),
                ["'name'"],
            ),
            ("annotations that are null", json.dumps({**COCO, "annotations": None}), ["TypeError"]),
            ("Label Studio without data", json.dumps([{**choice_of("a.jpg", "x"), "data": None}]), ["'NoneType'"]),
            ("a sample without a file", json.dumps({"samples": [{"truth": {"label": "x"}}]}), ["'filepath'"]),
            (
                "AutoML without a label",
                json.dumps([{"imageGcsUri": "gs://b/a.jpg", "classificationAnnotation": {"a": 1}}]),
                ["'displayName'"],
            ),
            (
                "rows of another length than the columns",
                json.dumps({"columns": ["image", "label"], "data": [["a.jpg"]]}),
                ["ValueError"],
            ),
            ("a depth without an end", "[" * 100_000, ["RecursionError"]),
        ]
    ),
    Refused(
        "a workbook of Excel with a password",
        {"t.xlsx": bytes.fromhex("d0cf11e0a1b11ae1") + b"EncryptedPackage"},
        ("t.xlsx is an old workbook, or one with a password; save it as .xlsx without, or as a CSV",),
        "{ab}.jpg",
        labels="t.xlsx",
    ),
    Refused(
        "half a workbook of Excel",
        {"t.xlsx": half_a_workbook},
        ("t.xlsx cannot be read as a workbook of Excel (File is not a zip file); write it anew",),
        "{ab}.jpg",
        labels="t.xlsx",
    ),
    Refused(
        "a zip that is called like a workbook",
        {"t.xlsx": no_workbook},
        ("t.xlsx cannot be read as a workbook of Excel (", "[Content_Types].xml", "write it anew"),
        labels="t.xlsx",
    ),
    Refused(
        "one number and blanks",
        {"t.csv": lines("image,age", "a.jpg,80.0", "b.jpg,80.0", "c.jpg,")},
        ("one single value, '80', so there is nothing to learn; leave it out",),
        "{abc}.jpg",
    ),
    *(
        Refused(
            f"folders that are no classes: {name}",
            {},
            (f"holds the folders {shown}, which are called like parts or kinds of files", "--labels"),
            images,
        )
        for name, shown, images in [
            ("parts in two words", "test_images, train_images", "train_images/{ab}.jpg test_images/{cd}.jpg"),
            ("parts and a letter", "testA, trainA, trainB", "trainA/{ab}.jpg trainB/{cd}.jpg testA/e.jpg"),
            ("parts and a year", "train2017, val2017", "train2017/{ab}.jpg val2017/{cd}.jpg"),
            ("images and their masks", "images, masks", "images/{ab}.jpg masks/{ab}.png"),
        ]
    ),
    Refused(
        "boxes of Pascal VOC",
        {"Annotations/a.xml": "<annotation/>"},
        ("Annotations holds a file of boxes for each image (Pascal VOC, YOLO)", "write a table", "image,label"),
        "JPEGImages/a.jpg",
    ),
    Refused(
        "boxes of YOLO, in parts",
        {"labels/train/a.txt": "0 0.5 0.5 1 1"},
        ("labels/train holds a file of boxes for each image (Pascal VOC, YOLO)",),
        "images/train/a.jpg",
    ),
    Refused(
        "a folder two levels above the data",
        {"one/two/train.csv": lines(*TWO)},
        ("HOME itself holds no labels, but HOME/one/two seems to: --labels HOME/one/two",),
        "one/two/{ab}.jpg",
    ),
    Refused(
        "a folder two levels above train/ and test/",
        {},
        ("HOME itself holds no labels, but HOME/one/two seems to: --labels HOME/one/two",),
        "one/two/train/cat/a.jpg one/two/train/dog/b.jpg one/two/test/c.jpg",
    ),
    Refused(
        "a folder above those of several data sets",
        {"one/train.csv": lines(*TWO), "two/train.csv": lines(*TWO)},
        ("HOME itself holds no labels, but HOME/one, HOME/two seem to; name one of them: --labels HOME/one",),
        "one/pics/{ab}.jpg two/pics/{ab}.jpg",
    ),
    Refused(
        "Intel's folders of parts, each in a folder of its name",
        {},
        ("but HOME/seg_test/seg_test, HOME/seg_train/seg_train seem to; name one of them: --labels HOME/seg_test",),
        "seg_train/seg_train/cat/a.jpg seg_train/seg_train/dog/b.jpg "
        "seg_test/seg_test/cat/c.jpg seg_test/seg_test/dog/d.jpg seg_pred/seg_pred/e.jpg",
    ),
    *(
        Refused(
            f"a column that may say parts: {name}",
            {
                "t.csv": lines(
                    f"image,label,{column}", *(f"{n}.jpg,x,{word}" for n, word in zip("abc", words, strict=True))
                )
            },
            (f"column '{column}' says which part", f"t.csv:2: {words[0]!r}", f"--class-columns '{column}'"),
            "{abc}.jpg",
        )
        for name, column, words in [
            ("called split", "split", ["A", "B", "A"]),
            ("called split, with a word that is known", "split", ["unlabeled", "train", "train"]),
            ("by its words", "subset", ["train_a", "train_b", "test_a"]),
        ]
    ),
    Refused(
        "a list of fewer rows than it says",
        {"list_attr_celeba.txt": lines("3", "Smiling Young", "a.jpg 1 -1", "b.jpg -1 1")},
        ("list_attr_celeba.txt:1: 3 rows are promised, and 2 follow; download it again",),
        "{ab}.jpg",
    ),
    Refused(
        "an image twice in one object of JSON",
        {"t.json": '{"a.jpg": "cat", "b.jpg": "dog", "a.jpg": "dog"}'},
        ("t.json: 'a.jpg' is named more than once in one object, with other values; keep one",),
        "{ab}.jpg",
    ),
    Refused(
        "surnames and given names",
        {"t.csv": lines("image,who", *(f'{n}.jpg,"{who}"' for n, who in zip("abcd", WHO, strict=True)))},
        ("not clear whether", "t.csv:2: column 'who': 'Smith, John', divided by --separator ','?"),
        "{abcd}.jpg",
    ),
    Refused(
        "answers in test.csv that are no classes",
        {
            "train.csv": lines("image,label,tags", "a.jpg,cat,x|y", "b.jpg,dog,y"),
            "test.csv": lines("image,label,tags", "q.jpg,cat,x", "r.jpg,Cat,y", "s.jpg,dog,y|z"),
        },
        (
            "answers to what is asked are none of the values that are learned",
            "test.csv:3: column 'label': there is no value 'Cat'; allowed are cat, dog",
            "test.csv:4: column 'tags': there is no value 'z'",
        ),
        "{abqrs}.jpg",
    ),
    Refused(
        "answers in questions.csv that are no classes",
        {"labels.csv": lines(*TWO), "questions.csv": lines("image,label", "q.jpg,cat", "r.jpg,bird")},
        ("questions.csv cannot be answered", "questions.csv:3: column 'label': there is no value 'bird'"),
        "{abqr}.jpg",
    ),
    Refused(
        "half a pair of UTF-16",
        {"t.json": '[{"image": "a.jpg", "label": "x"}, {"image": "b.jpg", "label": "\\ud800x"}]'},
        ("t.json:2: '\\ud800x' in column 'label' holds half a character",),
        "{ab}.jpg",
    ),
    Refused(
        "half a pair of UTF-16 in the name of a column",
        {"t.json": '[{"image": "a.jpg", "a\\ud800": "x"}, {"image": "b.jpg", "a\\ud800": "y"}]'},
        ("t.json: the name of column 'a\\ud800' holds half a character; rename it",),
        "{ab}.jpg",
    ),
    Refused(
        "names of no image beside free text",
        {"t.csv": lines("image,colour,price", *(f"p{n}.jpg,{'xy'[n % 2]},{n}.99" for n in range(12)))},
        ("t.csv names 'p0.jpg', 'p1.jpg', ", "none of these is among the 2 image files", "--images", "--image-column"),
        "{ab}.jpg",
    ),
    Refused(
        "a TFRecord of Kaggle",
        {"train-00.tfrec": b"\x0a\0\0\0\0\0\0\0abc"},
        ("is a TFRecord", "labels as a CSV"),
        labels="train-00.tfrec",
    ),
    Refused(
        "FER2013: pictures as numbers",
        {"t.csv": lines("emotion,pixels,Usage", *(f"{n},{' '.join(['70'] * 60)},Training" for n in range(3)))},
        ("t.csv: column 'pixels' holds pictures as numbers ('70 70", "write each to a file", "--leave-out 'pixels'"),
        labels="t.csv",
    ),
    Refused(
        "a comment above the header",
        {"t.csv": lines("# made by a tool", *TWO)},
        ("t.csv:1: '# made by a tool' is a comment; the first line has to name the columns", "delete the comments"),
        "{ab}.jpg",
    ),
    Refused(
        "a quote that does not end",
        {"t.csv": lines("image,label", "a.jpg,cat", 'b.jpg,"dog', "c.jpg,dog", "d.jpg,dog")},
        ("t.csv:3: not comma separated", "a quote begins in line 3 and does not end"),
        "{abcd}.jpg",
    ),
    Refused(
        "an encoding of Chinese",
        {"t.csv": lines(*TWO, "c.jpg,狗").encode("gb18030")},
        ("t.csv:4: byte 0xb9 is not UTF-8", "iconv -f ENCODING -t utf-8 t.csv", "gb18030 (Chinese)"),
        "{abc}.jpg",
    ),
    Refused(
        "images that are not unpacked",
        {"train.csv": lines("id,label", "a,x", "b,y"), "train.zip": zipped(a__jpg="x", b__jpg="y")},
        ("no image file (.jpg", "train.zip may hold them, so unpack it"),
    ),
    Refused(
        "folders of pictures that are not read",
        {"cat/a.gif": b"GIF89a", "dog/b.gif": b"GIF89a"},
        ("holds no labels", ".gif is not read, so convert the pictures"),
    ),
    Refused(
        "a column without a letter",
        {"t.csv": lines("image,label,👕", "a.jpg,x,s", "b.jpg,y,t")},
        ("column '👕' has neither a letter nor a digit in its name; rename it",),
        "{ab}.jpg",
    ),
    Refused(
        "a spreadsheet of LibreOffice",
        {"t.ods": zipped(mimetype="application/vnd.oasis.opendocument.spreadsheet", content__xml="<office/>")},
        ("t.ods is a spreadsheet of LibreOffice; save it as .xlsx or .csv",),
        labels="t.ods",
    ),
    Refused(
        "a zip of a workbook",
        {"t.zip": zipped(t__xlsx="x")},
        ("t.zip is a zip of 1 file (t.xlsx); unpack it", "unzip t.zip"),
        labels="t.zip",
    ),
    Refused(
        "rows without a name",
        {"t.csv": lines("image,label", "a.jpg,x", ",y", "b.jpg,y", ",x")},
        ("t.csv:3: no name in column 'image'", "t.csv:5: no name in column 'image'"),
        "{ab}.jpg",
    ),
    *(
        Refused(
            f"--{flag} that is in no cell",
            {"t.csv": lines("image,label", "a.jpg,x", "b.jpg,y", "c.jpg,unknown")},
            (f"--{flag} {word!r}: in no cell of", "t.csv; check the spelling"),
            "{abc}.jpg",
            reading={flag: (word,)},
        )
        for flag, word in [("missing", "unknwon"), ("separator", "/")]
    ),
    Refused(
        "a list of numbers without a header",
        {"trainval.txt": lines("Abyssinian_1 1 1 1", "Abyssinian_2 1 1 1")},
        ("trainval.txt:1: the first line, 'Abyssinian_1,1,1,1', is about an image; expected is a header",),
        "Abyssinian_{12}.jpg",
        labels="trainval.txt",
    ),
    Refused(
        "images of train.csv in the folder of another part",
        {"train.csv": lines("image,label", "a.jpg,x", "b.jpg,y")},
        ("train.csv: the image of 'a.jpg' would be test/a.jpg", "that is no folder of train", "--images"),
        "test/{abc}.jpg",
    ),
    Refused(
        "an image of train.csv in the folder of another part, beside others that are in their own",
        {"train.csv": lines("image,label", "a.jpg,x", "b.jpg,y", "c.jpg,y")},
        ("train.csv: the image of 'c.jpg' would be test/c.jpg", "that is no folder of train", "--images"),
        "train/{ab}.jpg test/c.jpg",
    ),
    Refused(
        "paths of a part, where another one is there",
        {"t.csv": lines("image,label", "train/a.jpg,x", "train/b.jpg,y")},
        ("t.csv: the image of 'train/a.jpg' would be test/a.jpg", "that is no folder of train", "--images"),
        "test/{ab}.jpg",
        labels="t.csv",
    ),
    Refused(
        "an image that is missing, and masks of all",
        {"t.csv": lines("id,label", "a,x", "b,y", "c,x")},
        ("'a' could be images/a.png or masks/a.png", "--images"),
        "images/{ab}.png masks/{abc}.png",
    ),
    Refused(
        "Label Studio: boxes alone",
        {"t.json": json.dumps([annotated({"image": "a.jpg"}, "rectanglelabels", "cat")])},
        ("t.json is an export of Label Studio, and no annotation holds choices; found are rectanglelabels",),
        "a.jpg",
    ),
    Refused(
        "Label Studio: no annotation",
        {"t.json": json.dumps([{"data": {"image": "a.jpg"}, "annotations": [], "predictions": [{"result": []}]}])},
        ("no annotation holds choices; found are predictions or tasks alone",),
        "a.jpg",
    ),
    *(
        Refused(
            f"Label Studio: {name}",
            {"t.json": json.dumps([annotated(data, "choices", "cat")])},
            (f"t.json: {words} in the data of a task; expected is one, called image",),
            "{ab}.jpg",
        )
        for name, data, words in [
            ("two images", {"left": "a.jpg", "right": "b.jpg"}, "left, right all name images"),
            ("no image", {"text": "a cat"}, "none of text names an image"),
        ]
    ),
    Refused(
        "a second answer to one question",
        {
            "t.csv": lines(
                "image,question,answer",
                *(f"{n}.jpg,{what},{'yes' if n % 2 else 'no'}" for n in range(12) for what in ("hat", "bag")),
                "4.jpg,hat,yes",
            )
        },
        ("t.csv answers questions more than once", "t.csv:26: 4.jpg has a second answer to hat; keep one"),
        " ".join(f"{n}.jpg" for n in range(12)),
    ),
]


@pytest.mark.parametrize(("file", "library"), [("t.parquet", "pyarrow"), ("t.xlsx", "openpyxl")])
def test_a_library_that_is_missing_is_named_with_another_way(tmp_path, monkeypatch, file, library):
    monkeypatch.setitem(sys.modules, library, None)
    workbook = zipped(**{"xl/workbook__xml": ""})
    message = refusal(looked_at, tmp_path / "data", Refused(file, {file: workbook}, (), labels=file))
    assert message.endswith(
        f"{file} needs {library}, or a newer one, to be read: pip install --upgrade {library}; or save it as a CSV"
    )


@pytest.mark.parametrize("sample", REFUSED, ids=lambda sample: sample.name)
def test_what_cannot_be_read_safely_is_refused_with_the_reason(tmp_path, sample):
    message = refusal(looked_at, tmp_path / "data", sample).replace(str(tmp_path / "data"), "HOME")
    assert [words for words in sample.words if words not in message] == []


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ImportError("Unable to find a usable engine;\ntried using …"), "t.parquet needs pyarrow, or a newer one"),
        (
            ValueError("magic bytes not found\nin footer"),
            "be read as a table of Parquet (magic bytes not found); write",
        ),
    ],
)
def test_a_parquet_that_cannot_be_read_is_refused_in_one_line(tmp_path, monkeypatch, error, words):
    def fail(file):
        raise error

    monkeypatch.setattr(pd, "read_parquet", fail)
    message = refusal(read_sheet, write(tmp_path / "t.parquet", "PAR1"))
    assert words in message
    assert "\n" not in message
