"""Which column names the images, and which file each name means."""

import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np

from competition.errors import InvalidInput, no_such
from competition.images.below import images_below
from competition.images.decode import ENDINGS, is_image
from competition.layouts.imports.cells import clean_text
from competition.layouts.imports.parts import part_in
from competition.layouts.imports.sheet import TRAIN, Reading, Sheet
from competition.layouts.notes import Note, some
from competition.task import composed

LOOKED_AT = 200  # names of which the files are looked for, to find the rule for all
USUAL = (
    "image",
    "file",
    "filename",
    "img",
    "id",
    "path",
    "filepath",
    "photo",
    "picture",
    "uri",
    "url",
    "name",
    "fname",
)
UNREAD = (".gif", ".bmp", ".tif", ".tiff", ".heic", ".avif", ".jfif", ".dcm", ".nii", ".svg", ".npy")
PACKED = (".zip", ".tar", ".gz", ".tgz", ".7z", ".rar")
UPLOADED = re.compile(r"[0-9a-f]{8}-(.+)")  # how Label Studio renames what is uploaded
MOST = 0.5  # of a column's cells have to name images


@dataclass(frozen=True)
class Images:
    """The image files in a folder and below it, by their paths (posix, relative to `root`)."""

    root: Path
    paths: tuple[str, ...]

    @classmethod
    def below(cls, root: Path) -> "Images":
        return cls(root, tuple(images_below(root)))

    @cached_property
    def parts(self) -> frozenset[str | None]:
        """The parts that folders are called after."""
        return frozenset(map(part_in, map(posixpath.dirname, self.paths)))

    @cached_property
    def by_name(self) -> dict[str, list[str]]:
        """Paths by the last part, with and without its ending, written as in a cell."""
        found = defaultdict(list)
        for path in self.paths:
            name = clean_text(path.rsplit("/", 1)[-1])
            found[name].append(path)
            found[name.rsplit(".", 1)[0]].append(path)
        return found

    def of(self, name: str) -> list[str]:
        last = name.rsplit("/", 1)[-1]
        return self.by_name.get(last) or (self.by_name.get(unquote(last), []) if "%" in last else [])

    @cached_property
    def by_stem(self) -> dict[str, list[str]]:
        """Paths by the last part without its ending, in small letters."""
        found = defaultdict(list)
        for path in self.paths:
            found[_stem(path)].append(path)
        return found

    def like(self, name: str, any_ending: bool) -> list[str]:
        """The files that a name means: those called so, or else so in other capitals, or with another ending."""
        if found := self.of(name):
            return found
        if uploaded := UPLOADED.fullmatch(name.rsplit("/", 1)[-1]):
            return self.of(uploaded[1])
        found = self.by_stem.get(_stem(name), []) if is_image(name) else []
        alike = [path for path in found if composed(path).casefold().endswith(name.rsplit("/", 1)[-1].casefold())]
        return alike or (found if any_ending else [])


def _stem(path: str) -> str:
    """The last part of a path without its ending, in small letters."""
    return clean_text(path).rsplit("/", 1)[-1].rsplit(".", 1)[0].casefold()


def plain(name: str) -> str:
    """A name as a relative path with slashes: of an address only its path, and nothing of . and .."""
    if "://" in name:
        name = unquote(urlsplit(name).path)
    name = composed(name.replace("\\", "/"))
    return "/".join(part for part in name.split("/") if part not in ("", ".", ".."))


def choose_image_column(sheet: Sheet, reading: Reading, images: Images) -> Sheet:
    """The sheet that knows which column names its images. Raises InvalidInput where none does, or it is not clear."""
    given = reading.image_column or sheet.image
    if given:
        if given not in sheet.cells:
            raise InvalidInput(f"--image-column: {no_such('column', given, sheet.cells)}")
        return replace(sheet, image=given)
    named = {column: share for column, values in sheet.cells.items() if (share := _share_named(values)) > MOST}
    shares = {
        column: _share_found(values, images) for column, values in sheet.cells.items() if column in named or not named
    }
    best = max(shares, key=lambda column: (shares[column], len(set(sheet.cells[column])), _rank(column)))
    if named or shares[best] > MOST:
        others = [column for column in shares if column != best and shares[column] == shares[best]]
        if others and _rank(best) == _rank(others[0]):
            raise InvalidInput(
                f"{sheet.file}: the columns {', '.join(map(repr, [best, *others]))} all name images; "
                f"say which ones to learn from: --image-column {best}"
            )
        first = next(iter(sheet.cells)) == best
        return (
            replace(sheet, image=best)
            if first
            else replace(sheet, image=best).say(f"images are named by column {best!r}")
        )
    usual = [column for column in sheet.cells if _rank(column) > -len(USUAL)]
    column = usual[0] if usual else next(iter(sheet.cells))
    return replace(sheet, image=column)


