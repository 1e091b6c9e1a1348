"""The page on which people drop pictures."""

import base64
import hashlib
import re

from fastapi import Response

from competition.pages.parts import Column
from competition.pages.render import render
from competition.serving.answers import Model, TaskFacts

SCRIPT, STYLE = (re.compile(rf"<{tag}>(.*?)</{tag}>", re.DOTALL) for tag in ("script", "style"))


class Page:
    """The page of a model, made once, and the headers that let nothing run in it but its own script."""

    def __init__(self, model: Model):
        goal = f"{model.goal:.0%}".replace("%", " %")
        columns = [Column("task"), Column("answers"), Column(f"from this probability on, {goal} are right")]
        columns += [Column("share of the held-out pictures that reach it", number=True)]
        rows = [[task.task, ", ".join(task.classes), *_threshold(task, model.goal)] for task in model.tasks]
        values = {"title": model.name, "what": "what is on the picture?", "goal": goal}
        self.html = render("serve.html", **values, model=model, columns=columns, rows=rows)
        self.headers = {
            "Content-Security-Policy": "; ".join(
                [
                    "default-src 'none'; connect-src 'self'; img-src 'self' blob: data:",
                    f"script-src {_hashes(SCRIPT, self.html)}; style-src {_hashes(STYLE, self.html)}",
                    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                ]
            ),
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }

    def response(self) -> Response:
        return Response(self.html, headers=self.headers, media_type="text/html; charset=utf-8")


def _threshold(task: TaskFacts, goal: float) -> tuple[str, str]:
    for found in task.thresholds:
        if found.goal == goal:
            return f"{found.threshold:.3f}", f"{found.coverage:.0%}".replace("%", " %")
    return "none does: ask a person", "0 %"


def _hashes(tag: re.Pattern, html: str) -> str:
    """The sources of a policy that allow what is inside of these tags, and nothing else."""
    digests = [hashlib.sha256(text.encode()).digest() for text in tag.findall(html)]
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
