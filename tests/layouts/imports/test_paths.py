"""Names and folders of images, however they are written."""

import pytest
from formats import JPEG, TWO, TWO_TRUTH, Format, lines, looked_at, read, wanted
from helpers import write

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
        said=(
            "images lie in pics",
            "images in other folders than the labels say: 2, /home/x/data/pics/a.jpg is pics/a.jpg",
        ),
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
        said=("images in other folders than the labels say: 2, C:\\data\\a.jpg is a.jpg",),
    ),
    Format(
        "paths: folders above that of the labels, which hold no images",
        {"t.csv": lines("image,label", "../../../etc/a.jpg,cat", "../../../etc/b.jpg,dog")},
        "{ab}.jpg",
        TWO_TRUTH,
        said=("images in other folders than the labels say: 2, ../../../etc/a.jpg is a.jpg",),
    ),
    Format(
        "paths: folders of another machine, an image in several rows",
        {"t.csv": lines("image,label", "/x/a.jpg,cat", "/x/a.jpg,dog", "/x/b.jpg,dog", "/x/b.jpg,cat", "/x/b.jpg,cow")},
        "{ab}.jpg",
        """
        image  label
        a.jpg  {cat,dog}
        b.jpg  {cat,cow,dog}
        """,
        said=(
            "images in other folders than the labels say: 2, /x/a.jpg is a.jpg",
            "the values of label were gathered",
        ),
    ),
    Format(
        "paths: a folder above that of the labels, where no image is of that name",
        {"data/t.csv": lines("image,label", "../a.jpg,cat", "../b.jpg,dog")},
        "data/{ab}.jpg",
        TWO_TRUTH.replace("a.jpg", "data/a.jpg").replace("b.jpg", "data/b.jpg"),
        labels="data/t.csv",
        said=("images in other folders than the labels say: 2, ../a.jpg is a.jpg",),
    ),
    Format(
        "paths: a folder in other capitals, of one name",
        {"t.csv": lines("image,label", "pics/a.jpg,cat", "PICS/b.jpg,dog")},
        "pics/{ab}.jpg",
        TWO_TRUTH.replace("a.jpg", "pics/a.jpg").replace("b.jpg", "pics/b.jpg"),
        said=(),
    ),
    Format(
        "paths: a column that is called like an image, --image-column said",
        {"t.csv": lines("leaf,label", "a.jpg,cat", "b.jpg,dog")},
        "{ab}.jpg leaf.jpg",
        TWO_TRUTH,
        reading={"image_column": "leaf"},
    ),
    Format(
        "paths: a usual column, which is called like an image",
        {"t.csv": lines(*TWO)},
        "{ab}.jpg image.jpg",
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
        said=("images in other folders than the labels say: 2, https://x.org/p/a.jpg?s=1 is a.jpg",),
    ),
    Format(
        "paths: percent-encoded names",
        {"t.csv": lines("image,label", "my%20a.jpg,cat", "b.jpg,dog"), "my a.jpg": JPEG},
        "b.jpg",
        TWO_TRUTH.replace("a.jpg", "my a.jpg"),
        said=("images that are called otherwise than in the labels: 1, my%20a.jpg is my a.jpg",),
    ),
    *(
        Format(
            f"paths: {what} in the names of files",
            {"t.csv": lines("image,label", f"{name}.jpg,cat", "b.jpg,dog"), f"{name}.jpg": JPEG},
            "b.jpg",
            TWO_TRUTH.replace("a.jpg", f"{name}.jpg"),
        )
        for what, name in [("wide digits", "写真１"), ("a no-break space", "my\xa0a")]
    ),
    Format(
        "paths: wide digits in the names of files, of which one is missing",
        {"t.csv": lines("id,label", "写真１.jpg,cat", "写真２.jpg,dog"), "pics/写真１.jpg": JPEG},
        "",
        TWO_TRUTH.replace("a.jpg", "pics/写真１.jpg").replace("b.jpg", "pics/写真2.jpg"),
        said=(
            "invisible characters, odd spaces, accents or wide digits in id were made uniform",
            "images lie in pics",
            "images that are called otherwise than in the labels: 1, ",
        ),
    ),
    Format(
        "paths: wide digits in the names of files, without an ending",
        {"t.csv": lines("id,label", "写真１,cat", "写真２,dog"), "pics/写真１.jpg": JPEG, "pics/写真２.jpg": JPEG},
        "",
        TWO_TRUTH.replace("a.jpg", "pics/写真１.jpg").replace("b.jpg", "pics/写真２.jpg"),
        said=(
            "invisible characters, odd spaces, accents or wide digits in id were made uniform",
            "images lie in pics",
            "images that are called otherwise than in the labels: 2, ",
        ),
    ),
    Format(
        "paths: a percent sign in the name of a file",
        {"t.csv": lines("image,label", "100%25.jpg,cat", "b.jpg,dog")},
        "100%25.jpg 100%.jpg b.jpg",
        TWO_TRUTH.replace("a.jpg", "100%25.jpg"),
    ),
    Format(
        "paths: a name that is too long for a file",
        {"t.csv": lines("image,label", f"{'x' * 300}.jpg,cat", "b.jpg,dog")},
        "b.jpg",
        TWO_TRUTH.replace("a.jpg", f"{'x' * 300}.jpg"),
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
        said=("images that are called otherwise than in the labels: 2, a.JPG is a.jpg, for example",),
    ),
    Format(
        "paths: another ending than the files have",
        {"t.csv": lines("image,label", "a.png,cat", "b.png,dog")},
        "{ab}.jpg",
        TWO_TRUTH,
        said=("images that are called otherwise than in the labels: 2, a.png is a.jpg, for example",),
    ),
    Format(
        "paths: ids in two columns of which one is a number",
        {"t.csv": lines("id,image,label", "1,a,cat", "2,b,dog")},
        "{ab}.jpg",
        TWO_TRUTH,
        reading={"leave_out": ("id",)},
        said=("images end in .jpg", "left out: id"),
    ),
    Format(
        "paths: --extension settles two files of a name",
        {"t.csv": lines("image,label", "a,cat", "b,dog")},
        "{ab}.jpg {ab}.png",
        TWO_TRUTH,
        reading={"extension": ".jpg"},
        said=("images end in .jpg",),
    ),
    Format(
        "paths: --images settles two folders",
        {"t.csv": lines("image,label", "a,cat", "b,dog")},
        "one/{ab}.jpg two/{ab}.jpg",
        TWO_TRUTH.replace("a.jpg", "two/a.jpg").replace("b.jpg", "two/b.jpg"),
        reading={"images": "two"},
        said=("images end in .jpg",),
    ),
    Format(
        "paths: --image-column settles two columns of names",
        {"t.csv": lines("front,back,label", "a.jpg,c.jpg,cat", "b.jpg,d.jpg,dog")},
        "{abcd}.jpg",
        TWO_TRUTH,
        reading={"image_column": "front", "leave_out": ("back",)},
        said=("left out: back",),
    ),
    Format(
        "paths: subfolders with the same names",
        {"t.csv": lines("image,label", "x/1.jpg,cat", "y/1.jpg,dog")},
        "data/x/1.jpg data/y/1.jpg",
        TWO_TRUTH.replace("a.jpg", "data/x/1.jpg").replace("b.jpg", "data/y/1.jpg"),
        said=("images lie in data",),
    ),
    Format(
        "paths: blanks around and in names",
        {"t.csv": lines("image,label", " my a.jpg ,cat", "b.jpg,dog")},
        "b.jpg",
        TWO_TRUTH.replace("a.jpg", "my a.jpg"),
    ),
    Format(
        "paths: of files on this machine",
        {"t.csv": lines("image,label", "file:///home/q/a.jpg,cat", "file:///home/q/b.jpg,dog")},
        "{ab}.jpg",
        TWO_TRUTH,
        said=("images in other folders than the labels say: 2, file:///home/q/a.jpg is a.jpg",),
    ),
    Format(
        "paths: folders in other capitals",
        {"t.csv": lines("image,label", "Pics/a.jpg,cat", "Pics/b.jpg,dog")},
        "pics/{ab}.jpg",
        TWO_TRUTH.replace("a.jpg", "pics/a.jpg").replace("b.jpg", "pics/b.jpg"),
        said=(),
    ),
    Format(
        "paths: labels in a folder of their own",
        {"labels/t.csv": lines(*TWO)},
        "pics/{ab}.jpg",
        TWO_TRUTH.replace("a.jpg", "pics/a.jpg").replace("b.jpg", "pics/b.jpg"),
        labels="labels/t.csv",
        said=("images lie in pics",),
    ),
    Format(
        "paths: masks of another ending beside",
        {"t.csv": lines(*TWO)},
        "images/{ab}.jpg masks/{ab}.png",
        TWO_TRUTH.replace("a.jpg", "images/a.jpg").replace("b.jpg", "images/b.jpg"),
        said=("image names are relative to images",),
    ),
    Format(
        "paths: metadata.json, which says something of the data set, beside the labels",
        {"t.csv": lines(*TWO), "metadata.json": '{"title": "Pets"}'},
        "{ab}.jpg",
        TWO_TRUTH,
    ),
    Format(
        "paths: hidden folders and those of Macs",
        {"t.csv": lines(*TWO)},
        "{ab}.jpg __MACOSX/{ab}.jpg .thumbs/{ab}.jpg",
        TWO_TRUTH,
    ),
    Format(
        "paths: an image that is missing is looked for beside the others",
        {"t.csv": lines("id,label", "a,cat", "b,dog", "z,dog")},
        "pics/{ab}.jpg",
        """
        image       label
        pics/a.jpg  cat
        pics/b.jpg  dog
        pics/z.jpg  dog
        """,
        said=("images lie in pics and end in .jpg",),
    ),
    Format(
        "paths: folders that say train and test, where the labels do not",
        {"t.csv": lines("image,label", "train/a.jpg,cat", "test/b.jpg,dog")},
        "train/a.jpg test/b.jpg",
        TWO_TRUTH.replace("a.jpg", "train/a.jpg").replace("b.jpg", "test/b.jpg"),
        said=("the images lie in test, train, and all are learned from",),
    ),
    Format(
        "paths: the mask of an image is not the image that is missing",
        {"t.csv": lines("image,label", "a.jpg,cat", "b.jpg,dog", "c.jpg,dog")},
        "{ab}.jpg masks/{abc}.png",
        """
        image  label
        a.jpg  cat
        b.jpg  dog
        c.jpg  dog
        """,
    ),
    Format(
        "paths: absolute ones of another machine, with another ending",
        {"t.csv": lines("image,label", "/home/x/one/1.png,cat", "/home/x/two/1.png,dog")},
        "one/1.jpg two/1.jpg",
        """
        image      label
        one/1.jpg  cat
        two/1.jpg  dog
        """,
        said=(
            "images lie in one, two",
            "images that are called otherwise than in the labels: 2, /home/x/one/1.png is one/1.jpg",
            "images in other folders than the labels say: 2, /home/x/one/1.png is one/1.jpg",
        ),
    ),
    Format(
        "paths: of a name and a path, that which tells the images apart",
        {"t.csv": lines("filename,path,label", "1.jpg,x/1.jpg,cat", "1.jpg,y/1.jpg,dog")},
        "x/1.jpg y/1.jpg",
        """
        image    label
        x/1.jpg  cat
        y/1.jpg  dog
        """,
        labels="t.csv",
        said=("images are named by column 'path'", "column 'filename' names other images, or the same ones again"),
    ),
]

