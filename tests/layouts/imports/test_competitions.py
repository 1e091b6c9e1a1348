"""Label files of competitions: what Kaggle and its like hand out."""

import json

import pytest
from formats import TWO_TRUTH, Format, lines, read, wanted

SPLIT = ("train", "train", "val", "val")
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
        said=(
            "sample_submission.csv: column 'label': the class (with --probabilities, that of '3')",
            "images lie in train_images",
        ),
        asked="test_images/q.jpg",
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
        said=(
            "sample_submission.csv: the columns of class: the probability of each class",
            "test.csv asks about 2 images",
            "images lie in images and end in .jpg",
            "healthy, rust share no prefix; they are read as one task, class",
        ),
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
        said=("images lie in train_images", "labels: blanks separate several values", "--separator without a word"),
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
        said=("images lie in train-jpg and end in .jpg", "tags: blanks separate several values"),
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
        said=("images are named by column 'PetID'", "images end in .jpg"),
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
        said=("images lie in train and end in .jpg",),
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
        said=("images lie in train and end in .png", "attribute_ids: blanks separate several values"),
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
        said=("images lie in train and end in .jpg",),
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
        said=("images lie in train",),
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
        said=("images lie in train",),
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
        said=(
            "test.csv asks about 2 images",
            "images lie in train and end in .jpg",
            "images lie in test and end in .jpg",
        ),
    ),
    Format(
        "CIFAR-10: an image of train that is missing is not that of test",
        {"trainLabels.csv": lines("id,label", "0,cat", "1,dog", "2,cat")},
        "train/{01}.png test/{012}.png",
        """
        image        label
        train/0.png  cat
        train/1.png  dog
        train/2.png  cat
        """,
        said=("images lie in train and end in .png",),
    ),
    Format(
        "val.csv, of whose folder an image is missing",
        {
            "train.csv": lines("id,label", "0,cat", "1,dog", "2,dog"),
            "val.csv": lines("id,label", "0,cat", "1,dog", "2,cat"),
        },
        "train/{012}.png val/{02}.png",
        """
        image        label
        train/0.png  cat
        train/1.png  dog
        train/2.png  dog
        val/0.png    cat
        val/1.png    dog
        val/2.png    cat
        """,
        held_out="val/0.png val/1.png val/2.png",
        said=(
            "images of each part: train 3, validation 3",
            "val.csv holds the images that are held out",
            "images lie in train and end in .png",
            "images lie in val and end in .png",
        ),
    ),
    *(
        Format(
            f"train.csv whose column says the parts, which have folders: {name}",
            {"train.csv": lines("id,label,split", *map(",".join, zip(ids, "xyxy", SPLIT, strict=True)))},
            f"train/{ids[0]}.jpg train/{ids[1]}.jpg val/{ids[2]}.jpg val/{ids[3]}.jpg",
            f"""
            image              label
            train/{ids[0]}.jpg  x
            train/{ids[1]}.jpg  y
            val/{ids[2]}.jpg    x
            val/{ids[3]}.jpg    y
            """,
            held_out=f"val/{ids[2]}.jpg val/{ids[3]}.jpg",
            said=(
                "column 'split' says which part an image belongs to: train 2, validation 2",
                "images lie in train and end in .jpg",
                "images lie in val and end in .jpg",
            ),
        )
        for name, ids in [("ids of their own", "abcd"), ("ids that begin alike", "0101")]
    ),
    Format(
        "train.csv whose column says other parts than the folders",
        {"train.csv": lines("id,label,split", *map(",".join, zip("abcd", "xyxy", SPLIT, strict=True)))},
        "train/{abc}.jpg val/d.jpg",
        """
        image        label
        train/a.jpg  x
        train/b.jpg  y
        train/c.jpg  x
        val/d.jpg    y
        """,
        held_out="train/c.jpg val/d.jpg",
        said=(
            "column 'split' says which part",
            "images lie in train and end in .jpg",
            "images lie in train, val and end in .jpg",
        ),
    ),
    Format(
        "labels.csv of images in the folders of both parts",
        {"labels.csv": lines("id,label", "a,x", "b,y", "c,x")},
        "train/{ab}.jpg test/c.jpg",
        """
        image        label
        train/a.jpg  x
        train/b.jpg  y
        test/c.jpg   x
        """,
        labels="labels.csv",
        said=(
            "images lie in train, test and end in .jpg",
            "the images lie in test, train, and all are learned from; a column that says train and test keeps them",
        ),
    ),
    Format(
        "val.csv alone, where train begins alike",
        {"val.csv": lines("id,label", "0,x", "1,y")},
        "train/{01}.jpg val/{01}.jpg",
        """
        image      label
        val/0.jpg  x
        val/1.jpg  y
        """,
        labels="val.csv",
        said=("images lie in val and end in .jpg",),
    ),
    Format(
        "CheXpert: names in folders of parts and patients, which end alike",
        {
            "train.csv": lines(
                "Path,Sex", *(f"CheXpert-v1.0-small/train/p{n}/s1/v1.jpg,{'mf'[n % 2]}" for n in range(4))
            )
        },
        "train/p{0123}/s1/v1.jpg valid/p{45}/s1/v1.jpg",
        """
        image               Sex
        train/p0/s1/v1.jpg  m
        train/p1/s1/v1.jpg  f
        train/p2/s1/v1.jpg  m
        train/p3/s1/v1.jpg  f
        """,
        said=(
            "images lie in train/p0/s1, train/p1/s1, train/p2/s1, train/p3/s1",
            "images in other folders than the labels say: 4, CheXpert-v1.0-small/train/p0/s1/v1.jpg is train/p0/s1",
        ),
    ),
    Format(
        "test.csv that asks about an image that is missing",
        {"train.csv": lines("image,label", "a.jpg,x", "b.jpg,y"), "test.csv": lines("image", "q.jpg", "r.jpg")},
        "{abq}.jpg",
        TWO_TRUTH.replace("cat", "x").replace("dog", "y"),
        asked="q.jpg r.jpg",
        said=("test.csv asks about 2 images", "1 of 2 images that are asked about are not there: r.jpg"),
    ),
    Format(
        "test.csv that answers all tasks, one of them by one value",
        {
            "train.csv": lines("image,colour,fit", "a.jpg,red,slim", "b.jpg,blue,wide"),
            "test.csv": lines("image,colour,fit", "q.jpg,red,slim", "r.jpg,blue,slim"),
        },
        "{abqr}.jpg",
        """
        image  colour  fit
        a.jpg  red     slim
        b.jpg  blue    wide
        """,
        asked="""
        image  colour  fit
        q.jpg  red     .
        r.jpg  blue    .
        """,
        said=(
            "test.csv asks about 2 images",
            "fit in test.csv: one value in every row is a placeholder, no answer",
            "answers to what is asked are known (colour), and will be scored",
        ),
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
        reading={"leave_out": ("sex",)},
        asked="q.jpg r.jpg",
        said=("test.csv asks about 2 images", "left out: sex"),
    ),
    Format(
        "test.csv that has the answers of one task",
        {
            "train.csv": lines("image,sex,diagnosis", "a.jpg,m,nevus", "b.jpg,f,melanoma"),
            "test.csv": lines("image,sex", "q.jpg,f", "r.jpg,m"),
        },
        "{abqr}.jpg",
        """
        image  sex  diagnosis
        a.jpg  m    nevus
        b.jpg  f    melanoma
        """,
        reading={"class_columns": ("sex",)},
        asked="""
        image  sex  diagnosis
        q.jpg  f    .
        r.jpg  m    .
        """,
        said=("test.csv asks about 2 images", "answers to what is asked are known (sex), and will be scored"),
    ),
    Format(
        "train.csv that says which images are held out, and test.csv with all answers",
        {
            "train.csv": lines("image,label,split", "a.jpg,x,train", "b.jpg,y,train", "c.jpg,y,val"),
            "test.csv": lines("image,label,split", "q.jpg,x,test", "r.jpg,y,test"),
        },
        "{abcqr}.jpg",
        """
        image  label
        a.jpg  x
        b.jpg  y
        c.jpg  y
        """,
        held_out="c.jpg",
        asked="""
        image  label
        q.jpg  x
        r.jpg  y
        """,
        said=(
            "column 'split' says which part",
            "test.csv asks about 2 images",
            "answers to what is asked are known (label)",
        ),
    ),
    Format(
        "questions.csv that has the answers of one task, as in a strict table",
        {
            "labels.csv": lines("image,sex,diagnosis", "a,m,nevus", "b,f,melanoma"),
            "questions.csv": lines("image,sex", "q,f", "r,m"),
        },
        "{abqr}.jpg",
        """
        image  sex  diagnosis
        a.jpg  m    nevus
        b.jpg  f    melanoma
        """,
        asked="""
        image  sex  diagnosis
        q.jpg  f    .
        r.jpg  m    .
        """,
        said=(
            "questions.csv asks about 2 images",
            "images end in .jpg",
            "answers to what is asked are known (sex), and will be scored",
        ),
    ),
    Format(
        "test.csv with all answers, of which one class is on no image",
        {
            "train.csv": lines("image,cat,dog,owl", "a.jpg,1,0,0", "b.jpg,0,1,0", "c.jpg,0,0,1"),
            "test.csv": lines("image,cat,dog,owl", "q.jpg,1,0,0", "r.jpg,0,1,0"),
        },
        "{abcqr}.jpg",
        """
        image  class
        a.jpg  cat
        b.jpg  dog
        c.jpg  owl
        """,
        asked="""
        image  class
        q.jpg  cat
        r.jpg  dog
        """,
        said=(
            "test.csv asks about 2 images",
            "answers to what is asked are known (cat, dog, owl)",
            "cat, dog, owl share no prefix; they are read as one task, class",
        ),
    ),
    Format(
        "test.csv that numbers its rows, as train.csv does, and asks about one image",
        {
            "train.csv": lines("id,image,label", "1,a.jpg,x", "2,b.jpg,y", "3,c.jpg,y"),
            "test.csv": lines("id,image", "4,q.jpg"),
        },
        "{abcq}.jpg",
        """
        image  label
        a.jpg  x
        b.jpg  y
        c.jpg  y
        """,
        asked="q.jpg",
        said=(
            "images are named by column 'image'",
            "column 'id' only tells the rows apart",
            "test.csv asks about 1 image",
        ),
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
        said=("images lie in train_images/train_images and end in .jpg",),
    ),
    Format(
        "train.csv, val.csv and test.csv with its answers",
        {
            "train.csv": lines("image,label", "a.jpg,x", "b.jpg,y"),
            "val.csv": lines("image,label", "c.jpg,x"),
            "test.csv": lines("image,label", "d.jpg,x", "e.jpg,y"),
        },
        "{abcde}.jpg",
        """
        image  label
        a.jpg  x
        b.jpg  y
        c.jpg  x
        """,
        held_out="c.jpg",
        asked="""
        image  label
        d.jpg  x
        e.jpg  y
        """,
        said=(
            "images of each part: train 2, validation 1",
            "val.csv holds the images that are held out",
            "test.csv asks about 2 images",
            "answers to what is asked are known (label), and will be scored",
        ),
    ),
    Format(
        "test.csv with one value in every row",
        {
            "train.csv": lines("image,label", "a.jpg,x", "b.jpg,y"),
            "test.csv": lines("image,label", "c.jpg,x", "d.jpg,x"),
        },
        "{abcd}.jpg",
        """
        image  label
        a.jpg  x
        b.jpg  y
        """,
        asked="c.jpg d.jpg",
        said=("test.csv asks about 2 images", "label in test.csv: one value in every row is a placeholder"),
    ),
    Format(
        "test.csv, whose images are named by another column than the first",
        {"train.csv": lines("Type,Pet,label", "1,a,x", "2,b,y"), "test.csv": lines("Type,Pet", "1,c", "2,d")},
        "{abcd}.jpg",
        """
        image  label
        a.jpg  x
        b.jpg  y
        """,
        reading={"leave_out": ("Type",)},
        asked="c.jpg d.jpg",
        said=("test.csv asks about 2 images", "images end in .jpg", "left out: Type"),
    ),
    Format(
        "labels and questions by ids without an ending",
        {"labels.csv": lines("image,label", "a,x", "b,y"), "questions.csv": lines("image", "c", "d")},
        "{abcd}.jpg",
        """
        image  label
        a.jpg  x
        b.jpg  y
        """,
        asked="c.jpg d.jpg",
        said=("questions.csv asks about 2 images", "images end in .jpg"),
    ),
    Format(
        "ODIR: two images a row, of which the user names one",
        {"t.csv": lines("ID,Left,Right,N,D", "1,a.jpg,b.jpg,1,0", "2,c.jpg,d.jpg,0,1")},
        "{abcd}.jpg",
        """
        image  class
        a.jpg  N
        c.jpg  D
        """,
        reading={"image_column": "Left"},
        said=(
            "column 'ID' only tells the rows apart",
            "column 'Right' names other images",
            "N, D share no prefix; they are read as one task, class",
        ),
    ),
    Format(
        "human protein atlas: numbers of classes separated by blanks, few of which recur",
        {"train.csv": lines("Id,Target", "a,16 0", "b,7 1 2 0", "c,5", "d,1")},
        "train/{abcd}.png",
        """
        image        Target
        train/a.png  {0,16}
        train/b.png  {0,1,2,7}
        train/c.png  {5}
        train/d.png  {1}
        """,
        said=("images lie in train and end in .png", "Target: blanks separate several values"),
    ),
    Format(
        "questions.csv with answers",
        {
            "labels.csv": lines("image,label", "a.jpg,x", "b.jpg,y"),
            "questions.csv": lines("image,label", "c.jpg,x", "d.jpg,y"),
        },
        "{abcd}.jpg",
        """
        image  label
        a.jpg  x
        b.jpg  y
        """,
        said=("questions.csv holds answers (label), which will be scored",),
    ),
    Format(
        "questions.csv that asks about images that are missing",
        {"labels.csv": lines("image,label", "a.jpg,x", "b.jpg,y"), "questions.csv": lines("image", "q.jpg", "r.jpg")},
        "{ab}.jpg",
        TWO_TRUTH.replace("cat", "x").replace("dog", "y"),
        said=("2 of 2 images that are asked about are not there: q.jpg, r.jpg",),
    ),
    Format(
        "questions.csv with one value in every row",
        {
            "labels.csv": lines("image,label", "a.jpg,x", "b.jpg,y"),
            "questions.csv": lines("image,label", "c.jpg,x", "d.jpg,x"),
        },
        "{abcd}.jpg",
        """
        image  label
        a.jpg  x
        b.jpg  y
        """,
        said=("questions.csv: one value in every row of label is a placeholder",),
    ),
]


@pytest.mark.parametrize("sample", KAGGLE, ids=lambda sample: sample.name)
def test_every_target_is_read(tmp_path, sample):
    assert read(tmp_path / "data", sample) == wanted(sample)
