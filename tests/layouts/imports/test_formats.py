"""Public label formats, each as a tiny sample: every target and image path against a table written by hand."""

import gzip
import io
import json
import re
import zipfile
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import noise, refusal, write

from competition.dataset import YES, Dataset
from competition.layouts.detect import Found, sniff
from competition.layouts.imported import ImportedTable
from competition.layouts.imports.sheet import Reading

JPEG = cv2.imencode(".jpg", noise(8, 8))[1].tobytes()
ABSENT, NOTHING = ".", "{}"  # in the tables below; {a,b} are several values


@dataclass(frozen=True)
class Format:
    """A data set in a public format, and what has to be read from it.

    `images` are names of files, with {abc} for a, b and c. `truth` is a table, columns separated by two blanks or more:
    the path of an image, then a column a task. `asked` and `held_out` are paths, `said` are words of the notes.
    """

    name: str
    files: dict[str, object]
    images: str
    truth: str
    labels: str = ""
    reading: dict[str, object] = field(default_factory=dict)
    asked: str = ""
    held_out: str = ""
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refused:
    """A data set that cannot be read safely, and words of the reason and of the step that settles it."""

    name: str
    files: dict[str, object]
    words: tuple[str, ...]
    images: str = ""
    labels: str = ""
    reading: dict[str, object] = field(default_factory=dict)


def lines(*rows: str, end: str = "\n") -> str:
    return "".join(f"{row}{end}" for row in rows)


def names_in(pattern: str) -> list[str]:
    """The names that a text lists: {ab}.jpg is a.jpg and b.jpg."""
    found = []
    for word in pattern.split():
        choices = re.search(r"\{(.+?)\}", word)
        found += [word.replace(choices[0], letter) for letter in choices[1]] if choices else [word]
    return found


def expected(truth: str) -> dict[str, dict[str, object]]:
    """{path: {task: class, set of classes, or None}} of a table written as text."""
    header, *rows = [re.split(r" {2,}", line.strip()) for line in truth.strip().splitlines()]
    return {name: {task: _value(cell) for task, cell in zip(header[1:], cells, strict=True)} for name, *cells in rows}


def _value(cell: str) -> object:
    if cell.startswith("{"):
        return set(filter(None, cell[1:-1].split(",")))
    return None if cell == ABSENT else cell


def targets(dataset: Dataset, home: Path) -> dict[str, dict[str, object]]:
    """What a dataset holds, as `expected` gives it."""
    found: dict[str, dict[str, object]] = {}
    for row in range(len(dataset)):
        answers: dict[str, object] = {}
        for task in dataset.tasks:
            true = {name for name, code in zip(task.classes, dataset.codes[task.name][row], strict=True) if code == YES}
            known = dataset.labelled[task.name][row]
            answers[task.name] = None if not known else true if task.kind == "multilabel" else true.pop()
            assert not (known and task.kind == "multiclass" and true)
        found[dataset.path(row).relative_to(home).as_posix()] = answers
    return found


def lay_out(home: Path, sample: Format | Refused) -> Path:
    """Write the files of a data set; return what `--labels` names."""
    for name, given in sample.files.items():
        content = given() if callable(given) else given
        write(home / name, content.replace("{HOME}", str(home)) if isinstance(content, str) else content)
    for name in names_in(sample.images):
        write(home / name, JPEG)
    return home / sample.labels


def looked_at(home: Path, sample: Format | Refused) -> Found:
    reading = Reading(**sample.reading)
    if reading.images:
        reading = replace(reading, images=home / reading.images)
    return sniff(lay_out(home, sample), reading, home.parent / "mine.csv")


def trained_on(found: Found) -> Dataset:
    """What a training reads, from the files that `init` writes."""
    if not found.imported:
        return found.dataset
    found.imported.write(found.data)
    reader = ImportedTable(found.imported.images, found.imported.split_column)
    return reader.read_labels(found.data, found.dataset.tasks)


TWO = ("image,label", "a.jpg,cat", "b.jpg,dog")  # a table of two images
TWO_TRUTH = """
    image  label
    a.jpg  cat
    b.jpg  dog
"""
Table = partial(Format, images="{abcd}.jpg")


def utf16(text: str) -> bytes:
    return text.encode("utf-16")