def _share_found(values: np.ndarray, images: Images) -> float:
    """Of some cells, the share whose file is there; a value in many rows is no name."""
    shown = list(dict.fromkeys(values))[:LOOKED_AT]
    if len(shown) < min(len(values), LOOKED_AT) / 4:
        return 0.0
    return float(np.mean([bool(images.of(plain(value))) for value in shown])) if shown else 0.0


def _share_named(values: np.ndarray) -> float:
    shown = list(dict.fromkeys(values))[:LOOKED_AT]
    return float(np.mean([is_image(value.split("?")[0]) for value in shown])) if shown else 0.0


def _rank(column: str) -> int:
    """How usual a name is for the column of the images: 0 the most."""
    words = column.casefold().replace("_", " ").replace("-", " ").split()
    return -min((USUAL.index(word) for word in words if word in USUAL), default=len(USUAL))


def find_images(sheet: Sheet, reading: Reading, images: Images) -> Sheet:
    """The sheet with names relative to the folder of the images, as the files there are called.

    One rule is found for all images of a part: what is cut off the front of the names, the folder they lie in and the
    ending they lack. Raises InvalidInput where names without an ending match no file, and where a name could mean
    several files.
    """
    names, there, notes = sheet.names.copy(), set(images.paths), []
    for part in dict.fromkeys(sheet.part) if len(sheet.part) else [part_in(sheet.file.stem) or TRAIN]:
        rows = np.flatnonzero(sheet.part == part) if len(sheet.part) else np.arange(len(sheet))
        names[rows] = _files_of(sheet, rows, part, reading, images, there)
        found = {name: path for name, path in zip(sheet.names[rows], names[rows], strict=True) if path in there}
        notes += _said_of_files(found, sheet.root, images)
    _refuse_lost(sheet, names, [row for row, path in enumerate(names) if path not in there], reading, images)
    _refuse_shared(sheet, names, images)
    return replace(sheet, root=images.root).with_cells({sheet.image: names}).say(*notes)


def _files_of(
    sheet: Sheet, rows: np.ndarray, part: str, reading: Reading, images: Images, there: set[str]
) -> list[str]:
    """The path of the image of each row."""
    names = [plain(name) for name in sheet.names[rows]]
    (strip, folder, ending), sure = _rule(names, part, reading, images)
    none_is = not any(map(images.of, names))
    front = f"{folder}/" if folder else ""
    paths = [front + name.split("/", strip)[-1] + ending for name in names]
    own = None  # the folders of the part, if other folders have some of its names, too
    if part_in(front) == part and any(len(images.of(name)) > 1 for name in names):
        own = part
    for place, path in enumerate(paths):
        # Composed names, other endings, several folders of images.
        if there and (path not in there or (not sure and len(images.of(names[place])) > 1)):
            file = sheet.file_of(rows[place])
            paths[place] = _only(file, names[place], reading, images, none_is, own) or path
    for place, path in enumerate(paths):
        if path in there and (wanted := _other_part(sheet.file_of(rows[place]), part, names[place], path, images)):
            raise InvalidInput(
                f"{sheet.file_of(rows[place])}: the image of {sheet.names[rows[place]]!r} would be {path} in "
                f"{images.root}, but that is no folder of {wanted}; name the folder of the images with --images"
            )
    return paths


def _other_part(labels: Path, part: str, name: str, path: str, images: Images) -> str | None:
    """The part that an image is of, by its name or by that of its labels, if its folder is that of another part.

    Images of validation and test may lie among those to train on, where they have no folder of their own; and those
    anywhere of which a column says the part.
    """
    said, named = part_in(posixpath.dirname(path)), part_in(posixpath.dirname(name))
    filed = part if part_in(labels.stem) == part else None
    if not said or said == (named or filed):
        return None
    return named or (filed if filed == TRAIN or filed in images.parts else None)


