"""Where the pictures of a catalogue are named: folders, tables, question files; and what is refused."""

import errno
import importlib
import os
from pathlib import Path

import fsspec
import pyarrow as pa
import pytest
from helpers import refusal, write
from pyarrow import parquet
from served import png
from small_data import TINY, write_data
from tagged import fill_folder

from competition.images import decode
from competition.images.whole import BadImage
from competition.tagging import catalogue
from competition.tagging.catalogue import Catalogue, read_catalogue, read_picture

ROWS = [("a.png", "shirt"), ("/far/b.png", "shirt"), ("a.png", ""), ("s/c.png", "007")]


def read(source: Path, *columns: str | None) -> Catalogue:
    return read_catalogue(source, TINY.tasks, *columns)


def write_csv(file: Path, header: str = "sku,path") -> Path:
    return write(file, [header, *(f"{product},{image}" for image, product in ROWS)])


def write_parquet(file: Path, **columns) -> Path:
    parquet.write_table(pa.table(columns), file)
    return file


def test_a_folder_gives_all_pictures_under_it_by_name_and_nothing_else(tmp_path):
    names = fill_folder(tmp_path)
    (tmp_path / "a folder.png").mkdir()
    found = read(tmp_path)
    assert found.rows.to_pydict() == {"image": names, "product": [None] * len(names)}
    assert found.root == tmp_path


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_gives_its_rows_as_they_are_also_twice_and_without_a_product(tmp_path, ending, capsys):
    file = write_csv(tmp_path / "shop.csv")
    if ending == "parquet":
        columns = {"path": [image for image, _ in ROWS], "sku": [sku or None for _, sku in ROWS]}
        file = write_parquet(tmp_path / "shop.parquet", **columns)
    found = read(file, None, "sku")
    assert [*zip(*found.rows.to_pydict().values(), strict=True)] == [(image, sku or None) for image, sku in ROWS]
    assert capsys.readouterr().out == (
        f"{file}: pictures are named in the column 'path'; --image-column names another\n"
    )
    assert read(file, "path").rows["product"].null_count == len(ROWS)
    assert capsys.readouterr().out == ""


def test_products_of_parquet_may_be_numbers_and_texts_may_be_dictionaries(tmp_path):
    texts = pa.array(["a.png", "b.png", "a.png"]).dictionary_encode()
    file = write_parquet(tmp_path / "shop.parquet", image=texts, product=pa.array([7, None, 9]))
    assert read(file, "image", "product").rows.to_pydict() == {
        "image": ["a.png", "b.png", "a.png"],
        "product": ["7", None, "9"],
    }


def test_a_question_file_gives_each_of_its_pictures_once(tmp_path):
    data = write_data(tmp_path, images=3, questions=4)
    file = data / "rank/Tests/question.csv"
    write(file, file.read_text() + file.read_text().replace("colour", "shade"))
    found = read(file)
    assert found.rows["image"].to_pylist() == [f"Images/{number:03}.jpg" for number in range(4)]
    assert found.root == data / "rank"


def test_the_digest_tells_names_products_order_and_place_apart(tmp_path):
    file = write_csv(tmp_path / "shop.csv")
    one = read(file, "path", "sku").digest
    assert one == read(file, "path", "sku").digest
    assert one != read(file, "path").digest
    assert one != Catalogue(tmp_path, read(file, "path", "sku").rows.take([1, 0, 2, 3])).digest
    assert one != read(write_csv(tmp_path / "elsewhere/shop.csv"), "path", "sku").digest


