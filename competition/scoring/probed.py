"""Which of several networks to take: what the heads on their features score, and what they cost."""

from collections.abc import Sequence
from dataclasses import dataclass

from competition.recipe import Backbone
from competition.scoring.bootstrap import PERCENT, TaskComparison, compare_paired, interval_of_means
from competition.scoring.predictions import Predictions

MEGABYTE = 2**20


@dataclass(frozen=True)
class Probed:
    """A network with heads on its features: what it predicted for the images held out, its speed and its size.

    With a second stage, which tunes it, training takes about `seconds`.
    """

    backbone: Backbone
    image_size: int
    predictions: Predictions
    images_per_second: float
    parameters: int
    seconds: float

    @property
    def flags(self) -> str:
        """The flags of `competition train` that take this network."""
        return f"--backbone {self.backbone} --image-size {self.image_size} --trains heads all"


def table(probed: Sequence[Probed]) -> str:
    """A row per network: scores with their intervals, speed and size, and the minutes of a whole training."""
    width, span = max(len(one.backbone) for one in probed), f"({PERCENT} % interval)"
    lines = [
        f"{'backbone':{width}}  pixels  accuracy {span:18}  mAP {span:18}  images/s    MB  parameters  training, min"
    ]
    for one in probed:
        report, interval = one.predictions.score(), interval_of_means(one.predictions)
        accuracy, mean_ap = (
            f"{value:.4f} ({low:.4f} to {high:.4f})"
            for value, (low, high) in ((report.accuracy, interval["accuracy"]), (report.map, interval["map"]))
        )
        lines.append(
            f"{one.backbone:{width}}  {one.image_size:6d}  {accuracy:27}  {mean_ap:22}  {one.images_per_second:8.1f}  "
            f"{4 * one.parameters / MEGABYTE:4.0f}  {one.parameters:10,d}  {one.seconds / 60:13.0f}"
        )
    return "\n".join(lines)


def choose(probed: Sequence[Probed]) -> tuple[Probed, str]:
    """The network to take, and why: of `probed`, the fastest first, the one that no slower one clearly beats."""
    taken, why = probed[0], "the fastest"
    for slower in probed[1:]:
        gain = compare_paired(slower.predictions, taken.predictions)[-1]
        if is_better(gain):
            name = "accuracy" if gain.accuracy.difference.low > 0 else "mAP"
            value, low, high = gain.accuracy.difference if name == "accuracy" else gain.ap.difference
            why = f"{name} {value:+.4f} ({low:+.4f} to {high:+.4f}) against {taken.backbone}, which is faster"
            taken = slower
    others = "; no slower one is better by more than noise" if taken is not probed[-1] else ""
    return taken, why + others


def is_better(gain: TaskComparison) -> bool:
    """Whether A is better than B by more than noise in accuracy or mAP, and worse in neither."""
    differences = gain.accuracy.difference, gain.ap.difference
    return any(one.low > 0 for one in differences) and not any(one.high < 0 for one in differences)
