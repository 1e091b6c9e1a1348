"""What cells mean: missing and several values, spellings, flags, parts, and images of several rows."""

from functools import partial

import pytest
from formats import Format, lines, looked_at, read, wanted

Table = partial(Format, images="{abcd}.jpg")

NAMES = ("a.jpg", "b.jpg", "c.jpg", "d.jpg")
CELLS = [
    Table(
        "missing: nan",
        {"t.csv": lines("image,sleeve", "a.jpg,nan", "b.jpg,long", "c.jpg,short", "d.jpg,nan")},
        truth="""
        image  sleeve
        b.jpg  long
        c.jpg  short
        """,
        said=("sleeve: 'nan' (2), read as missing", "rows without a label, which are not trained on: 2 of 4"),
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
        said=(
            "sleeve: 'N/A' (1), '?' (1), read as missing",
            "hem: 'Unknown' (1), '-' (1), read as missing",
            "rows without a label, which are not trained on: 1 of 4",
        ),
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
        said=("sleeve: 'keine' (1), read as missing", "rows without a label, which are not trained on: 1 of 4"),
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
        said=("tags: 'nan' (1), read as missing", "rows without a label, which are not trained on: 1 of 4"),
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
        said=(
            "grade: 'nan' (1), read as missing",
            "grade: written as 1, 2, not 1.0",
            "rows without a label, which are not trained on: 1 of 4",
        ),
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
        said=(
            "t_a: 'nan' (1), read as missing",
            "t_b: 'nan' (1), read as missing",
            "rows without a label, which are not trained on: 1 of 4",
        ),
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
        said=("tags: semicolons separate several values",),
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
        said=("tags: its cells are lists of several values", "rows without a label, which are not trained on: 1 of 4"),
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
        said=("tags: its cells are lists of several values",),
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
        said=("tags: its cells are lists of several values",),
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
        said=("tags: its cells are lists of several values",),
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
        said=("tags: its cells are lists of several values",),
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
        said=("tags: its cells are lists of several values",),
    ),
    Table(
        "several: an array of words as NumPy prints it, also in two lines",
        {"t.csv": lines("image,tags", "a.jpg,['red' 'wet' 'big']", "b.jpg,['wet']", "c.jpg,\"['big'\n 'red']\"")},
        truth="""
        image  tags
        a.jpg  {big,red,wet}
        b.jpg  {wet}
        c.jpg  {big,red}
        """,
        said=("odd spaces, accents or wide digits in tags were made", "tags: its cells are lists of several values"),
    ),
    Table(
        "several: sets of Python, of which one is empty",
        {"t.csv": lines("image,tags", "a.jpg,\"{'red', 'wet'}\"", "b.jpg,{'red'}", "c.jpg,set()", "d.jpg,{'wet'}")},
        truth="""
        image  tags
        a.jpg  {red,wet}
        b.jpg  {red}
        c.jpg  {}
        d.jpg  {wet}
        """,
        said=("tags: its cells are lists of several values",),
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
        said=("tags: semicolons separate several values",),
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
        "one value: ranges, as pandas' cut writes them",
        {"t.csv": lines("image,age", 'a.jpg,"(0, 10]"', 'b.jpg,"(10, 20]"', 'c.jpg,"(0, 10]"', 'd.jpg,"(10, 20]"')},
        truth="""
        image  age
        a.jpg  (0, 10]
        b.jpg  (10, 20]
        c.jpg  (0, 10]
        d.jpg  (10, 20]
        """,
    ),
    Table(
        "one value: words in brackets",
        {"t.csv": lines("image,size", "a.jpg,(small)", "b.jpg,(large)", "c.jpg,(small)", "d.jpg,(large)")},
        truth="""
        image  size
        a.jpg  (small)
        b.jpg  (large)
        c.jpg  (small)
        d.jpg  (large)
        """,
    ),
    Table(
        "one value: lists are not to be looked for",
        {"t.csv": lines("image,size", 'a.jpg,"[1, 2]"', "b.jpg,[3]", 'c.jpg,"[1, 2]"', "d.jpg,[3]")},
        reading={"separator": ()},
        truth="""
        image  size
        a.jpg  [1, 2]
        b.jpg  [3]
        c.jpg  [1, 2]
        d.jpg  [3]
        """,
    ),
    Table(
        "several: words in round brackets and quotes",
        {"t.csv": lines("image,tags", "a.jpg,\"('red', 'wet')\"", "b.jpg,\"('red',)\"", "c.jpg,\"('wet',)\"")},
        images="{abc}.jpg",
        truth="""
        image  tags
        a.jpg  {red,wet}
        b.jpg  {red}
        c.jpg  {wet}
        """,
        said=("tags: its cells are lists of several values; --separator without a word reads each as one",),
    ),
    Table(
        "one value: decimal commas, where the user says so",
        {"t.csv": lines("image;size", "a.jpg;0,5", "b.jpg;1,5", "c.jpg;1,0", "d.jpg;0,5")},
        reading={"separator": ()},
        truth="""
        image  size
        a.jpg  0,5
        b.jpg  1,5
        c.jpg  1,0
        d.jpg  0,5
        """,
        said=("columns are separated by semicolons",),
    ),
    Table(
        "several: numbers and a comma, where the user says so",
        {"t.csv": lines("image;size", "a.jpg;0,5", "b.jpg;1,5", "c.jpg;1,0", "d.jpg;0,5")},
        reading={"separator": (",",)},
        truth="""
        image  size
        a.jpg  {0,5}
        b.jpg  {1,5}
        c.jpg  {0,1}
        d.jpg  {0,5}
        """,
        said=("columns are separated by semicolons", "size: commas separate several values"),
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
        said=("grade: written as 3, 4, not 3.0", "rows without a label, which are not trained on: 1 of 4"),
    ),
    Table(
        "spellings: numbers of many digits stay apart",
        {"t.csv": lines("image,x", "a.jpg,2.12345678", "b.jpg,2.12345679", "c.jpg,3", "d.jpg,3.0")},
        truth="""
        image  x
        a.jpg  2.12345678
        b.jpg  2.12345679
        c.jpg  3
        d.jpg  3
        """,
        said=(
            "x: its 3 numbers are read as classes, not as a quantity",
            "x: 3, 3.0 are one value",
        ),
    ),
    Table(
        "flags: -1 that is a class",
        {"t.csv": lines("image,mood", "a.jpg,-1", "b.jpg,0", "c.jpg,1", "d.jpg,1")},
        truth="""
        image  mood
        a.jpg  -1
        b.jpg  0
        c.jpg  1
        d.jpg  1
        """,
        reading={"class_columns": ("mood",)},
    ),
    Table(
        "part: dev beside train and test, in a column of any name",
        {"t.csv": lines("image,label,quality", "a.jpg,x,train", "b.jpg,y,train", "c.jpg,y,dev", "d.jpg,x,train")},
        truth="""
        image  label
        a.jpg  x
        b.jpg  y
        c.jpg  y
        d.jpg  x
        """,
        held_out="c.jpg",
        said=("column 'quality' says which part an image belongs to: train 3, validation 1",),
    ),
    Table(
        "numbers: fractions that are few are classes, which is said",
        {"t.csv": lines("image,cat", "a.jpg,0", "b.jpg,0.5", "c.jpg,1", "d.jpg,0.5")},
        truth="""
        image  cat
        a.jpg  0
        b.jpg  0.5
        c.jpg  1
        d.jpg  0.5
        """,
        said=("cat: its 3 numbers are read as classes, not as a quantity",),
    ),
    Table(
        "part: words that are countries, too, in a column that is not called so",
        {"t.csv": lines("image,country", "a.jpg,TR", "b.jpg,VA", "c.jpg,TR", "d.jpg,VA")},
        truth="""
        image  country
        a.jpg  TR
        b.jpg  VA
        c.jpg  TR
        d.jpg  VA
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
        said=("wet, big are answered one by one", "rows without a label, which are not trained on: 1 of 4"),
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
        said=("is_wet, is_big are answered one by one", "rows without a label, which are not trained on: 1 of 4"),
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
        said=(
            "-1 in Edema, Fracture is read as missing",
            "Edema, Fracture are answered one by one",
            "rows without a label, which are not trained on: 1 of 4",
        ),
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
        said=("is read as no, because there is no 0", "wet, big share no prefix; they are read as one task, tags"),
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
        said=(
            "-1 in wet is read as missing, because 0 is there, too",
            "rows without a label, which are not trained on: 1 of 4",
        ),
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
        said=(
            "only mark what is true",
            "wet, big share no prefix; they are read as one task, tags",
            "rows without a label, which are not trained on: 1 of 4",
        ),
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
        said=(
            "wet, big only mark what is true: an empty cell is no, in rows that have a mark",
            "wet, big share no prefix; they are read as one task, class",
        ),
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
        said=("N, D share no prefix; they are read as one task, class", "left out: ID, Keywords"),
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
        asked="""
        image  label
        c.jpg  x
        """,
        said=("column 'split' says which part", "answers to what is asked are known (label), and will be scored"),
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
        asked="""
        image  label
        c.jpg  x
        d.jpg  y
        """,
        said=(
            "column 'Usage' says which part an image belongs to: train 2, test 2",
            "answers to what is asked are known (label), and will be scored",
        ),
    ),
    Table(
        "part: is_test",
        {"t.csv": lines("image,label,is_test", "a.jpg,x,0", "b.jpg,y,0", "c.jpg,x,1", "d.jpg,,1")},
        truth="""
        image  label
        a.jpg  x
        b.jpg  y
        """,
        asked="""
        image  label
        c.jpg  x
        d.jpg  .
        """,
        said=(
            "column 'is_test' says which part an image belongs to: train 2, test 2",
            "answers to what is asked are known for 1 of 2 images (label), and will be scored",
        ),
    ),
    *(
        Table(
            f"part: {', '.join(words)}",
            {"t.csv": lines("image,label,set", *map(",".join, zip(NAMES, "xyxy", words, strict=True)))},
            truth="""
            image  label
            a.jpg  x
            b.jpg  y
            c.jpg  x
            """,
            held_out="c.jpg",
            asked="""
            image  label
            d.jpg  y
            """,
            said=(
                "column 'set' says which part an image belongs to: train 2, validation 1, test 1",
                "answers to what is asked are known (label), and will be scored",
            ),
        )
        for words in [("tr", "tr", "va", "te"), ("trainval", "trainval", "va", "ts")]
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
        said=("column 'split' says which part an image belongs to: train 2",),
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
        said=("column 'fold' says which part an image belongs to: train 2, validation 1",),
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
        said=(
            "images end in .jpg",
            "LabelName names the questions, and Confidence their answers: a column each was made",
            "/m/x, /m/y are answered one by one",
            "column '/m/x' is called m_x in the recipe",
            "column '/m/y' is called m_y in the recipe",
        ),
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
        said=("an image has several rows; the values of label were gathered", "left out: x1, y1"),
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
        said=("rows that repeat another one count once: 1",),
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
        said=("year: its 12 numbers are read as classes, not as a quantity",),
    ),
    Table(
        "part: is_train",
        {"t.csv": lines("image,label,is_train", "a.jpg,x,1", "b.jpg,y,1", "c.jpg,,0", "d.jpg,,0")},
        truth="""
        image  label
        a.jpg  x
        b.jpg  y
        """,
        asked="c.jpg d.jpg",
        said=("column 'is_train' says which part an image belongs to: train 2, test 2",),
    ),
    Table(
        "part: CelebA's numbers",
        {"t.csv": lines("image,label,partition", "a.jpg,x,0", "b.jpg,y,0", "c.jpg,x,1", "d.jpg,,2")},
        truth="""
        image  label
        a.jpg  x
        b.jpg  y
        c.jpg  x
        """,
        held_out="c.jpg",
        asked="d.jpg",
        said=("column 'partition' says which part an image belongs to: train 2, validation 1, test 1",),
    ),
    Table(
        "part: one value for all that is asked is a placeholder",
        {"t.csv": lines("image,label,split", "a.jpg,x,train", "b.jpg,y,train", "c.jpg,x,test", "d.jpg,x,test")},
        truth="""
        image  label
        a.jpg  x
        b.jpg  y
        """,
        asked="c.jpg d.jpg",
        said=(
            "column 'split' says which part an image belongs to: train 2, test 2",
            "label: one value for all that is asked is a placeholder",
        ),
    ),
    Table(
        "part: numbers of folds are no labels",
        {"t.csv": lines("image,label,fold", "a.jpg,x,0", "b.jpg,y,1", "c.jpg,x,2", "d.jpg,y,0")},
        truth="""
        image  label
        a.jpg  x
        b.jpg  y
        c.jpg  x
        d.jpg  y
        """,
        said=("column 'fold' numbers folds: left out",),
    ),
    Table(
        "ids of rows and sizes of images are no labels",
        {
            "t.csv": lines(
                "uid,image,width,label", "q1,a.jpg,640,x", "q2,b.jpg,640,y", "q3,c.jpg,480,x", "q4,d.jpg,640,y"
            )
        },
        truth="""
        image  label
        a.jpg  x
        b.jpg  y
        c.jpg  x
        d.jpg  y
        """,
        said=(
            "images are named by column 'image'",
            "column 'uid' only tells the rows apart",
            "column 'width' measures the image",
        ),
    ),
    Table(
        "missing: none is a class where there is only one other",
        {"t.csv": lines("image,beard", "a.jpg,none", "b.jpg,full", "c.jpg,none", "d.jpg,full")},
        truth="""
        image  beard
        a.jpg  none
        b.jpg  full
        c.jpg  none
        d.jpg  full
        """,
        said=("beard: 'none' is a class", "--missing none"),
    ),
    Table(
        "missing: -1 among numbers is said",
        {"t.csv": lines("image,grade", "a.jpg,-1", "b.jpg,2", "c.jpg,3", "d.jpg,2")},
        truth="""
        image  grade
        a.jpg  -1
        b.jpg  2
        c.jpg  3
        d.jpg  2
        """,
        said=("grade: -1 is a class (--missing nan NA -1",),
    ),
    Table(
        "missing: -1, also where it is written as -1.0",
        {"t.csv": lines("image,grade,size", "a.jpg,-1.0,-1", "b.jpg,2.0,1", "c.jpg,3.0,3", "d.jpg,2.0,1")},
        reading={"missing": ("nan", "NA", "-1")},
        truth="""
        image  grade  size
        b.jpg  2      1
        c.jpg  3      3
        d.jpg  2      1
        """,
        said=(
            "grade: '-1.0' (1), read as missing",
            "size: '-1' (1), read as missing",
            "grade: written as 2, 3, not 2.0",
            "rows without a label, which are not trained on: 1 of 4",
        ),
    ),
    Table(
        "flags: -1 with and without 0 beside it is unknown, as the message of init advises",
        {"t.csv": lines("image,wet,big", "a.jpg,1.0,1.0", "b.jpg,-1.0,-1.0", "c.jpg,0.0,1.0", "d.jpg,0.0,0.0")},
        reading={"missing": ("nan", "NA", "-1")},
        truth="""
        image  tags
        a.jpg  {wet,big}
        c.jpg  {big}
        d.jpg  {}
        """,
        said=(
            "big: written as 0, 1, not 0.0",
            "wet: written as 0, 1, not 0.0",
            "wet: '-1.0' (1), read as missing",
            "big: '-1.0' (1), read as missing",
            "wet, big share no prefix; they are read as one task, tags",
            "rows without a label, which are not trained on: 1 of 4",
        ),
    ),
    Table(
        "a number of the row is no label, also without a letter in its name",
        {"t.csv": lines("#,image,label", "1,a.jpg,x", "2,b.jpg,y")},
        truth="""
        image  label
        a.jpg  x
        b.jpg  y
        """,
        said=("images are named by column 'image'", "column '#' only tells the rows apart: left out"),
    ),
    Table(
        "missing: errors of a spreadsheet",
        {"t.csv": lines("image,label", "a.jpg,x", "b.jpg,#REF!", "c.jpg,y", "d.jpg,#DIV/0!")},
        truth="""
        image  label
        a.jpg  x
        c.jpg  y
        """,
        said=(
            "label: '#REF!' (1), '#DIV/0!' (1), read as missing",
            "rows without a label, which are not trained on: 2 of 4",
        ),
    ),
    Table(
        "missing: a part of several values",
        {"t.csv": lines("image,tags", "a.jpg,red|nan", "b.jpg,red", "c.jpg,wet|red", "d.jpg,wet")},
        truth="""
        image  tags
        a.jpg  {red}
        b.jpg  {red}
        c.jpg  {wet,red}
        d.jpg  {wet}
        """,
        said=("tags: nan among several values is left out",),
    ),
    Table(
        "several: an array of a database",
        {"t.csv": lines("image,tags", 'a.jpg,"{red,wet}"', "b.jpg,{red}", "c.jpg,{}", "d.jpg,{wet}")},
        truth="""
        image  tags
        a.jpg  {red,wet}
        b.jpg  {red}
        c.jpg  {}
        d.jpg  {wet}
        """,
        said=("tags: its cells are lists of several values",),
    ),
    Table(
        "several: None in a list",
        {"t.csv": lines("image,tags", "a.jpg,\"['red', None]\"", "b.jpg,['red']", "c.jpg,['wet']", "d.jpg,[]")},
        truth="""
        image  tags
        a.jpg  {red}
        b.jpg  {red}
        c.jpg  {wet}
        d.jpg  {}
        """,
        said=("tags: its cells are lists of several values",),
    ),
    Table(
        "several: every cell is a combination",
        {"t.csv": lines("image,tags", 'a.jpg,"red, wet"', 'b.jpg,"red, big"', 'c.jpg,"wet, big"', 'd.jpg,"red, wet"')},
        truth="""
        image  tags
        a.jpg  {red,wet}
        b.jpg  {red,big}
        c.jpg  {wet,big}
        d.jpg  {red,wet}
        """,
        said=("tags: commas separate several values",),
    ),
    Table(
        "several: a slash, where the user says so",
        {"t.csv": lines("image,tags", "a.jpg,red/wet", "b.jpg,red", "c.jpg,wet/big", "d.jpg,big")},
        reading={"separator": ("/",)},
        truth="""
        image  tags
        a.jpg  {red,wet}
        b.jpg  {red}
        c.jpg  {wet,big}
        d.jpg  {big}
        """,
        said=("tags: slashes separate several values",),
    ),
    Table(
        "several: blanks in one column, and words with blanks in another",
        {
            "t.csv": lines(
                "image,tags,colour",
                "a.jpg,x y,light blue",
                "b.jpg,y,dark blue",
                "c.jpg,x,light red",
                "d.jpg,y x,dark red",
            )
        },
        reading={"separator": (" ",)},
        truth="""
        image  tags   colour
        a.jpg  {x,y}  light blue
        b.jpg  {y}    dark blue
        c.jpg  {x}    light red
        d.jpg  {x,y}  dark red
        """,
        said=("tags: blanks separate several values",),
    ),
    Table(
        "one value: a place and its country",
        {
            "t.csv": lines(
                "image,place",
                'a.jpg,"Paris, France"',
                'b.jpg,"Lyon, France"',
                'c.jpg,"Rome, Italy"',
                'd.jpg,"Milan, Italy"',
            )
        },
        truth="""
        image  place
        a.jpg  Paris, France
        b.jpg  Lyon, France
        c.jpg  Rome, Italy
        d.jpg  Milan, Italy
        """,
    ),
    Table(
        "spellings: True and 1",
        {"t.csv": lines("image,wet", "a.jpg,True", "b.jpg,1", "c.jpg,0", "d.jpg,False")},
        truth="""
        image  wet
        a.jpg  1
        b.jpg  1
        c.jpg  0
        d.jpg  0
        """,
        said=("0, False are one value; 1, True are one value",),
    ),
    Table(
        "spellings: 1.5 and 1.50",
        {"t.csv": lines("image,x", "a.jpg,1", "b.jpg,1.0", "c.jpg,1.5", "d.jpg,1.50")},
        truth="""
        image  x
        a.jpg  1
        b.jpg  1
        c.jpg  1.5
        d.jpg  1.5
        """,
        said=(
            "x: its 2 numbers are read as classes, not as a quantity",
            "x: 1, 1.0 are one value; 1.5, 1.50 are one value",
        ),
    ),
    Table(
        "spellings: marks of direction, and wide digits",
        {"t.csv": lines("image,label,size", "a.jpg,red\u200e,１", "b.jpg,red,1", "c.jpg,\u202ablue\u202c,２")},
        truth="""
        image  label  size
        a.jpg  red    1
        b.jpg  red    1
        c.jpg  blue   2
        """,
        said=("invisible characters, odd spaces, accents or wide digits in label, size were made uniform",),
    ),
    *(
        Table(
            f"spellings: {yes} and {no} alone stay as they are",
            {"t.csv": lines("image,wet", f"a.jpg,{yes}", f"b.jpg,{no}", f"c.jpg,{yes}")},
            truth=f"""
            image  wet
            a.jpg  {yes}
            b.jpg  {no}
            c.jpg  {yes}
            """,
        )
        for yes, no in [("True", "False"), ("YES", "NO")]
    ),
    Table(
        "spellings: Yes, yes and NO",
        {"t.csv": lines("image,wet", "a.jpg,Yes", "b.jpg,yes", "c.jpg,NO", "d.jpg,no")},
        truth="""
        image  wet
        a.jpg  yes
        b.jpg  yes
        c.jpg  no
        d.jpg  no
        """,
        said=("wet: NO, no are one value; Yes, yes are one value",),
    ),
    Table(
        "one spelling: 0.5 and 1.0 stay as they are",
        {"t.csv": lines("image,x", "a.jpg,0.5", "b.jpg,1.0", "c.jpg,1.5", "d.jpg,1.0")},
        truth="""
        image  x
        a.jpg  0.5
        b.jpg  1.0
        c.jpg  1.5
        d.jpg  1.0
        """,
        said=("x: its 3 numbers are read as classes, not as a quantity",),
    ),
    Table(
        "flags: +1 and -1",
        {"t.csv": lines("image,wet,big", "a.jpg,+1,-1", "b.jpg,-1,-1", "c.jpg,-1,+1", "d.jpg,+1,+1")},
        truth="""
        image  tags
        a.jpg  {wet}
        b.jpg  {}
        c.jpg  {big}
        d.jpg  {wet,big}
        """,
        said=(
            "-1 in wet, big is read as no, because there is no 0",
            "wet, big share no prefix; they are read as one task, tags",
        ),
    ),
    Table(
        "flags: a question mark",
        {"t.csv": lines("image,wet,big", "a.jpg,0,1", "b.jpg,1,?", "c.jpg,?,0", "d.jpg,1,1")},
        truth="""
        image  wet  big
        a.jpg  0    1
        b.jpg  1    .
        c.jpg  .    0
        d.jpg  1    1
        """,
        said=(
            "wet: '?' (1), read as missing",
            "big: '?' (1), read as missing",
            "wet, big are answered one by one",
        ),
    ),
    Table(
        "flags: -1 and 1, partly answered",
        {"t.csv": lines("image,wet,big", "a.jpg,-1,1", "b.jpg,1,", "c.jpg,,-1", "d.jpg,-1,1")},
        truth="""
        image  wet  big
        a.jpg  0    1
        b.jpg  1    .
        c.jpg  .    0
        d.jpg  0    1
        """,
        said=("-1 in wet, big is read as no, because there is no 0", "wet, big are answered one by one"),
    ),
    Table(
        "long: questions and answers that share their words",
        {
            "t.csv": lines(
                "image,who,attribute,value",
                "a.jpg,me,sleeve,long",
                "a.jpg,me,hem,short",
                "b.jpg,you,sleeve,short",
                "b.jpg,you,hem,long",
                "c.jpg,me,sleeve,long",
                "d.jpg,you,sleeve,short",
            )
        },
        truth="""
        image  who  sleeve  hem
        a.jpg  me   long    short
        b.jpg  you  short   long
        c.jpg  me   long    .
        d.jpg  you  short   .
        """,
        said=("attribute names the questions, and value their answers: a column each was made",),
    ),
    Table(
        "long: answers of 1 and -1",
        {
            "t.csv": lines(
                "image,attribute,value", "a.jpg,wet,1", "a.jpg,big,-1", "b.jpg,wet,-1", "b.jpg,big,1", "c.jpg,wet,1"
            )
        },
        images="{abc}.jpg",
        truth="""
        image  wet  big
        a.jpg  1    0
        b.jpg  0    1
        c.jpg  1    .
        """,
        said=(
            "attribute names the questions, and value their answers: a column each was made",
            "-1 in wet, big is read as no, because there is no 0",
            "wet, big are answered one by one",
        ),
    ),
    Table(
        "long: two columns are gathered where the user insists",
        {
            "t.csv": lines(
                "image,label,colour",
                "a.jpg,x,red",
                "a.jpg,y,blue",
                "b.jpg,y,blue",
                "c.jpg,x,blue",
                "c.jpg,y,red",
                "d.jpg,z,red",
            )
        },
        reading={"class_columns": ("label", "colour")},
        truth="""
        image  label  colour
        a.jpg  {x,y}  {red,blue}
        b.jpg  {y}    {blue}
        c.jpg  {x,y}  {red,blue}
        d.jpg  {z}    {red}
        """,
        said=("an image has several rows; the values of label, colour were gathered",),
    ),
    Table(
        "part: numbers of folds are learned where the user insists",
        {"t.csv": lines("image,fold", "a.jpg,0", "b.jpg,1", "c.jpg,2", "d.jpg,0")},
        reading={"class_columns": ("fold",)},
        truth="""
        image  fold
        a.jpg  0
        b.jpg  1
        c.jpg  2
        d.jpg  0
        """,
    ),
    Table(
        "a number of the class is a label, also where each stands once",
        {"t.csv": lines("image,class_id,number", "a.jpg,0,7", "b.jpg,1,9")},
        images="{ab}.jpg",
        truth="""
        image  class_id  number
        a.jpg  0         7
        b.jpg  1         9
        """,
    ),
    Table(
        "an id is a label where nothing else is",
        {"t.csv": lines("image,id", "a.jpg,0", "b.jpg,1")},
        images="{ab}.jpg",
        truth="""
        image  id
        a.jpg  0
        b.jpg  1
        """,
    ),
]


@pytest.mark.filterwarnings("ignore:.*which usually means that nothing is known")  # where the user says it is a class
@pytest.mark.parametrize("sample", CELLS, ids=lambda sample: sample.name)
def test_every_target_is_read(tmp_path, sample):
    assert read(tmp_path / "data", sample) == wanted(sample)


def test_what_is_decided_of_many_columns_is_said_in_one_note(tmp_path):
    columns = range(300)
    header = ",".join(["image", *(f"is {n}" for n in columns)])
    rows = [
        ",".join([f"{letter}.jpg", *(("x", "X", "nan", "x")[(row + n) % 4] for n in columns)])
        for row, letter in enumerate("abcd")
    ]
    notes = looked_at(tmp_path / "data", Format("", {"t.csv": lines(header, *rows)}, "{abcd}.jpg", "")).notes
    assert notes == (
        "is 0, is 1, is 2, is 3 and 296 more: some words are read as missing; for example, is 0: 'nan' (1), read "
        "as missing (--missing without a word reads it as a class)",
        "is 0, is 1, is 2, is 3 and 296 more: called otherwise in the recipe, because it names a layer of the network; "
        "for example, column 'is 0' is called is_0 in the recipe, because it names a layer of the network",
        "is_0, is_1, is_2, is_3 and 296 more: some values differ only in capitals; they are read as separate classes; "
        "for example, is_0: X, x differ only in capitals; they are read as separate classes",
    )