def zipped(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return content.getvalue()


def spreadsheet(rows: list[dict], write_with: str, library: str) -> bytes:
    """The rows as a file of pandas; the test is skipped where the library is missing."""
    pandas, content = pytest.importorskip("pandas"), io.BytesIO()
    pytest.importorskip(library)
    getattr(pandas.DataFrame(rows), write_with)(content, index=False)
    return content.getvalue()


def records(*rows: dict) -> str:
    return json.dumps(rows)


def record_lines(*rows: dict) -> str:
    return lines(*map(json.dumps, rows))


KAGGLE = [
    Format(
        "cassava: ids with their ending in a folder, a sample of the submission beside",
        {
            "train.csv": lines("image_id,label", "a.jpg,3", "b.jpg,0", "c.jpg,3"),
            "sample_submission.csv": lines("image_id,label", "q.jpg,4"),
        },
        "train_images/{abc}.jpg test_images/q.jpg",
        """
        image               label
        train_images/a.jpg  3
        train_images/b.jpg  0
        train_images/c.jpg  3
        """,
    ),
    Format(
        "plant pathology 2020: ids without an ending, a 0/1 column a class, test.csv",
        {
            "train.csv": lines("image_id,healthy,rust", "Train_0,1,0", "Train_1,0,1", "Train_2,0,1"),
            "test.csv": lines("image_id", "Test_0", "Test_1"),
            "sample_submission.csv": lines("image_id,healthy,rust", "Test_0,0.5,0.5", "Test_1,0.5,0.5"),
        },
        "images/Train_{012}.jpg images/Test_{01}.jpg",
        """
        image               class
        images/Train_0.jpg  healthy
        images/Train_1.jpg  rust
        images/Train_2.jpg  rust
        """,
        asked="images/Test_0.jpg images/Test_1.jpg",
    ),
    Format(
        "plant pathology 2021: several labels separated by blanks",
        {
            "train.csv": lines(
                "image,labels",
                "a.jpg,scab",
                "b.jpg,rust",
                "c.jpg,scab rust complex",
                "d.jpg,rust complex",
                "e.jpg,complex scab",
                "f.jpg,complex",
                "g.jpg,healthy",
            )
        },
        "train_images/{abcdefg}.jpg",
        """
        image               labels
        train_images/a.jpg  {scab}
        train_images/b.jpg  {rust}
        train_images/c.jpg  {scab,rust,complex}
        train_images/d.jpg  {rust,complex}
        train_images/e.jpg  {complex,scab}
        train_images/f.jpg  {complex}
        train_images/g.jpg  {healthy}
        """,
        said=("labels: blanks separate several values", "--separator without a word"),
    ),
    Format(
        "planet: tags and ids without an ending, --separator said",
        {"train_v2.csv": lines("image_name,tags", "train_0,haze primary", "train_1,agriculture clear primary")},
        "train-jpg/train_{01}.jpg",
        """
        image                  tags
        train-jpg/train_0.jpg  {haze,primary}
        train-jpg/train_1.jpg  {agriculture,clear,primary}
        """,
        labels="train_v2.csv",
        reading={"separator": (" ",)},
    ),
    Format(
        "petfinder: numbers, folders train and test, an id in the last column",
        {
            "train/train.csv": lines("Type,Gender,PetID", "1,2,a", "2,1,b", "1,1,c"),
            "test/test.csv": lines("Type,Gender,PetID", "1,2,q"),
        },
        "train_images/{abc}-1.jpg train/{abc}.jpg test/q.jpg",
        """
        image        Type  Gender
        train/a.jpg  1     2
        train/b.jpg  2     1
        train/c.jpg  1     1
        """,
        labels="train/train.csv",
    ),
    Format(
        "iMaterialist fashion 2018: images and annotations with labelId",
        {
            "train.json": json.dumps(
                {
                    "images": [{"imageId": "1", "url": "http://x/p.jpg"}, {"imageId": "2", "url": "http://x/q.jpg"}],
                    "annotations": [{"imageId": "1", "labelId": ["95", "66"]}, {"imageId": "2", "labelId": ["66"]}],
                }
            )
        },
        "train/{12}.jpg",
        """
        image        label
        train/1.jpg  {66,95}
        train/2.jpg  {66}
        """,
        labels="train.json",
    ),
    Format(
        "iMet: attribute ids separated by blanks in quotes",
        {
            "train.csv": lines(
                "id,attribute_ids",
                *(
                    f"{n},{ids}"
                    for n, ids in zip(
                        "abcde", ("147 616 813", "616 147", "813", "147 813 1059", "1059 616"), strict=True
                    )
                ),
            )
        },
        "train/{abcde}.png",
        """
        image        attribute_ids
        train/a.png  {147,616,813}
        train/b.png  {147,616}
        train/c.png  {813}
        train/d.png  {147,813,1059}
        train/e.png  {1059,616}
        """,
    ),
    Format(
        "dogs: ids without an ending beside folders of both parts",
        {"labels.csv": lines("id,breed", "000a,pug", "000b,husky", "000c,pug")},
        "train/000{abc}.jpg test/000{de}.jpg",
        """
        image           breed
        train/000a.jpg  pug
        train/000b.jpg  husky
        train/000c.jpg  pug
        """,
        labels="labels.csv",
    ),
    Format(
        "whale: the class of most images is a phrase",
        {"train.csv": lines("Image,Id", "a.jpg,new_whale", "b.jpg,w_1", "c.jpg,new_whale")},
        "train/{abc}.jpg",
        """
        image        Id
        train/a.jpg  new_whale
        train/b.jpg  w_1
        train/c.jpg  new_whale
        """,
    ),
    Format(
        "numbers that lead with zeros stay ids",
        {"train.csv": lines("id,has_cactus", "0004.jpg,1", "0005.jpg,0")},
        "train/0004.jpg train/0005.jpg test/0006.jpg",
        """
        image           has_cactus
        train/0004.jpg  1
        train/0005.jpg  0
        """,
        labels="train.csv",
    ),
    Format(
        "ids that begin alike in train and test: the part decides",
        {
            "train.csv": lines("id,label", "0,cat", "1,dog"),
            "test.csv": lines("id", "0", "1"),
        },
        "train/{01}.jpg test/{01}.jpg",
        """
        image        label
        train/0.jpg  cat
        train/1.jpg  dog
        """,
        asked="test/0.jpg test/1.jpg",
    ),
    Format(
        "test.csv that knows the metadata of what it asks",
        {
            "train.csv": lines("image,sex,diagnosis", "a.jpg,m,nevus", "b.jpg,f,melanoma"),
            "test.csv": lines("image,sex", "q.jpg,f", "r.jpg,m"),
        },
        "{abqr}.jpg",
        """
        image  diagnosis
        a.jpg  nevus
        b.jpg  melanoma
        """,
        asked="q.jpg r.jpg",
        said=("sex are also in test.csv",),
    ),
    Format(
        "data in a folder that Kaggle calls input, images in a folder of the same name in it",
        {"train.csv": lines("image_id,label", "a,x", "b,y")},
        "train_images/train_images/{ab}.jpg",
        """
        image                           label
        train_images/train_images/a.jpg  x
        train_images/train_images/b.jpg  y
        """,
    ),
]

CELEBA = lines("4", "Smiling Young", "a.jpg  1 -1", "b.jpg -1  1", "c.jpg -1 -1", "d.jpg 1 1")
LISTS = [
    Format(
        "CelebA: a count, blanks, -1 and 1, and the parts beside",
        {
            "list_attr_celeba.txt": CELEBA,
            "list_eval_partition.txt": lines("a.jpg 0", "b.jpg 1", "c.jpg 2", "d.jpg 0"),
        },
        "img_align_celeba/{abcd}.jpg",
        """
        image                   tags
        img_align_celeba/a.jpg  {Smiling}
        img_align_celeba/b.jpg  {Young}
        img_align_celeba/d.jpg  {Smiling,Young}
        """,
        held_out="img_align_celeba/b.jpg",
        asked="img_align_celeba/c.jpg",
        said=("-1 in Smiling, Young is read as no",),
    ),
    Format(
        "CelebA as Kaggle's CSV",
        {"list_attr_celeba.csv": lines("image_id,Smiling,Young", "a.jpg,1,-1", "b.jpg,-1,1", "c.jpg,-1,-1")},
        "img_align_celeba/img_align_celeba/{abc}.jpg",
        """
        image                                    tags
        img_align_celeba/img_align_celeba/a.jpg  {Smiling}
        img_align_celeba/img_align_celeba/b.jpg  {Young}
        img_align_celeba/img_align_celeba/c.jpg  {}
        """,
    ),
    Format(
        "DeepFashion: attributes of 1, -1 and 0, named by the file beside",
        {
            "Anno/list_attr_img.txt": lines(
                "3", "image_name  attribute_labels", "img/x/a.jpg  1 -1", "img/x/b.jpg  -1  1", "img/x/c.jpg  0  1"
            ),
            "Anno/list_attr_cloth.txt": lines("2", "attribute_name  attribute_type", "a-line   3", "lace up  2"),
            "Eval/list_eval_partition.txt": lines("3", "image_name evaluation_status", "img/x/a.jpg train"),
        },
        "img/x/{abc}.jpg",
        """
        image        a-line  lace_up
        img/x/a.jpg  1       0
        img/x/b.jpg  0       1
        img/x/c.jpg  .       1
        """,
        labels="Anno/list_attr_img.txt",
    ),
    Format(
        "DeepFashion: numbers of categories, named by the file beside",
        {
            "list_category_img.txt": lines("2", "image_name  category_label", "img/a.jpg  2", "img/b.jpg  1"),
            "list_category_cloth.txt": lines("2", "category_name  category_type", "Tee  1", "Jeans  2"),
        },
        "img/{ab}.jpg",
        """
        image      category_label
        img/a.jpg  Jeans
        img/b.jpg  Tee
        """,
    ),
    Format(
        "a list without a count, columns aligned by blanks",
        {"labels.txt": lines("image    colour", "a.jpg    red", "b.jpg    blue", "c.jpg    red")},
        "{abc}.jpg",
        """
        image  colour
        a.jpg  red
        b.jpg  blue
        c.jpg  red
        """,
        labels="labels.txt",
    ),
]

COCO = {
    "images": [{"id": 7, "file_name": "a.jpg"}, {"id": 8, "file_name": "b.jpg"}, {"id": 9, "file_name": "c.jpg"}],
    "annotations": [
        {"id": 1, "image_id": 7, "category_id": 2, "bbox": [0, 0, 1, 1]},
        {"id": 2, "image_id": 7, "category_id": 1, "bbox": [0, 0, 1, 1]},
        {"id": 3, "image_id": 7, "category_id": 2, "bbox": [1, 1, 1, 1]},
        {"id": 4, "image_id": 8, "category_id": 1, "bbox": [0, 0, 1, 1]},
    ],
    "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
}
LABEL_STUDIO = [
    {"id": 1, "data": {"image": "/data/upload/1/a.jpg"}, "annotations": [{"result": [
        {"from_name": "colour", "type": "choices", "value": {"choices": ["red"]}},
        {"from_name": "tags", "type": "choices", "value": {"choices": ["wet", "big"]}}]}]},
    {"id": 2, "data": {"image": "/data/upload/1/b.jpg"}, "annotations": [
        {"was_cancelled": True, "result": [{"from_name": "colour", "value": {"choices": ["red"]}}]},
        {"result": [{"from_name": "colour", "value": {"choices": ["blue"]}}]}]},
]  # fmt: skip
JSON = [
    Format(
        "COCO: every category of an image once, and none",
        {"annotations/instances_train.json": json.dumps(COCO)},
        "images/{abc}.jpg",
        """
        image         category
        images/a.jpg  {cat,dog}
        images/b.jpg  {cat}
        images/c.jpg  .
        """,
        labels="annotations/instances_train.json",
    ),
    Format(
        "Roboflow: COCO in each part",
        {
            "train/_annotations.coco.json": json.dumps(COCO),
            "valid/_annotations.coco.json": json.dumps(
                {
                    **COCO,
                    "images": [{"id": 1, "file_name": "v.jpg"}],
                    "annotations": [{"image_id": 1, "category_id": 2}],
                }
            ),
        },
        "train/{abc}.jpg valid/v.jpg",
        """
        image        category
        train/a.jpg  {cat,dog}
        train/b.jpg  {cat}
        valid/v.jpg  {dog}
        """,
        held_out="valid/v.jpg",
    ),
    Format(
        "Roboflow: _classes.csv in each part",
        {
            "train/_classes.csv": lines("filename, cat, dog", "a.jpg, 1, 0", "b.jpg, 0, 1"),
            "valid/_classes.csv": lines("filename, cat, dog", "a.jpg, 1, 1"),
            "test/_classes.csv": lines("filename, cat, dog", "c.jpg, 0, 1"),
        },
        "train/{ab}.jpg valid/a.jpg test/c.jpg",
        """
        image        tags
        train/a.jpg  {cat}
        train/b.jpg  {dog}
        valid/a.jpg  {cat,dog}
        """,
        held_out="valid/a.jpg",
        asked="test/c.jpg",
    ),
    Format(
        "Hugging Face: metadata.csv in each part",
        {
            "train/metadata.csv": lines("file_name,label", "a.jpg,cat", "b.jpg,dog"),
            "test/metadata.csv": lines("file_name,label", "c.jpg,dog"),
        },
        "train/{ab}.jpg test/c.jpg",
        """
        image        label
        train/a.jpg  cat
        train/b.jpg  dog
        """,
        asked="test/c.jpg",
    ),
    Format(
        "Hugging Face: metadata.jsonl with a list of labels",
        {
            "metadata.jsonl": record_lines(
                {"file_name": "a.jpg", "labels": ["x", "y"]},
                {"file_name": "b.jpg", "labels": []},
                {"file_name": "c.jpg", "labels": ["y"]},
                {"file_name": "d.jpg"},
            )
        },
        "{abcd}.jpg",
        """
        image  labels
        a.jpg  {x,y}
        b.jpg  {}
        c.jpg  {y}
        """,
    ),
    Format(
        "Hugging Face: a folder train with metadata.csv, and its images a folder deeper",
        {"data/train/metadata.csv": lines("file_name,label", "images/a.jpg,cat", "images/b.jpg,dog")},
        "data/train/images/{ab}.jpg",
        """
        image                    label
        data/train/images/a.jpg  cat
        data/train/images/b.jpg  dog
        """,
        labels="data",
    ),
    Format(
        "Label Studio: JSON, a cancelled annotation, an unanswered choice",
        {"export.json": json.dumps(LABEL_STUDIO)},
        "{ab}.jpg",
        """
        image  colour  tags
        a.jpg  red     {wet,big}
        b.jpg  blue    .
        """,
    ),
    Format(
        "Label Studio: JSON-MIN with the prefix of an upload",
        {
            "export.json": records(
                {
                    "image": "/data/upload/1/a.jpg",
                    "id": 1,
                    "colour": "red",
                    "tags": {"choices": ["wet", "big"]},
                    "annotator": 1,
                    "annotation_id": 4,
                    "created_at": "x",
                    "updated_at": "y",
                    "lead_time": 3.1,
                },
                {
                    "image": "/data/upload/1/b.jpg",
                    "id": 2,
                    "colour": "blue",
                    "tags": "wet",
                    "annotator": 1,
                    "annotation_id": 5,
                    "created_at": "x",
                    "updated_at": "y",
                    "lead_time": 2.0,
                },
            )
        },
        "{ab}.jpg",
        """
        image  colour  tags
        a.jpg  red     {wet,big}
        b.jpg  blue    {wet}
        """,
    ),
    Format(
        "Label Studio: CSV",
        {
            "export.csv": lines(
                "annotation_id,annotator,colour,created_at,id,image,lead_time,tags,updated_at",
                '4,1,red,x,1,/data/upload/a.jpg,3.1,"{""choices"":[""wet"",""big""]}",y',
                "5,1,blue,x,2,/data/upload/b.jpg,2.0,wet,y",
                "6,1,blue,x,3,/data/upload/c.jpg,2.0,,y",
            )
        },
        "{abc}.jpg",
        """
        image  colour  tags
        a.jpg  red     {wet,big}
        b.jpg  blue    {wet}
        c.jpg  blue    .
        """,
    ),
    Format(
        "FiftyOne: labels.json beside data, classes counted from 0, names without an ending",
        {"labels.json": json.dumps({"classes": ["cat", "dog"], "labels": {"a": 1, "b": 0, "c": None}})},
        "data/{abc}.jpg",
        """
        image       label
        data/a.jpg  dog
        data/b.jpg  cat
        """,
    ),
    Format(
        "FiftyOne: labels.json without classes",
        {"labels.json": json.dumps({"classes": None, "labels": {"a": "dog", "b": "cat"}})},
        "data/{ab}.jpg",
        """
        image       label
        data/a.jpg  dog
        data/b.jpg  cat
        """,
    ),
    Format(
        "FiftyOne: samples.json with parts in the tags and paths of another machine",
        {
            "samples.json": json.dumps(
                {
                    "samples": [
                        {
                            "filepath": "/home/me/data/a.jpg",
                            "tags": ["train"],
                            "truth": {"_cls": "Classification", "label": "cat"},
                        },
                        {
                            "filepath": "/home/me/data/b.jpg",
                            "tags": ["val"],
                            "truth": {"_cls": "Classification", "label": "dog"},
                        },
                        {"filepath": "/home/me/data/c.jpg", "tags": ["train"], "truth": {"label": "dog"}},
                        {"filepath": "/home/me/data/d.jpg", "tags": ["test"], "truth": None},
                    ]
                }
            )
        },
        "data/{abcd}.jpg",
        """
        image       truth
        data/a.jpg  cat
        data/b.jpg  dog
        data/c.jpg  dog
        """,
        held_out="data/b.jpg",
        asked="data/d.jpg",
    ),
    Format(
        "FiftyOne: samples.json with classifications",
        {
            "samples.json": json.dumps(
                {
                    "samples": [
                        {"filepath": "data/a.jpg", "t": {"classifications": [{"label": "x"}, {"label": "y"}]}},
                        {"filepath": "data/b.jpg", "t": {"classifications": [{"label": "y"}]}},
                        {"filepath": "data/c.jpg", "t": {"classifications": []}},
                    ]
                }
            )
        },
        "data/{abc}.jpg",
        """
        image       t
        data/a.jpg  {x,y}
        data/b.jpg  {y}
        data/c.jpg  {}
        """,
    ),
    Format(
        "AutoML: parts, addresses, several labels and no header",
        {
            "import.csv": lines(
                "TRAIN,gs://bucket/pics/a.jpg,cat,wet",
                "VALIDATE,gs://bucket/pics/b.jpg,dog",
                "TEST,gs://bucket/pics/c.jpg",
                "UNASSIGNED,gs://bucket/pics/d.jpg,cat",
            )
        },
        "pics/{abcd}.jpg",
        """
        image       label
        pics/a.jpg  {cat,wet}
        pics/b.jpg  {dog}
        pics/d.jpg  {cat}
        """,
        held_out="pics/b.jpg",
        asked="pics/c.jpg",
    ),
    Format(
        "AutoML: addresses and one label",
        {"import.csv": lines("gs://bucket/a.jpg,cat", "gs://bucket/b.jpg,dog")},
        "{ab}.jpg",
        TWO_TRUTH,
    ),
    Format(
        "Vertex AI: JSON lines",
        {
            "import.jsonl": record_lines(
                {
                    "imageGcsUri": "gs://b/a.jpg",
                    "classificationAnnotation": {"displayName": "cat"},
                    "dataItemResourceLabels": {"aiplatform.googleapis.com/ml_use": "training"},
                },
                {
                    "imageGcsUri": "gs://b/b.jpg",
                    "classificationAnnotation": {"displayName": "dog"},
                    "dataItemResourceLabels": {"aiplatform.googleapis.com/ml_use": "validation"},
                },
            )
        },
        "{ab}.jpg",
        TWO_TRUTH,
        held_out="b.jpg",
    ),
    Format(
        "Vertex AI: JSON lines with several labels",
        {
            "import.jsonl": record_lines(
                {
                    "imageGcsUri": "gs://b/a.jpg",
                    "classificationAnnotations": [{"displayName": "x"}, {"displayName": "y"}],
                },
                {"imageGcsUri": "gs://b/b.jpg", "classificationAnnotations": [{"displayName": "x"}]},
            )
        },
        "{ab}.jpg",
        """
        image  label
        a.jpg  {x,y}
        b.jpg  {x}
        """,
    ),
    Format(
        "JSON: a list of records",
        {"labels.json": records({"image": "a.jpg", "label": "cat"}, {"image": "b.jpg", "label": "dog"})},
        "{ab}.jpg",
        TWO_TRUTH,
    ),
    Format(
        "JSON: a mapping from image to label",
        {"labels.json": json.dumps({"a.jpg": "cat", "b.jpg": "dog"})},
        "{ab}.jpg",
        TWO_TRUTH,
    ),
    Format(
        "JSON: a mapping from id to label", {"labels.json": json.dumps({"a": "cat", "b": "dog"})}, "{ab}.jpg", TWO_TRUTH
    ),
    Format(
        "JSON: a mapping from image to labels",
        {
            "labels.json": json.dumps(
                {"a.jpg": {"colour": "red", "n": 1, "wet": True}, "b.jpg": {"colour": "blue", "n": 2, "wet": False}}
            )
        },
        "{ab}.jpg",
        """
        image  colour  n  wet
        a.jpg  red     1  true
        b.jpg  blue    2  false
        """,
    ),
    Format(
        "JSON: pandas' columns",
        {"labels.json": json.dumps({"image": {"0": "a.jpg", "1": "b.jpg"}, "label": {"0": "cat", "1": "dog"}})},
        "{ab}.jpg",
        TWO_TRUTH,
    ),
    Format(
        "JSON: columns as lists",
        {"labels.json": json.dumps({"image": ["a.jpg", "b.jpg"], "label": ["cat", "dog"]})},
        "{ab}.jpg",
        TWO_TRUTH,
    ),
    Format(
        "JSON: pandas' index",
        {"labels.json": json.dumps({"0": {"image": "a.jpg", "label": "cat"}, "1": {"image": "b.jpg", "label": "dog"}})},
        "{ab}.jpg",
        TWO_TRUTH,
    ),
    Format(
        "JSON: pandas' split",
        {
            "labels.json": json.dumps(
                {"columns": ["image", "label"], "index": [0, 1], "data": [["a.jpg", "cat"], ["b.jpg", "dog"]]}
            )
        },
        "{ab}.jpg",
        TWO_TRUTH,
    ),
    Format(
        "JSON: records below a name, records in records",
        {
            "labels.json": json.dumps(
                {
                    "version": "1",
                    "data": [
                        {"file": "a.jpg", "hair": {"colour": "red"}},
                        {"file": "b.jpg", "hair": {"colour": "black"}},
                    ],
                }
            )
        },
        "{ab}.jpg",
        """
        image  hair_colour
        a.jpg  red
        b.jpg  black
        """,
    ),
    Format(
        "JSON: a mapping from class to its images",
        {"labels.json": json.dumps({"cat": ["a.jpg"], "dog": ["b.jpg", "c.jpg"]})},
        "{abc}.jpg",
        """
        image  label
        a.jpg  cat
        b.jpg  dog
        c.jpg  dog
        """,
    ),
    Format(
        "JSON: null is missing, and so are keys that are not there",
        {
            "labels.json": records(
                {"image": "a.jpg", "label": None, "n": 1},
                {"image": "b.jpg", "label": "dog", "n": 2},
                {"image": "c.jpg", "label": "cat"},
            )
        },
        "{abc}.jpg",
        """
        image  label  n
        a.jpg  .      1
        b.jpg  dog    2
        c.jpg  cat    .
        """,
    ),
]

TEXT = [
    Format(
        "semicolons",
        {"t.csv": lines("image;label", "a.jpg;cat", "b.jpg;dog")},
        "{ab}.jpg",
        TWO_TRUTH,
        said=("separated by semicolons",),
    ),
    Format("tabs", {"t.tsv": lines("image\tlabel", "a.jpg\tcat", "b.jpg\tdog")}, "{ab}.jpg", TWO_TRUTH),
    Format(
        "tabs in a file called csv", {"t.csv": lines("image\tlabel", "a.jpg\tcat", "b.jpg\tdog")}, "{ab}.jpg", TWO_TRUTH
    ),
    Format("Excel's sep=;", {"t.csv": lines("sep=;", "image;label", "a.jpg;cat", "b.jpg;dog")}, "{ab}.jpg", TWO_TRUTH),
    Format(
        "UTF-16 with tabs, as Excel saves it",
        {"t.txt": utf16(lines("image\tlabel", "a.jpg\tcat", "b.jpg\tdog"))},
        "{ab}.jpg",
        TWO_TRUTH,
        labels="t.txt",
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
    ),
    Format(
        "pandas' index without a name",
        {"t.csv": lines(",image,label", "0,a.jpg,cat", "1,b.jpg,dog")},
        "{ab}.jpg",
        TWO_TRUTH,
        said=("only tells the rows apart",),
    ),
    Format(
        "pandas' index called Unnamed: 0",
        {"t.csv": lines("Unnamed: 0,image,label", "0,a.jpg,cat", "1,b.jpg,dog")},
        "{ab}.jpg",
        TWO_TRUTH,
        said=("only tells the rows apart",),
    ),
    Format(
        "pandas' index of a shuffled table",
        {"t.csv": lines(",image,label", "17,a.jpg,cat", "4,b.jpg,dog")},
        "{ab}.jpg",
        TWO_TRUTH,
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
]

CELLS = [
    Table(
        "missing: nan",
        {"t.csv": lines("image,sleeve", "a.jpg,nan", "b.jpg,long", "c.jpg,short", "d.jpg,nan")},
        truth="""
        image  sleeve
        b.jpg  long
        c.jpg  short
        """,
        said=("sleeve: 'nan' 2 times, read as missing",),
    ),
    Table(
        "missing: several words in any case",
        {"t.csv": lines("image,sleeve,hem", "a.jpg,N/A,Unknown", "b.jpg,long,-", "c.jpg,short,wide", "d.jpg,?,slim")},
        truth="""
        image  sleeve  hem
        b.jpg  long    .
        c.jpg  short   wide
        d.jpg  .       slim
        """,
    ),
    Table(
        "missing: words that the user says",
        {"t.csv": lines("image,sleeve", "a.jpg,keine", "b.jpg,long", "c.jpg,short", "d.jpg,none")},
        reading={"missing": ("keine",)},
        truth="""
        image  sleeve
        b.jpg  long
        c.jpg  short
        d.jpg  none
        """,
    ),
    Table(
        "missing: no word is",
        {"t.csv": lines("image,region", "a.jpg,NA", "b.jpg,EU", "c.jpg,AS", "d.jpg,NA")},
        reading={"missing": ()},
        truth="""
        image  region
        a.jpg  NA
        b.jpg  EU
        c.jpg  AS
        d.jpg  NA
        """,
    ),
    Table(
        "missing: among several values",
        {"t.csv": lines("image,tags", "a.jpg,red|wet", "b.jpg,nan", "c.jpg,wet", "d.jpg,red")},
        truth="""
        image  tags
        a.jpg  {red,wet}
        c.jpg  {wet}
        d.jpg  {red}
        """,
    ),
    Table(
        "missing: nan in a column of numbers",
        {"t.csv": lines("image,grade", "a.jpg,1.0", "b.jpg,nan", "c.jpg,2.0", "d.jpg,1.0")},
        truth="""
        image  grade
        a.jpg  1
        c.jpg  2
        d.jpg  1
        """,
    ),
    Table(
        "missing: nan among 0 and 1",
        {"t.csv": lines("image,t_a,t_b", "a.jpg,1,0", "b.jpg,nan,nan", "c.jpg,0,1", "d.jpg,1,0")},
        truth="""
        image  t
        a.jpg  a
        c.jpg  b
        d.jpg  a
        """,
    ),
    Table(
        "several: commas and a blank",
        {"t.csv": lines("image,tags", 'a.jpg,"red, wet"', "b.jpg,red", 'c.jpg,"wet, big"', "d.jpg,big")},
        truth="""
        image  tags
        a.jpg  {red,wet}
        b.jpg  {red}
        c.jpg  {wet,big}
        d.jpg  {big}
        """,
        said=("tags: commas separate several values",),
    ),
    Table(
        "several: semicolons",
        {"t.csv": lines("image,tags", "a.jpg,red;wet", "b.jpg,red", "c.jpg,wet;big", "d.jpg,big")},
        truth="""
        image  tags
        a.jpg  {red,wet}
        b.jpg  {red}
        c.jpg  {wet,big}
        d.jpg  {big}
        """,
    ),
    Table(
        "several: a list of Python",
        {"t.csv": lines("image,tags", "a.jpg,\"['red', 'wet']\"", "b.jpg,['red']", "c.jpg,[]", "d.jpg,")},
        truth="""
        image  tags
        a.jpg  {red,wet}
        b.jpg  {red}
        c.jpg  {}
        """,
    ),
    Table(
        "several: a list of JSON",
        {"t.csv": lines("image,tags", 'a.jpg,"[""red"", ""wet""]"', 'b.jpg,"[""red""]"', "c.jpg,[]")},
        truth="""
        image  tags
        a.jpg  {red,wet}
        b.jpg  {red}
        c.jpg  {}
        """,
    ),
    Table(
        "several: choices of JSON",
        {"t.csv": lines("image,tags", 'a.jpg,"{""choices"": [""red"", ""wet""]}"', "b.jpg,red", "c.jpg,wet")},
        truth="""
        image  tags
        a.jpg  {red,wet}
        b.jpg  {red}
        c.jpg  {wet}
        """,
    ),
    Table(
        "several: some cells a list and some a word",
        {"t.csv": lines("image,tags", "a.jpg,\"['red', 'wet']\"", "b.jpg,red", "c.jpg,wet")},
        truth="""
        image  tags
        a.jpg  {red,wet}
        b.jpg  {red}
        c.jpg  {wet}
        """,
    ),
    Table(
        "several: numbers in a list",
        {"t.csv": lines("image,tags", 'a.jpg,"[1, 2]"', "b.jpg,[2]", "c.jpg,[1]")},
        truth="""
        image  tags
        a.jpg  {1,2}
        b.jpg  {2}
        c.jpg  {1}
        """,
    ),
    Table(
        "several: an array as NumPy prints it",
        {"t.csv": lines("image,tags", "a.jpg,[1 2]", "b.jpg,[2]", "c.jpg,[1]")},
        truth="""
        image  tags
        a.jpg  {1,2}
        b.jpg  {2}
        c.jpg  {1}
        """,
    ),
    Table(
        "several: a separator at the end",
        {"t.csv": lines("image,tags", "a.jpg,red;wet;", "b.jpg,red;", "c.jpg,wet;")},
        truth="""
        image  tags
        a.jpg  {red,wet}
        b.jpg  {red}
        c.jpg  {wet}
        """,
    ),
    Table(
        "one value: words with a blank",
        {
            "t.csv": lines(
                "image,colour", "a.jpg,light blue", "b.jpg,dark blue", "c.jpg,light green", "d.jpg,dark green"
            )
        },
        truth="""
        image  colour
        a.jpg  light blue
        b.jpg  dark blue
        c.jpg  light green
        d.jpg  dark green
        """,
    ),
    Table(
        "one value: words with a comma in it, which nothing else has",
        {"t.csv": lines("image,kind", 'a.jpg,"boots, leather"', "b.jpg,hat", "c.jpg,hat", "d.jpg,scarf")},
        truth="""
        image  kind
        a.jpg  boots, leather
        b.jpg  hat
        c.jpg  hat
        d.jpg  scarf
        """,
    ),
    Table(
        "one value: a separator is not to be looked for",
        {"t.csv": lines("image,tags", "a.jpg,x;y", "b.jpg,x", "c.jpg,y;z", "d.jpg,z")},
        reading={"separator": ()},
        truth="""
        image  tags
        a.jpg  x;y
        b.jpg  x
        c.jpg  y;z
        d.jpg  z
        """,
    ),
    Table(
        "spellings: 1 and 1.0",
        {"t.csv": lines("image,grade", "a.jpg,1", "b.jpg,1.0", "c.jpg,2", "d.jpg,2.0")},
        truth="""
        image  grade
        a.jpg  1
        b.jpg  1
        c.jpg  2
        d.jpg  2
        """,
        said=("1, 1.0",),
    ),
    Table(
        "spellings: True, TRUE and true",
        {"t.csv": lines("image,wet", "a.jpg,True", "b.jpg,TRUE", "c.jpg,false", "d.jpg,FALSE")},
        truth="""
        image  wet
        a.jpg  true
        b.jpg  true
        c.jpg  false
        d.jpg  false
        """,
        said=("TRUE, True",),
    ),
    Table(
        "spellings: composed and decomposed accents",
        {"t.csv": lines("image,wo", "a.jpg,caf\u00e9", "b.jpg,cafe\u0301", "c.jpg,bar", "d.jpg,bar")},
        truth="""
        image  wo
        a.jpg  café
        b.jpg  café
        c.jpg  bar
        d.jpg  bar
        """,
        said=("made uniform",),
    ),
    Table(
        "spellings: no-break and zero-width spaces",
        {"t.csv": lines("image,wo", "a.jpg,long\u00a0sleeve", "b.jpg,long sleeve", "c.jpg,bar\u200b", "d.jpg,bar")},
        truth="""
        image  wo
        a.jpg  long sleeve
        b.jpg  long sleeve
        c.jpg  bar
        d.jpg  bar
        """,
        said=("made uniform",),
    ),
    Table(
        "spellings: numbers with gaps",
        {"t.csv": lines("image,grade", "a.jpg,3.0", "b.jpg,", "c.jpg,4.0", "d.jpg,3.0")},
        truth="""
        image  grade
        a.jpg  3
        c.jpg  4
        d.jpg  3
        """,
    ),
    Table(
        "flags: partly answered are a task each",
        {"t.csv": lines("image,wet,big", "a.jpg,1,", "b.jpg,,0", "c.jpg,0,1", "d.jpg,,")},
        truth="""
        image  wet  big
        a.jpg  1    .
        b.jpg  .    0
        c.jpg  0    1
        """,
    ),
    Table(
        "flags: partly answered, with a prefix",
        {"t.csv": lines("image,is_wet,is_big", "a.jpg,1,", "b.jpg,,0", "c.jpg,0,1", "d.jpg,,")},
        truth="""
        image  is_wet  is_big
        a.jpg  1       .
        b.jpg  .       0
        c.jpg  0       1
        """,
    ),
    Table(
        "flags: CheXpert's -1 is uncertain, a blank is absent",
        {"t.csv": lines("Path,Edema,Fracture", "a.jpg,1.0,-1.0", "b.jpg,,0.0", "c.jpg,0.0,1.0", "d.jpg,-1.0,")},
        truth="""
        image  Edema  Fracture
        a.jpg  1      .
        b.jpg  .      0
        c.jpg  0      1
        """,
        said=("-1 in Edema, Fracture is read as missing",),
    ),
    Table(
        "flags: -1 and 1",
        {"t.csv": lines("image,wet,big", "a.jpg,1,-1", "b.jpg,-1,-1", "c.jpg,-1,1", "d.jpg,1,1")},
        truth="""
        image  tags
        a.jpg  {wet}
        b.jpg  {}
        c.jpg  {big}
        d.jpg  {wet,big}
        """,
        said=("is read as no, because there is no 0",),
    ),
    Table(
        "flags: one column of -1, 0 and 1",
        {"t.csv": lines("image,wet", "a.jpg,1", "b.jpg,-1", "c.jpg,0", "d.jpg,1")},
        truth="""
        image  wet
        a.jpg  1
        c.jpg  0
        d.jpg  1
        """,
    ),
    Table(
        "flags: ones only",
        {"t.csv": lines("image,wet,big", "a.jpg,1,", "b.jpg,,1", "c.jpg,1,1", "d.jpg,,")},
        truth="""
        image  tags
        a.jpg  {wet}
        b.jpg  {big}
        c.jpg  {wet,big}
        """,
        said=("only mark what is true",),
    ),
    Table(
        "flags: crosses",
        {"t.csv": lines("image,wet,big", "a.jpg,x,", "b.jpg,,x", "c.jpg,x,", "d.jpg,,x")},
        truth="""
        image  class
        a.jpg  wet
        b.jpg  big
        c.jpg  wet
        d.jpg  big
        """,
    ),
    Table(
        "flags: words of yes and no are a task each",
        {"t.csv": lines("image,wet,big", "a.jpg,yes,no", "b.jpg,no,no", "c.jpg,,yes", "d.jpg,yes,")},
        truth="""
        image  wet  big
        a.jpg  yes  no
        b.jpg  no   no
        c.jpg  .    yes
        d.jpg  yes  .
        """,
    ),
    Table(
        "flags: one-hot with a prefix, as get_dummies writes it",
        {"t.csv": lines("image,colour_red,colour_blue", "a.jpg,True,False", "b.jpg,False,True", "c.jpg,True,False")},
        images="{abc}.jpg",
        truth="""
        image  colour
        a.jpg  red
        b.jpg  blue
        c.jpg  red
        """,
    ),
    Table(
        "ODIR: letters of diseases, free text left out",
        {
            "t.csv": lines(
                "ID,Left-Fundus,N,D,Keywords",
                "1,a.jpg,1,0,normal fundus",
                "2,b.jpg,0,1,mild something",
                "3,c.jpg,0,1,else",
            )
        },
        images="{abc}.jpg",
        reading={"leave_out": ("ID", "Keywords")},
        truth="""
        image  class
        a.jpg  N
        b.jpg  D
        c.jpg  D
        """,
    ),
    Table(
        "part: split of train, valid and test",
        {"t.csv": lines("image,label,split", "a.jpg,x,train", "b.jpg,y,valid", "c.jpg,x,test", "d.jpg,y,train")},
        truth="""
        image  label
        a.jpg  x
        b.jpg  y
        d.jpg  y
        """,
        held_out="b.jpg",
        asked="c.jpg",
        said=("column 'split' says which part",),
    ),
    Table(
        "part: in capitals, by another name",
        {
            "t.csv": lines(
                "image,label,Usage", "a.jpg,x,Training", "b.jpg,y,Training", "c.jpg,x,Testing", "d.jpg,y,Testing"
            )
        },
        truth="""
        image  label
        a.jpg  x
        b.jpg  y
        """,
        asked="c.jpg d.jpg",
    ),
    Table(
        "part: is_test",
        {"t.csv": lines("image,label,is_test", "a.jpg,x,0", "b.jpg,y,0", "c.jpg,x,1", "d.jpg,,1")},
        truth="""
        image  label
        a.jpg  x
        b.jpg  y
        """,
        asked="c.jpg d.jpg",
    ),
    Table(
        "part: a column of which every image has the same part",
        {"t.csv": lines("image,label,split", "a.jpg,x,train", "b.jpg,y,train")},
        images="{ab}.jpg",
        truth="""
        image  label
        a.jpg  x
        b.jpg  y
        """,
    ),
    Table(
        "part: told by --split-column",
        {"t.csv": lines("image,label,fold", "a.jpg,x,train", "b.jpg,y,dev", "c.jpg,y,train")},
        images="{abc}.jpg",
        reading={"split_column": "fold"},
        truth="""
        image  label
        a.jpg  x
        b.jpg  y
        c.jpg  y
        """,
        held_out="b.jpg",
    ),
    Table(
        "long: an image and label a line",
        {"t.csv": lines("image,label", "a.jpg,x", "a.jpg,y", "b.jpg,y", "c.jpg,x", "c.jpg,y", "d.jpg,z")},
        truth="""
        image  label
        a.jpg  {x,y}
        b.jpg  {y}
        c.jpg  {x,y}
        d.jpg  {z}
        """,
        said=("the values of label were gathered",),
    ),
    Table(
        "long: Open Images, with a confidence of 0 and 1",
        {"t.csv": lines("ImageID,LabelName,Confidence", "a,/m/x,1", "a,/m/y,0", "b,/m/y,1", "b,/m/x,0", "c,/m/x,1")},
        images="{abc}.jpg",
        truth="""
        image  /m/x  /m/y
        a.jpg  1     0
        b.jpg  0     1
        c.jpg  1     .
        """.replace("/m/", "m_"),
    ),
    Table(
        "long: question and answer",
        {
            "t.csv": lines(
                "image,task,answer",
                "a.jpg,colour,red",
                "a.jpg,size,big",
                "b.jpg,colour,blue",
                "c.jpg,size,small",
                "c.jpg,colour,red",
                "d.jpg,colour,blue",
            )
        },
        truth="""
        image  colour  size
        a.jpg  red     big
        b.jpg  blue    .
        c.jpg  red     small
        d.jpg  blue    .
        """,
        said=("task names the questions",),
    ),
    Table(
        "long: several boxes of an image with the class of each",
        {
            "t.csv": lines(
                "image,x1,y1,label", "a.jpg,1,2,cat", "a.jpg,3,4,dog", "b.jpg,5,6,dog", "c.jpg,1,1,cat", "c.jpg,2,2,cat"
            )
        },
        images="{abc}.jpg",
        reading={"leave_out": ("x1", "y1")},
        truth="""
        image  label
        a.jpg  {cat,dog}
        b.jpg  {dog}
        c.jpg  {cat}
        """,
    ),
    Table(
        "rows that repeat another count once",
        {"t.csv": lines("image,label", "a.jpg,x", "b.jpg,y", "a.jpg,x")},
        images="{ab}.jpg",
        truth="""
        image  label
        a.jpg  x
        b.jpg  y
        """,
        said=("1 rows repeat another row",),
    ),
    Table(
        "free text is learned where the user insists",
        {"t.csv": lines("image,code", *(f"{n:02}.jpg,c{n}" for n in range(12)))},
        images=" ".join(f"{n:02}.jpg" for n in range(12)),
        reading={"class_columns": ("code",)},
        truth="image  code\n" + lines(*(f"{n:02}.jpg  c{n}" for n in range(12))),
    ),
    Table(
        "quantities are classes where the user insists",
        {"t.csv": lines("image,year", *(f"{n:02}.jpg,{1900 + 7 * n}" for n in range(12)))},
        images=" ".join(f"{n:02}.jpg" for n in range(12)),
        reading={"numbers_are_classes": True},
        truth="image  year\n" + lines(*(f"{n:02}.jpg  {1900 + 7 * n}" for n in range(12))),
    ),
]

PATHS = [
    Format(
        "paths: absolute ones inside the folder",
        {"t.csv": lines("image,label", "{HOME}/pics/a.jpg,cat", "{HOME}/pics/b.jpg,dog")},
        "pics/{ab}.jpg",
        TWO_TRUTH.replace("a.jpg", "pics/a.jpg").replace("b.jpg", "pics/b.jpg"),
    ),
    Format(
        "paths: absolute ones of another machine",
        {"t.csv": lines("image,label", "/home/x/data/pics/a.jpg,cat", "/home/x/data/pics/b.jpg,dog")},
        "pics/{ab}.jpg",
        TWO_TRUTH.replace("a.jpg", "pics/a.jpg").replace("b.jpg", "pics/b.jpg"),
    ),
    Format(
        "paths: backslashes",
        {"t.csv": lines("image,label", "pics\\a.jpg,cat", "pics\\b.jpg,dog")},
        "pics/{ab}.jpg",
        TWO_TRUTH.replace("a.jpg", "pics/a.jpg").replace("b.jpg", "pics/b.jpg"),
    ),
    Format(
        "paths: drives of Windows",
        {"t.csv": lines("image,label", "C:\\data\\a.jpg,cat", "C:\\data\\b.jpg,dog")},
        "{ab}.jpg",
        TWO_TRUTH,
    ),
    Format("paths: ./", {"t.csv": lines("image,label", "./a.jpg,cat", "./b.jpg,dog")}, "{ab}.jpg", TWO_TRUTH),
    Format(
        "paths: ../images/ from a folder of labels",
        {"labels/t.csv": lines("image,label", "../pics/a.jpg,cat", "../pics/b.jpg,dog")},
        "pics/{ab}.jpg",
        TWO_TRUTH.replace("a.jpg", "pics/a.jpg").replace("b.jpg", "pics/b.jpg"),
        labels="labels/t.csv",
    ),
    Format(
        "paths: composed names of decomposed files",
        {"t.csv": lines("image,label", "caf\u00e9.jpg,cat", "b.jpg,dog")},
        "cafe\u0301.jpg b.jpg",
        TWO_TRUTH.replace("a.jpg", "cafe\u0301.jpg"),
    ),
    Format(
        "paths: addresses",
        {"t.csv": lines("url,label", "https://x.org/p/a.jpg?s=1,cat", "https://x.org/p/b.jpg?s=1,dog")},
        "{ab}.jpg",
        TWO_TRUTH,
    ),
    Format(
        "paths: endings in capitals",
        {"t.csv": lines("image,label", "a.JPG,cat", "b.JPG,dog")},
        "{ab}.JPG",
        TWO_TRUTH.replace(".jpg", ".JPG"),
    ),
    Format(
        "paths: names in capitals, files in small letters",
        {"t.csv": lines("image,label", "a.JPG,cat", "b.JPG,dog")},
        "{ab}.jpg",
        TWO_TRUTH,
    ),
    Format(
        "paths: another ending than the files have",
        {"t.csv": lines("image,label", "a.png,cat", "b.png,dog")},
        "{ab}.jpg",
        TWO_TRUTH,
    ),
    Format(
        "paths: ids in two columns of which one is a number",
        {"t.csv": lines("id,image,label", "1,a,cat", "2,b,dog")},
        "{ab}.jpg",
        TWO_TRUTH,
        reading={"leave_out": ("id",)},
    ),
    Format(
        "paths: --extension settles two files of a name",
        {"t.csv": lines("image,label", "a,cat", "b,dog")},
        "{ab}.jpg {ab}.png",
        TWO_TRUTH,
        reading={"extension": ".jpg"},
    ),
    Format(
        "paths: --images settles two folders",
        {"t.csv": lines("image,label", "a,cat", "b,dog")},
        "one/{ab}.jpg two/{ab}.jpg",
        TWO_TRUTH.replace("a.jpg", "two/a.jpg").replace("b.jpg", "two/b.jpg"),
        reading={"images": "two"},
    ),
    Format(
        "paths: --image-column settles two columns of names",
        {"t.csv": lines("front,back,label", "a.jpg,c.jpg,cat", "b.jpg,d.jpg,dog")},
        "{abcd}.jpg",
        TWO_TRUTH,
        reading={"image_column": "front", "leave_out": ("back",)},
    ),
    Format(
        "paths: subfolders with the same names",
        {"t.csv": lines("image,label", "x/1.jpg,cat", "y/1.jpg,dog")},
        "data/x/1.jpg data/y/1.jpg",
        TWO_TRUTH.replace("a.jpg", "data/x/1.jpg").replace("b.jpg", "data/y/1.jpg"),
    ),
    Format(
        "paths: blanks around and in names",
        {"t.csv": lines("image,label", " my a.jpg ,cat", "b.jpg,dog")},
        "b.jpg",
        TWO_TRUTH.replace("a.jpg", "my a.jpg"),
    ),
]

FOLDERS = [
    Format(
        "folders: Train, Val and Test in capitals",
        {},
        "Train/cat/{ab}.jpg Train/dog/c.jpg Val/dog/d.jpg Test/q.jpg",
        """
        image            class
        Train/cat/a.jpg  cat
        Train/cat/b.jpg  cat
        Train/dog/c.jpg  dog
        Val/dog/d.jpg    dog
        """,
        held_out="Val/dog/d.jpg",
        asked="Test/q.jpg",
    ),
    Format(
        "folders: TRAIN and TEST",
        {},
        "TRAIN/cat/{ab}.jpg TRAIN/dog/c.jpg TEST/dog/d.jpg",
        """
        image            class
        TRAIN/cat/a.jpg  cat
        TRAIN/cat/b.jpg  cat
        TRAIN/dog/c.jpg  dog
        """,
        asked="TEST/dog/d.jpg",
    ),
    Format(
        "folders: a class a folder, and a sample of the submission",
        {"sample_submission.csv": lines("file,species", "q.jpg,Sugar beet", "r.jpg,Sugar beet")},
        "train/Maize/a.jpg train/Beet/b.jpg test/{qr}.jpg",
        """
        image              class
        train/Beet/b.jpg   Beet
        train/Maize/a.jpg  Maize
        """,
    ),
]

FORMATS = [*KAGGLE, *LISTS, *JSON, *TEXT, *CELLS, *PATHS, *FOLDERS]


def asked_paths(found: Found, home: Path) -> set[str]:
    """The paths of the images that the questions name, which `init` writes or finds."""
    if found.imported:
        names = next(iter(found.imported.asked.values()), ())
        return {(found.imported.images / name).relative_to(home).as_posix() for name in names}
    return {
        path.relative_to(home).as_posix()
        for file in found.questions
        if file.is_dir()
        for path in sorted(file.rglob("*.jpg"))
    }


@pytest.mark.parametrize("sample", FORMATS, ids=lambda sample: sample.name)
def test_every_target_of_a_public_format_is_read(tmp_path, sample):
    home = tmp_path / "data"
    found = looked_at(home, sample)
    truth = expected(sample.truth)
    truth = {name: answers for name, answers in truth.items() if any(value is not None for value in answers.values())}
    assert targets(found.dataset, home) == truth
    trained = trained_on(found)
    assert targets(trained, home) == truth
    assert {trained.path(row).relative_to(home).as_posix() for row in np.flatnonzero(trained.held_out)} == set(
        names_in(sample.held_out)
    )
    assert asked_paths(found, home) == set(names_in(sample.asked))
    notes = "\n".join(found.notes)
    assert [words for words in sample.said if words not in notes] == []


REFUSED = [
    Refused("two endings of one name", {"t.csv": lines("image,label", "a,x", "b,y")}, ("'a' could be a.jpg or a.png", "--extension"), "{ab}.jpg {ab}.png"),
    Refused("a split with a blank", {"t.csv": lines("image,label,split", "a.jpg,x,train", "b.jpg,y,", "c.jpg,y,test")}, ("column 'split' says which part", "t.csv:3: ''", "--leave-out 'split'"), "{abc}.jpg"),
    Refused("a TFRecord", {"t.tfrecord": b"\x0a\0\0\0\0\0\0\0abc"}, ("is a TFRecord", "labels as a CSV"), labels="t.tfrecord"),
    Refused("a pickle", {"t.pkl": b"\x80\x04\x95abc"}, ("is a pickle", "never read", "write a CSV"), labels="t.pkl"),
    Refused("a table in gzip", {"t.csv.gz": gzip.compress(b"image,label\n")}, ("compressed by gzip", "gunzip t.csv.gz"), labels="t.csv.gz"),
    Refused("a database", {"t.db": b"SQLite format 3\0"}, ("a database of SQLite", "sqlite3 -header -csv t.db"), labels="t.db"),
    Refused("a zip of several files", {"t.zip": zipped(a__jpg="x", b__jpg="y")}, ("a zip of 2 files (a.jpg, b.jpg)", "unzip t.zip"), labels="t.zip"),
    Refused("MATLAB's numbers", {"t.mat": b"MATLAB 5.0 MAT-file nothing"}, ("cannot be read",), labels="t.mat"),
    Refused("a picture", {}, ("is a picture", "name the file of labels"), "a.jpg", labels="a.jpg"),
    Refused("an XML", {"t.xml": "<annotation/>"}, ("is XML", "convert it"), labels="t.xml"),
    Refused("Latin-1", {"t.csv": "image,label\na.jpg,café\n".encode("cp1252")}, ("t.csv:2: byte 0xe9 is not UTF-8", "iconv"), labels="t.csv"),
    Refused("JSON with an error", {"t.json": '[{"image": "a.jpg", "label": }]'}, ("t.json:1: this is no JSON",), "a.jpg", labels="t.json"),
    Refused("several tables", {"one.csv": lines(*TWO), "two.csv": lines(*TWO)}, ("several tables", "--labels", "one.csv", "two.csv"), "{ab}.jpg"),
    Refused("parts without classes", {}, ("Train", "table"), "Train/{ab}.jpg Test/{cd}.jpg"),
    Refused("every name of an image is bad", {"t.csv": lines("image,label,note", "x,cat,", "y,dog,")}, ("names no images", "'x', 'y'", "--images", "--image-column"), "{ab}.jpg", labels="t.csv"),
    Refused("cells that hold one value or several", {"t.csv": lines("image,c", "a.jpg,red blue", "b.jpg,blue green", "c.jpg,green", "d.jpg,red")}, ("not clear whether", "--separator", "'red blue'"), "{abcd}.jpg"),
    Refused("an image in two parts", {"t.csv": lines("image,label,split", "a.jpg,x,train", "b.jpg,y,train", "a.jpg,x,test")}, ("t.csv:4: a.jpg is in test here, and also in train",), "{ab}.jpg"),
    Refused("an image that contradicts itself once", {"t.csv": lines("image,label", *(f"{n}.jpg,{'xy'[n % 2]}" for n in range(20)), "0.jpg,y")}, ("t.csv:22: 0.jpg has label 'y' here, but 'x' in line 2", "keep one"), " ".join(f"{n}.jpg" for n in range(20))),
    Refused("two files of one name", {"t.csv": lines("image,label", "a.jpg,x", "b.jpg,y")}, ("'a.jpg' could be", "--images"), "one/{ab}.jpg two/{ab}.jpg"),
    Refused("images outside", {"t.csv": lines("image,label", "/else/a.jpg,x", "/else/b.jpg,y")}, ("outside its folder", "t.csv:2: '/else/a.jpg'", "--images"), "c.jpg"),
    Refused("a folder that is none", {"t.csv": lines(*TWO)}, ("is not a folder", "--images"), "{ab}.jpg", reading={"images": "gone"}),
    Refused("a column that is none", {"t.csv": lines(*TWO)}, ("--image-column", "no column 'x'"), "{ab}.jpg", reading={"image_column": "x"}),
    Refused("free text", {"t.csv": lines("image,code", *(f"{n:02}.jpg,c{n}" for n in range(12)))}, ("12 different values", "--class-columns 'code'"), " ".join(f"{n:02}.jpg" for n in range(12))),
    Refused("quantities", {"t.csv": lines("image,year", *(f"{n:02}.jpg,{1900 + 7 * (n % 14)}" for n in range(42)))}, ("14 different numbers", "--numbers-are-classes"), " ".join(f"{n:02}.jpg" for n in range(42))),
    Refused("two columns of parts", {"t.csv": lines("image,label,split,fold", "a.jpg,x,train,test", "b.jpg,y,test,train")}, ("split, fold", "--split-column", "--leave-out"), "{ab}.jpg"),
    Refused("a table without a header", {"t.csv": lines("a.jpg,x", "b.jpg,y")}, ("t.csv:1: the first line", "is about an image", "a header"), "{ab}.jpg"),
    Refused("lines of different length", {"t.csv": lines("image,label", "a.jpg,x", "b.jpg,y,z", "c.jpg")}, ("t.csv:3: 3 cells", "t.csv:4: 1 cells"), "{abc}.jpg"),
    Refused("an empty file", {"t.csv": ""}, ("t.csv is empty",), "a.jpg"),
    Refused("classes in numbers that have no name", {"t.json": json.dumps({**COCO, "annotations": [{"image_id": 7, "category_id": 9}]})}, ("annotation 1 names 9", "categories"), "{abc}.jpg", labels="t.json"),
    Refused("pictures inside a table", {"t.parquet": partial(spreadsheet, [{"image": {"bytes": b"x"}, "label": 1}], "to_parquet", "pyarrow")}, ("holds the pictures themselves",), labels="t.parquet"),
]  # fmt: skip


@pytest.mark.parametrize("sample", REFUSED, ids=lambda sample: sample.name)
def test_what_cannot_be_read_safely_is_refused_with_the_reason(tmp_path, sample):
    message = refusal(looked_at, tmp_path / "data", sample)
    assert [words for words in sample.words if words not in message] == []
