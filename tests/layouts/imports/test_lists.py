"""Lists separated by blanks: CelebA, DeepFashion and others."""

import pytest
from formats import Format, lines, read, wanted

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
        asked="""
        image                   tags
        img_align_celeba/c.jpg  {}
        """,
        said=(
            "images of each part: train 2, validation 1, test 1",
            "the parts are those of list_eval_partition.txt",
            "images lie in img_align_celeba",
            "-1 in Smiling, Young is read as no",
            "answers to what is asked are known (Smiling, Young), and will be scored",
            "Smiling, Young share no prefix; they are read as one task, tags",
        ),
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
        said=(
            "images lie in img_align_celeba/img_align_celeba",
            "-1 in Smiling, Young is read as no, because there is no 0",
            "Smiling, Young share no prefix; they are read as one task, tags",
        ),
    ),
    Format(
        "DeepFashion: attributes of 1, -1 and 0, named by the file beside",
        {
            "Anno/list_attr_img.txt": lines(
                "3", "image_name  attribute_labels", "img/x/a.jpg  1 -1", "img/x/b.jpg  -1  1", "img/x/c.jpg  0  1"
            ),
            "Anno/list_attr_cloth.txt": lines("2", "attribute_name  attribute_type", "a-line   3", "lace up  2"),
            "Eval/list_eval_partition.txt": lines(
                "3", "image_name evaluation_status", "img/x/a.jpg train", "img/x/b.jpg val", "img/x/c.jpg train"
            ),
        },
        "img/x/{abc}.jpg",
        """
        image        a-line  lace_up
        img/x/a.jpg  1       0
        img/x/b.jpg  0       1
        img/x/c.jpg  .       1
        """,
        labels="Anno/list_attr_img.txt",
        held_out="img/x/b.jpg",
        said=(
            "images of each part: train 2, validation 1",
            "the parts are those of list_eval_partition.txt",
            "attributes are named by list_attr_cloth.txt",
            "1, -1 and 0 are yes, no and unknown, as in DeepFashion",
            "a-line, lace up are answered one by one",
            "column 'lace up' is called lace_up in the recipe",
        ),
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
        said=("categories are named by list_category_cloth.txt",),
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
    Format(
        "CelebA as Kaggle's folder of tables",
        {
            "list_attr_celeba.csv": lines(
                "image_id,Smiling,Young", "a.jpg,1,-1", "b.jpg,-1,1", "c.jpg,1,1", "d.jpg,-1,-1"
            ),
            "list_eval_partition.csv": lines("image_id,partition", "a.jpg,0", "b.jpg,1", "c.jpg,0", "d.jpg,2"),
            "list_bbox_celeba.csv": lines("image_id,x_1", "a.jpg,95", "b.jpg,72", "c.jpg,11", "d.jpg,4"),
        },
        "img_align_celeba/{abcd}.jpg",
        """
        image                   tags
        img_align_celeba/a.jpg  {Smiling}
        img_align_celeba/b.jpg  {Young}
        img_align_celeba/c.jpg  {Smiling,Young}
        """,
        held_out="img_align_celeba/b.jpg",
        asked="""
        image                   tags
        img_align_celeba/d.jpg  {}
        """,
        said=(
            "images of each part: train 2, validation 1, test 1",
            "the parts are those of list_eval_partition.csv",
            "images lie in img_align_celeba",
            "-1 in Smiling, Young is read as no, because there is no 0",
            "answers to what is asked are known (Smiling, Young), and will be scored",
            "Smiling, Young share no prefix; they are read as one task, tags",
        ),
    ),
]


@pytest.mark.parametrize("sample", LISTS, ids=lambda sample: sample.name)
def test_every_target_is_read(tmp_path, sample):
    assert read(tmp_path / "data", sample) == wanted(sample)