def _said_of_files(paths: Mapping[str, str], root: Path, images: Images) -> list[Note]:
    """What is said of images, by their names below `root`: where they lie, how they end, what names say otherwise."""
    folders, endings, moved, odd = {}, {}, [], []
    same = cache(partial(_is_same_folder, root, images.root))
    for given, path in paths.items():
        written = _written(given)
        inner, name = posixpath.split(written) if "/" in written else ("", written)
        outer, _, file = composed(path).rpartition("/")
        if inner in ("", outer) or outer.endswith(f"/{inner}"):
            folders[outer.removesuffix(inner).rstrip("/")] = None
        elif not same(inner, outer):
            folders[outer] = None
            moved.append(f"{given} is {path}")
        if file == name or file.rpartition(".")[0] == name:
            endings[file.removeprefix(name)] = None
        else:
            odd.append(f"{given} is {path}")
    where = f"lie in {some([str(images.root / folder) for folder in folders])}" if any(folders) else ""
    how = f"end in {some([*filter(None, endings)])}" if any(endings) else ""
    notes = [f"images {' and '.join(filter(None, (where, how)))}"] if where or how else []
    if odd:
        notes.append(f"images that are called otherwise than in the labels: {len(odd):,}, {odd[0]}, for example")
    if moved:
        notes.append(f"images in other folders than the labels say: {len(moved):,}, {moved[0]}, for example")
    return [Note(note, of_copy=True) for note in notes]


def _is_same_folder(root: Path, found_in: Path, said: str, found: str) -> bool:
    """Whether labels below `root` say a folder that was found; their own folder's name may begin what they say."""
    there = (found_in / found).resolve()
    return said.casefold() == found.casefold() or there in ((root / said).resolve(), (root.parent / said).resolve())


def _written(name: str) -> str:
    """A name as a path with slashes, which may lie outside; of an address only its path."""
    if "://" in name:
        return plain(name)
    path = composed(name.replace("\\", "/"))
    return posixpath.normpath(path) if "/" in path else path


Rule = tuple[int, str, str]


