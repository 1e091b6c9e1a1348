"""Where a data set keeps its label files, questions and class names."""

from pathlib import Path

from competition.errors import InvalidInput

QUESTIONS = "Tests/question.csv"


def find_label_files(folder: Path) -> list[Path]:
    """Every Annotations/*.csv at `folder` or one folder below it. Raises InvalidInput where there is none."""
    return _find(folder, "Annotations/*.csv", "label files")


def find_question_file(folder: Path) -> Path:
    """The one Tests/question.csv at `folder` or one folder below it. Raises InvalidInput for none or several."""
    found = _find(folder, QUESTIONS, "questions")
    if len(found) > 1:
        raise InvalidInput(
            f"{folder} holds several question files; name one with --questions:", [str(path) for path in found]
        )
    return found[0]


def find_question_files(folder: Path) -> list[Path]:
    """Every Tests/question.csv at `folder` or one folder below it; there may be none."""
    return _matching(folder, QUESTIONS)


def find_classes(folder: Path) -> Path | None:
    """`folder`/classes.csv, if it is there."""
    path = folder / "classes.csv"
    return path if path.is_file() else None


def _find(folder: Path, pattern: str, what: str) -> list[Path]:
    if not folder.is_dir():
        raise InvalidInput(f"{folder} is not a folder; name the one that holds base/, rank/ and so on (train: --data)")
    found = _matching(folder, pattern)
    if not found:
        raise InvalidInput(f"{folder} holds no {what}; looked for {folder}/{pattern} and {folder}/*/{pattern}")
    return found


def _matching(folder: Path, pattern: str) -> list[Path]:
    return sorted({*folder.glob(pattern), *folder.glob(f"*/{pattern}")})
