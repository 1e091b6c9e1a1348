"""JSON and what tools export: COCO, Roboflow, Hugging Face, Label Studio, FiftyOne, AutoML, pandas."""

import json

import pytest
from formats import TWO_TRUTH, Format, lines, read, record_lines, records, wanted

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
        {"result": [{"from_name": "colour", "value": {"choices": ["blue"]}}]},
        {"was_cancelled": True, "result": [{"from_name": "colour", "value": {"choices": ["red"]}}]}]},
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
        said=(
            "boxes are not used: an image has the categories of everything in it",
            "images lie in images",
            "rows without a label, which are not trained on: 1 of 3",
        ),
    ),
    Format(
        "COCO: attributes of annotations, as CVAT writes them",
        {
            "t.json": json.dumps(
                {**COCO, "annotations": [{**one, "attributes": {"wet": True}} for one in COCO["annotations"]]}
            )
        },
        "{abc}.jpg",
        """
        image  category
        a.jpg  {cat,dog}
        b.jpg  {cat}
        """,
        labels="t.json",
        said=(
            "the attributes of annotations are not used",
            "boxes are not used",
            "rows without a label, which are not trained on: 1 of 3",
        ),
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
        said=(
            "images of each part: train 3, validation 1",
            "boxes are not used: an image has the categories of everything in it",
            "rows without a label, which are not trained on: 1 of 4",
        ),
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
        asked="""
        image       tags
        test/c.jpg  {dog}
        """,
        said=(
            "images of each part: train 2, validation 1, test 1",
            "answers to what is asked are known (cat, dog), and will be scored",
            "cat, dog share no prefix; they are read as one task, tags",
        ),
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
        asked="""
        image       label
        test/c.jpg  dog
        """,
        said=(
            "images of each part: train 2, test 1",
            "answers to what is asked are known (label), and will be scored",
        ),
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
        said=("rows without a label, which are not trained on: 1 of 4",),
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
        said=("images in other folders than the labels say: 2, /data/upload/1/a.jpg is a.jpg",),
    ),
    Format(
        "Label Studio: a number and a box beside the choice",
        {
            "export.json": records(
                *(
                    {
                        "data": {"image": f"{name}.jpg"},
                        "annotations": [
                            {
                                "result": [
                                    {"from_name": "kind", "type": "choices", "value": {"choices": [kind]}},
                                    {"from_name": "n", "type": "number", "value": {"number": 3}},
                                    {"from_name": "box", "type": "rectanglelabels", "value": {"x": 1}},
                                ]
                            }
                        ],
                    }
                    for name, kind in (("a", "cat"), ("b", "dog"))
                )
            )
        },
        "{ab}.jpg",
        """
        image  kind
        a.jpg  cat
        b.jpg  dog
        """,
        said=("not used, because they are no choices: box (rectanglelabels), n (number)",),
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
        said=(
            "about the labelling: id, annotation_id, annotator, created_at, updated_at, lead_time",
            "images in other folders than the labels say: 2, /data/upload/1/a.jpg is a.jpg",
        ),
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
        said=(
            "about the labelling: id, annotation_id, annotator, created_at, updated_at, lead_time",
            "images are named by column 'image'",
            "images in other folders than the labels say: 3, /data/upload/a.jpg is a.jpg",
        ),
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
        said=("images lie in data and end in .jpg", "rows without a label, which are not trained on: 1 of 3"),
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
        said=("images lie in data and end in .jpg",),
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
        said=(
            "images of each part: train 2, validation 1, test 1",
            "images lie in data",
            "images in other folders than the labels say: 2, /home/me/data/a.jpg is data/a.jpg",
            "images lie in data",
            "images in other folders than the labels say: 1, /home/me/data/b.jpg is data/b.jpg",
            "images lie in data",
            "images in other folders than the labels say: 1, /home/me/data/d.jpg is data/d.jpg",
        ),
    ),
    Format(
        "FiftyOne: samples.json with fields of plain words, and boxes",
        {
            "samples.json": json.dumps(
                {
                    "samples": [
                        {"filepath": f"data/{name}.jpg", "id": name, "weather": weather, "boxes": {"detections": []}}
                        for name, weather in (("a", "rain"), ("b", "sun"))
                    ]
                }
            )
        },
        "data/{ab}.jpg",
        """
        image       weather
        data/a.jpg  rain
        data/b.jpg  sun
        """,
        said=("boxes are not used: boxes",),
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
        said=("images of each part: train 2, validation 1, test 1",),
    ),
    Format(
        "AutoML: an image without a part",
        {"import.csv": lines(",gs://bucket/a.jpg,cat", "TRAIN,gs://bucket/b.jpg,dog", "TEST,gs://bucket/c.jpg,dog")},
        "{abc}.jpg",
        TWO_TRUTH,
        asked="""
        image  label
        c.jpg  dog
        """,
        said=(
            "images of each part: train 2, test 1",
            "answers to what is asked are known (label), and will be scored",
        ),
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
        said=("images of each part: train 1, validation 1",),
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
        "JSON: a mapping from id to label",
        {"labels.json": json.dumps({"a": "cat", "b": "dog"})},
        "{ab}.jpg",
        TWO_TRUTH,
        said=("images end in .jpg",),
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
    Format(
        "JSON: pairs of image and label, as StyleGAN's dataset.json",
        {"dataset.json": json.dumps({"labels": [["a.jpg", "cat"], ["b.jpg", "dog"]]})},
        "{ab}.jpg",
        TWO_TRUTH,
        labels="dataset.json",
    ),
    Format(
        "JSON: rows by number, images by another name",
        {"t.json": json.dumps({"0": {"file": "a.jpg", "label": "cat"}, "1": {"file": "b.jpg", "label": "dog"}})},
        "{ab}.jpg",
        TWO_TRUTH,
    ),
    Format(
        "JSON: labels as records with a name",
        {
            "t.json": records(
                {"image": "a.jpg", "tags": [{"name": "x"}, {"name": "y"}]}, {"image": "b.jpg", "tags": [{"name": "y"}]}
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
        "JSON: true and false, partly answered",
        {
            "t.json": records(
                {"image": "a.jpg", "w": True}, {"image": "b.jpg", "w": False, "b": True}, {"image": "c.jpg", "b": False}
            )
        },
        "{abc}.jpg",
        """
        image  w      b
        a.jpg  true   .
        b.jpg  false  true
        c.jpg  .      false
        """,
        said=("w, b are answered one by one",),
    ),
    Format(
        "JSON: an image twice in one object, with one value",
        {"t.json": '{"a.jpg": "cat", "b.jpg": "dog", "a.jpg": "cat"}'},
        "{ab}.jpg",
        TWO_TRUTH,
    ),
    Format(
        "JSON: NaN",
        {"t.json": '[{"image": "a.jpg", "g": NaN}, {"image": "b.jpg", "g": 1.0}, {"image": "c.jpg", "g": 2.0}]'},
        "{abc}.jpg",
        """
        image  g
        b.jpg  1
        c.jpg  2
        """,
        said=("rows without a label, which are not trained on: 1 of 3",),
    ),
    Format(
        "Label Studio: files of a local folder",
        {
            "t.json": records(
                *(
                    {"image": f"/data/local-files/?d=pics/{n}.jpg", "choice": c, "annotation_id": 1, "lead_time": 1}
                    for n, c in (("a", "x"), ("b", "y"))
                )
            )
        },
        "pics/{ab}.jpg",
        """
        image       choice
        pics/a.jpg  x
        pics/b.jpg  y
        """,
        said=(
            "images in other folders than the labels say: 2, /data/local-files/?d=pics/a.jpg is pics/a.jpg",
            "about the labelling: annotation_id, lead_time",
            "images lie in pics",
        ),
    ),
    Format(
        "Label Studio: names that an upload changed",
        {
            "t.json": records(
                *(
                    {"image": f"/data/upload/3/0a1b2c3d-{n}.jpg", "choice": c, "annotation_id": 1, "lead_time": 1}
                    for n, c in (("a", "x"), ("b", "y"))
                )
            )
        },
        "{ab}.jpg",
        """
        image  choice
        a.jpg  x
        b.jpg  y
        """,
        said=(
            "images in other folders than the labels say: 2, /data/upload/3/0a1b2c3d-a.jpg is a.jpg",
            "about the labelling: annotation_id, lead_time",
            "are called otherwise than in the labels",
        ),
    ),
]


@pytest.mark.parametrize("sample", JSON, ids=lambda sample: sample.name)
def test_every_target_is_read(tmp_path, sample):
    assert read(tmp_path / "data", sample) == wanted(sample)