def _rule(names: Sequence[str], part: str, reading: Reading, images: Images) -> tuple[Rule, bool]:
    """How many parts to cut off the names, the folder of the images, and the ending to add: what fits most names.

    Of two folders that fit, as where train/ and test/ both begin at 0.jpg, the one called after the part is it. Also
    says whether the rule is sure: no other fits half as many names, and none has files that only another one fits.
    """
    votes: Counter[Rule] = Counter()
    looked_at = names[:: max(1, len(names) // LOOKED_AT)]
    for name in looked_at:
        parts = name.split("/")
        for path in images.of(name):
            ending = "" if clean_text(path).endswith(parts[-1]) else path[path.rindex(".") :]
            if reading.extension and ending and ending != _dotted(reading.extension):
                continue
            kept = composed(path)[: len(path) - len(ending)].split("/")
            same = 1
            while same < min(len(kept), len(parts)) and kept[-same - 1] == parts[-same - 1]:
                same += 1
            votes[len(parts) - same, "/".join(kept[:-same]), ending] += 1
    if not votes:
        return (0, "", ""), True
    most = max(votes.values())
    fit = {rule: (-rule[0], part_in(rule[1]) == part) for rule, count in votes.items() if count * 2 >= most}
    best = max(fit, key=lambda rule: (*fit[rule], votes[rule]))
    alone = list(fit.values()).count(fit[best]) == 1
    return best, alone and votes[best] == sum(bool(images.of(name)) for name in looked_at)


def _dotted(extension: str) -> str:
    return extension if extension.startswith(".") else f".{extension}"


def _only(labels: Path, name: str, reading: Reading, images: Images, any_ending: bool, part: str | None) -> str | None:
    """The only image that a name in a label file can mean, in folders of a `part` if given, and in its own folders."""
    found = [path for path in images.like(name, any_ending) if not part or part_in(posixpath.dirname(path)) == part]
    if reading.extension and not is_image(name):
        found = [path for path in found if path.endswith(_dotted(reading.extension))]
    if "/" in name and not UPLOADED.fullmatch(name.rsplit("/", 1)[-1]):
        exact = bool(images.of(name))
        found = [path for path in found if _in_folder(path, name) or (not exact and _in_folder(name, path))]
    if len(found) > 1:
        raise InvalidInput(
            f"{labels}: {name!r} could be {' or '.join(found[:3])} in {images.root}; name the folder of the images "
            "with --images, or their ending with --extension"
        )
    return found[0] if found else None


def _in_folder(path: str, name: str) -> bool:
    """Whether the folder of a path ends like that of a name."""
    inner, outer = (f"/{composed(one)}".rpartition("/")[0].casefold() for one in (name, path))
    return f"/{outer}/".endswith(f"{inner}/")


def _refuse_shared(sheet: Sheet, names: np.ndarray, images: Images) -> None:
    """Raises InvalidInput where two names mean one file, as where images of several folders were put into one."""
    meant: dict[str, str] = {}
    for row, (given, path) in enumerate(zip(sheet.names, names, strict=True)):
        first = meant.setdefault(path, given)
        if first != given and plain(first) != plain(given):
            raise InvalidInput(
                f"{sheet.file_of(row)}: {first!r} and {given!r} would both be {path} in {images.root}; give each a "
                "name of its own, or name the folder of the images with --images"
            )


def _refuse_lost(sheet: Sheet, names: np.ndarray, lost: Sequence[int], reading: Reading, images: Images) -> None:
    """Raises InvalidInput where names without a file cannot name one: they have no ending, or lie outside."""
    if empty := [row for row in lost if not sheet.names[row]]:
        problems = [sheet.problem(row, f"no name in column {sheet.image!r}") for row in empty]
        raise InvalidInput(f"{sheet.file_of(empty[0])} names no image in some rows; delete or complete them:", problems)
    if wrong := [row for row in lost if not is_image(names[row])]:
        file, shown = sheet.file_of(wrong[0]), _shown(sheet.names[wrong])
        names_none = f"{file}: column {sheet.image!r} names no images: {shown}"
        if not images.paths:
            raise InvalidInput(f"{names_none}; {_no_files(images)}; name the folder of the images with --images")
        if reading.extension and (excluded := images.of(plain(sheet.names[wrong[0]]))):
            raise InvalidInput(
                f"{file}: no file called {shown} ends in {_dotted(reading.extension)}, as --extension says; there is "
                f"{' and '.join(excluded[:3])}, so name another ending"
            )
        raise InvalidInput(
            f"{names_none} {'match' if len(wrong) > 1 else 'matches'} none of the {len(images.paths):,} image files in "
            f"{images.root} or below it ({', '.join(images.paths[:2])}, …); name the folder with --images, the column "
            "with --image-column"
        )
    outside = [row for row in lost if sheet.names[row].startswith(("/", "../", "..\\")) or "://" in sheet.names[row]]
    if outside:
        raise InvalidInput(
            f"{sheet.file_of(outside[0])} names images outside its folder, and no file of that name is in "
            f"{images.root} or below it; name the folder of the images with --images:",
            [sheet.problem(row, repr(sheet.names[row])) for row in outside],
        )


def refuse_header_of_image(sheet: Sheet, images: Images) -> None:
    """Raises InvalidInput where the header of the images' column names one: the table has no header."""
    title = sheet.image.split("?")[0]
    if is_image(title) or (title.casefold() not in USUAL and (found := images.of(plain(title)))):
        why = "names an image" if is_image(title) else f"seems to be about an image, because {found[0]} is there"
        raise InvalidInput(
            f"{sheet.file}:1: the first line, {','.join(sheet.cells)[:80]!r}, {why}; put a line above it that names "
            f"the columns (image,colour,size); if it names them, say --image-column {sheet.image!r}"
        )


def refuse_names_of_nothing(sheet: Sheet) -> None:
    """Raises InvalidInput where none of the names is that of an image, although there are images."""
    images = Images.below(sheet.root)
    if images.paths and not set(sheet.names) & set(images.paths):
        shown = f"{', '.join(images.paths[:2])}{', …' if len(images.paths) > 2 else ''}"
        raise InvalidInput(
            f"{sheet.file} names {_shown(sheet.names)}, and none of these is among the {len(images.paths):,} image "
            f"files in {images.root} or below it ({shown}); name the folder with --images, the column with "
            "--image-column"
        )


def _shown(values: Iterable[str]) -> str:
    values = list(dict.fromkeys(values))
    return ", ".join(map(repr, values[:3])) + (f" and {len(values) - 3:,} more" if len(values) > 3 else "")


def _no_files(images: Images) -> str:
    """That a folder holds no images, and which pictures there are not read."""
    others = {path.suffix.lower() for path in images.root.rglob("*") if path.suffix.lower() in UNREAD}
    unread = f"; {', '.join(sorted(others))} is not read, so convert the pictures" if others else ""
    packed = some(sorted(path.name for path in images.root.iterdir() if path.suffix.lower() in PACKED))
    unpack = f"; {packed} may hold them, so unpack it" if packed else ""
    return f"no image file ({', '.join(ENDINGS)}) is in {images.root} or below it{unread}{unpack}"
