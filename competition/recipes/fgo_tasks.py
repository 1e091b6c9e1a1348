"""The five tasks of the game wallpapers, their classes in the order of the published file's columns."""

from competition.task import Task

COLOURS = ("white", "red", "green", "black", "blue", "purple", "gold", "silver")
TASKS = (
    Task("gender", ("Female", "Male")),
    Task("region", ("Asia", "Egypt", "Europe", "Middle East")),
    Task("fighting_style", ("magic", "melee", "ranged")),
    Task("alignment", ("CE", "CG", "CN", "LE", "LG", "LN", "NE", "NG", "TN")),
    Task("color", COLOURS, "multilabel"),
)