FOLDERS = [
    Format(
        "folders: a class a folder, with boxes beside the images",
        {"cat/a.xml": "<annotation/>", "dog/b.xml": "<annotation/>"},
        "cat/a.jpg dog/b.jpg",
        """
        image      class
        cat/a.jpg  cat
        dog/b.jpg  dog
        """,
    ),
    Format(
        "folders: classes of which one is called like a part",
        {},
        "cat/a.jpg train_station/b.jpg",
        """
        image                class
        cat/a.jpg            cat
        train_station/b.jpg  train_station
        """,
    ),
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
        asked="test/q.jpg test/r.jpg",
        said=("sample_submission.csv: column 'species': the class (with --probabilities, that of 'Maize')",),
    ),
]


@pytest.mark.parametrize("sample", [*PATHS, *FOLDERS], ids=lambda sample: sample.name)
def test_every_target_is_read(tmp_path, sample):
    assert read(tmp_path / "data", sample) == wanted(sample)


@pytest.mark.parametrize("name", ["./{}", "{{HOME}}/{}", "../data/{}", "pics/../{}"])
def test_names_that_lead_to_their_images_need_no_note(tmp_path, name):
    table = lines("image,label", f"{name.format('a.jpg')},cat", f"{name.format('b.jpg')},dog")
    assert looked_at(tmp_path / "data", Format("", {"t.csv": table}, "{ab}.jpg", TWO_TRUTH)).notes == ()