@pytest.mark.parametrize(
    "write_it, columns, words",
    [
        (lambda at: at, (), "holds no picture; allowed are files that end in .jpg, .jpeg, .png, .webp"),
        (lambda at: at / "no.csv", (), "there is no such file or folder"),
        (lambda at: Path("s3://shop/a.csv"), (), "may be at s3:// or gs://, the table itself may not"),
        (lambda at: write(at / "shop.xlsx", b"PK"), (), "what ends like this is not read; allowed are a folder, .csv"),
        (lambda at: write_csv(at / "a.csv"), ("pth",), "there is no column 'pth'; allowed are sku, path; perhaps you"),
        (lambda at: write_csv(at / "a.csv"), ("path", "brand"), "there is no column 'brand'"),
        (lambda at: write_csv(at / "a.csv", "sku,photo"), (), "no column of pictures; looked for image, image_path"),
        (
            lambda at: write_csv(at / "a.csv", "Image,path"),
            (),
            "several columns that could name pictures (Image",
        ),
        (lambda at: write_csv(at / "a.csv", "path,path"), ("path",), "2 columns are called 'path'; rename all but one"),
        (lambda at: write(at / "a.csv", "sku,path\n1,a.png\n2,\n"), (), "a.csv:3: path is empty"),
        (lambda at: write(at / "a.csv", "sku,path\n1\n"), (), "a.csv:2: 1 cells; the header names 2 columns"),
        (lambda at: write(at / "a.csv", "sku,path\n"), (), "holds no picture"),
        (lambda at: write(at / "a.csv", ""), (), "no column of pictures"),
        (lambda at: write(at / "a.parquet", b"PAR1 no"), (), "cannot be read as Parquet ("),
        (
            lambda at: write_parquet(at / "a.parquet", image=[1, 2]),
            (),
            "column 'image' holds int64, and text",
        ),
        (lambda at: write_parquet(at / "a.parquet", image=["a", None]), (), "a.parquet:2: image is empty"),
        (
            lambda at: write(at / "a.csv", "path\nhttp://x/a.png\n"),
            (),
            "names http://x/a.png; allowed are files and",
        ),
        (lambda at: write(at / "a.csv", "path\ns3://x/a.png\n"), (), "which needs s3fs: pip install s3fs, on every"),
        (lambda at: fill_folder(at) and at, ("path",), "is no table, so it has no column 'path'"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_is_wrong_and_where(tmp_path, write_it, columns, words):
    source = write_it(tmp_path)
    message = refusal(read, source, *columns)
    assert str(source) in message
    assert words in message


def test_names_that_are_not_utf8_are_refused_because_no_table_can_hold_them(tmp_path):
    write(tmp_path / os.fsdecode(b"caf\xe9.png"), png())
    assert "these names are not UTF-8, so no table can hold them; rename them" in refusal(read, tmp_path)


class Bucket(fsspec.AbstractFileSystem):
    """What stands in for the driver of s3://, with one picture."""

    def cat_file(self, path, *_, **__) -> bytes:
        if "denied" in path:
            raise PermissionError("Access\nDenied")
        if path != "s3://shop/a.png":
            raise FileNotFoundError(path)
        return png(3)


def test_addresses_are_read_where_their_driver_is_installed_and_what_fails_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(importlib.import_module("fsspec.registry")._registry, "s3", Bucket)
    file = write(tmp_path / "shop.csv", "path\ns3://shop/a.png\ns3://shop/no.png\ns3://denied/a.png\n")
    found = read(file)
    good, lost, denied = found.rows["image"].to_pylist()
    assert read_picture(found.root, good) == png(3)
    with pytest.raises(BadImage, match="there is no such file"):
        read_picture(found.root, lost)
    with pytest.raises(BadImage, match="cannot be opened: Access Denied"):
        read_picture(found.root, denied)


class Shaky:
    """Fails some times as a disk or a network does, and then answers."""

    def __init__(self, *errors: Exception):
        self.errors = list(errors)

    def __call__(self, *_, **__) -> bytes:
        if self.errors:
            raise self.errors.pop(0)
        return png(3)


PASSING = [OSError(errno.EIO, "Input/output error"), OSError(errno.ESTALE, "Stale file handle"), TimeoutError("slow")]


def test_a_disk_or_a_network_that_fails_for_a_moment_is_tried_again(tmp_path, monkeypatch):
    waited = []
    monkeypatch.setattr(catalogue.time, "sleep", waited.append)
    monkeypatch.setattr(decode, "read_bytes", Shaky(*PASSING))
    monkeypatch.setattr(Bucket, "cat_file", Shaky(RuntimeError("SlowDown"), *PASSING[:2]))
    monkeypatch.setitem(importlib.import_module("fsspec.registry")._registry, "s3", Bucket)
    assert read_picture(tmp_path, "a.png") == read_picture(tmp_path, "s3://shop/a.png") == png(3)
    assert waited == [1, 4, 16] * 2


def test_one_that_goes_on_failing_is_no_fault_of_the_picture(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue.time, "sleep", lambda _: None)
    monkeypatch.setattr(decode, "read_bytes", Shaky(*PASSING, OSError(errno.EIO, "Input/output error")))
    message = refusal(read_picture, tmp_path, "a.png")
    assert message.startswith("a.png, on the machine ")
    assert "cannot be opened: Input/output error, also after 21 s; put the disk or the network right" in message


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EACCES, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP])
def test_what_is_wrong_with_a_file_itself_is_not_tried_again(tmp_path, monkeypatch, number):
    monkeypatch.setattr(decode, "read_bytes", Shaky(OSError(number, os.strerror(number))))
    with pytest.raises(BadImage):
        read_picture(tmp_path, "a.png")


def test_a_machine_without_the_folder_of_the_pictures_says_so(tmp_path):
    message = refusal(read_picture, tmp_path / "shop", "a.png")
    assert message.startswith(f"{tmp_path / 'shop'}, where the pictures are, is not there on the machine ")
    with pytest.raises(BadImage, match="there is no such file"):
        read_picture(tmp_path / "shop", str(tmp_path / "a.png"))


def test_folders_behind_links_are_entered_once_and_hidden_files_left_out(tmp_path):
    write(tmp_path / "elsewhere/b.png", png())
    for name in ("a.png", "._a.png", "__MACOSX/a.png", ".cache/a.png"):
        write(tmp_path / "shop" / name, png())
    (tmp_path / "shop/linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/back").symlink_to(tmp_path / "shop")
    assert read(tmp_path / "shop").rows["image"].to_pylist() == ["a.png", "linked/b.png"]


def test_a_folder_that_cannot_be_listed_is_refused(tmp_path, monkeypatch):
    write(tmp_path / "shop/inner/a.png", png())
    listed = os.scandir

    def denied(path):
        if Path(path).name == "inner":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", denied)
    message = refusal(read, tmp_path / "shop")
    assert message.startswith(f"{tmp_path / 'shop/inner'} cannot be listed (Permission denied); change its permissions")


def test_a_relative_name_begins_at_the_table_and_an_absolute_one_does_not(tmp_path):
    write(tmp_path / "shop/a.png", png(1))
    write(tmp_path / "b.png", png(2))
    assert read_picture(tmp_path / "shop", "a.png") == png(1)
    assert read_picture(tmp_path / "shop", str(tmp_path / "b.png")) == png(2)
    with pytest.raises(BadImage, match="there is no such file"):
        read_picture(tmp_path / "shop", "b.png")
