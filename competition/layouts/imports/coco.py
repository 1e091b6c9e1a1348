"""JSON of images, annotations and categories: COCO, iMaterialist, and others like them."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from competition.errors import InvalidInput
from competition.layouts.imports.sheet import Sheet, sheet_of

IMAGE, LABEL, CATEGORY = "image", "label", "category"
IMAGE_IDS = ("image_id", "imageId", "imageid")
LABELS = ("category_id", "category_ids", "attribute_ids", "attributes_ids", "labelId", "label_id", "label", "labels")
# The column of what is named by number, and the list of the names.
NAMED = {
    **dict.fromkeys(("category_id", "category_ids"), (CATEGORY, "categories")),
    **dict.fromkeys(("attribute_ids", "attributes_ids"), ("attributes", "attributes")),
}
NAMES = ("file_name", "filename", "file", "name", "path", "url", "coco_url")


def is_coco(content: object) -> bool:
    return isinstance(content, Mapping) and isinstance(content.get("images"), list) and "annotations" in content


def read_coco(file: Path, content: Mapping) -> Sheet:
    """An image a row; every category, attribute or label of its annotations is one of several values.

    Raises InvalidInput for annotations of images that are not listed, and for ids without a name.
    """
    images = _images(file, content["images"])
    names = {listed: _names(file, content.get(listed)) for listed in ("categories", "attributes")}
    values: dict[str, dict[str, list]] = defaultdict(lambda: defaultdict(list))
    for number, annotation in enumerate(content["annotations"], start=1):
        image = str(_first(file, annotation, IMAGE_IDS, f"annotation {number}"))
        if image not in images:
            raise InvalidInput(
                f"{file}: annotation {number} is about image {image}, which is not in its list of images"
            )
        for column, given in _values(file, names, annotation, number):
            values[image][column] += given
    columns = dict.fromkeys(column for found in values.values() for column in found)
    rows = [
        {
            IMAGE: _name_of_image(image, key),
            **{column: list(dict.fromkeys(values[key][column])) or None for column in columns},
        }
        for key, image in images.items()
    ]
    sheet = sheet_of(file, "images and annotations, as in COCO", rows, image=IMAGE)
    return sheet.say(*_unused(content["annotations"]))


def _images(file: Path, listed: list) -> dict[str, Mapping]:
    """The images by their ids. Raises InvalidInput for two of one id."""
    ids = [str(_first(file, image, ("id", *IMAGE_IDS), "an image")) for image in listed]
    if twice := [name for name, count in Counter(ids).items() if count > 1]:
        raise InvalidInput(f"{file}: several images have the id {twice[0]}; give each its own")
    return dict(zip(ids, listed, strict=True))


def _values(
    file: Path, names: Mapping[str, dict[str, str] | None], annotation: Mapping, number: int
) -> Iterator[tuple[str, list[str]]]:
    """What an annotation says, by column. Raises InvalidInput where it says nothing, or an id without a name."""
    found = [field for field in LABELS if field in annotation]
    if not found:
        raise InvalidInput(f"{file}: annotation {number} has none of {', '.join(LABELS)}")
    for field in found:
        given = annotation[field] if isinstance(annotation[field], list) else [annotation[field]]
        column, listed = NAMED.get(field, (LABEL, ""))
        yield column, [_name(file, names.get(listed), one, number) for one in given]


def _unused(annotations: list[Mapping]) -> Iterator[str]:
    if any("attributes" in annotation for annotation in annotations):
        yield "the attributes of annotations are not used; only categories and labels are"
    if any("bbox" in annotation for annotation in annotations):
        yield "boxes are not used: an image has the categories of everything in it"


def _first(file: Path, record: Mapping, names: tuple[str, ...], what: str) -> object:
    for name in names:
        if name in record:
            return record[name]
    raise InvalidInput(f"{file}: {what} has none of {', '.join(names)}")


def _names(file: Path, listed: list | None) -> dict[str, str] | None:
    """The names by their ids, if there are any. Raises InvalidInput for two names of one id."""
    found: dict[str, str] = {}
    for one in listed or ():
        key, name = str(one["id"]), str(one["name"])
        if found.setdefault(key, name) != name:
            raise InvalidInput(f"{file}: the id {key} is that of both {found[key]!r} and {name!r}; give each its own")
    return found or None


def _name(file: Path, names: dict[str, str] | None, value: object, number: int) -> str:
    if names is None:
        return str(value)
    if str(value) not in names:
        raise InvalidInput(f"{file}: annotation {number} names {value}, which is not among the categories")
    return names[str(value)]


def _name_of_image(image: Mapping, key: str) -> str:
    """Its file, or else its id: iMaterialist gives an address of each image, whose file is called by the id."""
    found = next((image[name] for name in NAMES if name in image), key)
    return key if "://" in str(found) or isinstance(found, list) else str(found)
