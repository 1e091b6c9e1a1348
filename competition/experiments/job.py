"""One of several trainings that belong together: a run in the folder of the whole, made by `competition train`."""

from pathlib import Path

from competition.run import Run


class Job:
    """What a process of its own trains; `whole` is the folder of all, `flags` are those of `competition train`."""

    whole: Run
    run: Run
    recipe_file: Path
    flags: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.run.name

    @property
    def log(self) -> Path:
        """What the training printed."""
        return self.whole.folder / f"{self.name}.log"
