"""Where a data set keeps its label files, questions and class names."""

from pathlib import Path

from competition.errors import InvalidInput

LABELS, QUESTIONS = "Annotations/*.csv", "Tests/question.csv"


def find_label_files(folder: Path) -> list[Path]:
    """Every Annotations/*.csv at `folder` or one folder below it. Raises InvalidInput where there is none."""
    if not folder.is_dir():
        raise InvalidInput(f"{folder} is not a folder; name the one that holds base/, rank/ and so on (train: --data)")
    if not (found := _matching(folder, LABELS)):
        raise InvalidInput(f"{folder} holds no label files; looked for {folder}/{LABELS} and {folder}/*/{LABELS}")
    return found


def find_question_files(folder: Path) -> list[Path]:
    """Every Tests/question.csv at `folder` or one folder below it; there may be none."""
    return _matching(folder, QUESTIONS)


def find_classes(folder: Path) -> Path | None:
    """`folder`/classes.csv, if it is there."""
    path = folder / "classes.csv"
    return path if path.is_file() else None


def _matching(folder: Path, pattern: str) -> list[Path]:
    return sorted({*folder.glob(pattern), *folder.glob(f"*/{pattern}")})
