"""The layout `table` where a recipe says where images and questions lie, as `init` writes it for imported labels."""

from dataclasses import dataclass
from pathlib import Path

from competition.dataset import Dataset, Questions
from competition.errors import InvalidInput
from competition.layouts import table
from competition.layouts.answers import Probabilities, Tasks


@dataclass(frozen=True)
class ImportedTable:
    """A table whose image names are relative to `images`; see the recipe's fields of these names."""

    images: Path | None
    split_column: str
    ENDING = table.ENDING

    def read_labels(self, data: Path, tasks: Tasks) -> Dataset:
        """As `table.read_labels`. Raises InvalidInput, too, if the folder of the images is gone."""
        if self.images and not self.images.is_dir():
            raise InvalidInput(
                f"the recipe's images are in {self.images}, which is no folder seen from {Path.cwd()}; go back to "
                "where the recipe was written, or name another with --images"
            )
        return table.read_labels(data, tasks, self.images, self.split_column)

    def question_files(self, data: Path) -> list[Path]:
        return table.question_files(data)

    def read_questions(self, file: Path, tasks: Tasks) -> Questions:
        return table.read_questions(file, tasks, self.images)

    def write_answers(self, path: Path, questions: Questions, probabilities: Probabilities, tasks: Tasks) -> list[Path]:
        return table.write_answers(path, questions, probabilities, tasks)
