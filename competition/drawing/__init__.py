"""The drawn data set: garments whose geometry shows the value, in the competition's own layout."""

from competition.drawing.dataset import draw

__all__ = ["draw"]
