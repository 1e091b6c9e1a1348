"""The model card of a report: what a network is for, what it came from, and where it must not be trusted."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from competition.files import is_file, read_text
from competition.pages.figures import count, percent
from competition.pages.review import ClassCount, rare
from competition.pages.scores import ClassScore, worse_than
from competition.pages.subject import Judged, Reported
from competition.recipe import Recipe, as_flag, differences
from competition.recipes import NAMES, describe_recipe, load_recipe

MARGIN = 0.05  # above chance: a score below is named as a limit
NOT_RECORDED = "not recorded"
LICENCES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "LICENCE.txt", "COPYING")
# Of the ImageNet weights, by the beginning of the backbone's name; README.md has the same.
WEIGHTS = {
    "efficientnet_lite": "Apache 2.0",
    "squeezenet": "MIT",
    "vgg": "CC BY 4.0, of its authors at Oxford",
    "nasnet": "Apache 2.0 (keras.applications)",
    "inception": "Apache 2.0 (keras.applications)",
}
LONGEST = 80  # characters of a licence's first line


def weights_and_licence(recipe: Recipe) -> str:
    """What the network's weights started from, and its licence as far as it is known."""
    if recipe.weights == "none":
        return "random numbers: they come from this training alone"
    licence = next((text for name, text in WEIGHTS.items() if recipe.backbone.startswith(name)), NOT_RECORDED)
    if recipe.weights == "imagenet":
        terms = "ImageNet's pictures themselves are for non-commercial research"
        return f"the ImageNet weights of {recipe.backbone}; licence: {licence}; {terms}"
    public = "imagenet" in Path(recipe.weights).name
    known = f"{licence}, if it is the public file of that name" if public else NOT_RECORDED
    return f"the file {Path(recipe.weights).name}; licence: {known}"


def licence_of_data(data: Path) -> str:
    """The first line of the licence that lies with a data set."""
    folder = data if data.is_dir() else data.parent
    for name in LICENCES:
        if is_file(folder / name):
            try:
                lines = (line.strip(" #") for line in read_text(folder / name).splitlines())
            except (OSError, UnicodeDecodeError):
                continue
            first = [line for line in lines if line][:2]
            return f"{'; '.join(line[:LONGEST] for line in first)} (its file {name})"
    return f"{NOT_RECORDED}: no file {LICENCES[0]} lies with it"


def base_of(recipe: Recipe) -> tuple[str, Recipe]:
    """What a recipe is a variant of: the project's recipe of its name, or the defaults of all recipes."""
    if recipe.name in NAMES:
        return f"the recipe {recipe.name}", load_recipe(recipe.name)
    return "the defaults of all recipes", Recipe(recipe.name)


def changes(recipe: Recipe) -> list[tuple[str, str, str]]:
    """(field, value, value of the base) of each field that differs but the tasks."""
    pairs = differences(recipe, base_of(recipe)[1])
    return [(name, *map(as_flag, pair)) for name, pair in pairs.items() if name != "tasks"]


def intended_use(reported: Reported) -> list[str]:
    tasks = reported.recipe.tasks
    classes = sum(map(len, tasks))
    what = f"It answers {count(len(tasks), 'question')} with {count(classes, 'class', 'classes')} about a picture"
    words = [f"{what}: {', '.join(task.name for task in tasks)}."]
    if reported.recipe.name in NAMES:
        words.append(f"Its recipe is for: {describe_recipe(reported.recipe.name).replace('`', '').rstrip('.')}.")
    kinds = {task.kind for task in tasks}
    if "multiclass" in kinds:
        words.append("It always gives one of the classes, also for a picture that shows none of them.")
    words.append(
        "It is meant for pictures like those of the data set; on others it has not been judged, and its "
        "probabilities need not hold there. Decisions about people need a person."
    )
    return words


def limits(judged: Judged | None, counts: Sequence[ClassCount], scores: Sequence[ClassScore]) -> Iterator[str]:
    """What was found that the network cannot do, or that cannot be known."""
    if judged is None:
        yield "No image was held out, so nothing is known of its quality."
        return
    for one in judged.report.tasks:
        accuracy = judged.accuracy[one.task]
        if worse_than(one.chance + MARGIN, accuracy.value if accuracy.low != accuracy.low else accuracy.low):
            yield (
                f"{one.task}: its accuracy of {percent(one.accuracy)} does not clearly exceed that of always giving "
                f"the most frequent answer, {percent(one.chance)} (a margin of {percent(MARGIN, 0)} is asked for)."
            )
    for one in scores:
        if one.rows and worse_than(one.share + MARGIN, one.recall):
            yield (
                f"{one.task.name}: {one.name} is found in {percent(one.recall)} of {count(one.rows, 'image')}; "
                f"guessing by its share would find {percent(one.share)}."
            )
    for one in counts:
        if one.learned == 0:
            yield f"{one.task.name}: {one.name} was never seen in training; the network cannot know it."
        elif one.score is None or not one.score.rows:
            yield f"{one.task.name}: {one.name} was never judged, because no image that was held out has it."
    if any(one.learned < 0 for one in counts):
        yield "How many images of each class were trained on is not known; some classes may have few or none."
    few = [one for one in rare(counts) if one.learned]
    if few:
        names = ", ".join(f"{one.task.name}: {one.name} ({one.learned})" for one in few[:10])
        more = f", and {len(few) - 10} more" if len(few) > 10 else ""
        yield f"Few images to learn from: {names}{more}."