@pytest.mark.parametrize(
    ("images", "folders"),
    [("one/a.jpg two/b.jpg", "one two"), ("a.jpg two/b.jpg", ". two"), ("x/p/a.jpg y/p/b.jpg", "x/p y/p")],
)
def test_every_folder_that_holds_images_is_said(tmp_path, images, folders):
    home = tmp_path / "data"
    found = looked_at(home, Format("", {"t.csv": lines(*TWO)}, images, TWO_TRUTH))
    assert found.notes == (f"images lie in {', '.join(str(home / folder) for folder in folders.split())}",)


def test_images_are_found_behind_links_to_folders_and_once(tmp_path):
    home, lab = tmp_path / "data", tmp_path / "lab"
    write(lab / "deep/a.jpg", JPEG)
    write(home / "real/b.jpg", JPEG)
    for link, folder in (
        (home / "pics", lab),
        (home / "again", home / "real"),
        (lab / "home", home),
        (lab / "up", lab),
    ):
        link.symlink_to(folder)
    sample = Format(
        "",
        {"t.csv": lines("image,label", "pics/deep/a.jpg,cat", "real/b.jpg,dog")},
        "",
        """
        image            label
        pics/deep/a.jpg  cat
        real/b.jpg       dog
        """,
    )
    assert read(home, sample) == wanted(sample)
    assert looked_at(home, Format("", {"t.csv": lines(*TWO)}, "", "")).missing == ()
