"""The page on which people drop pictures."""

import base64
import hashlib
import re

from fastapi import Response

from competition.pages.parts import Column, columns
from competition.pages.render import render
from competition.scoring.promise import COLUMNS
from competition.serving.service import Service

SCRIPT, STYLE = (re.compile(rf"<{tag}>(.*?)</{tag}>", re.DOTALL) for tag in ("script", "style"))


class Page:
    """The page of a model, made once, and the headers that let nothing run in it but its own script."""

    def __init__(self, service: Service):
        model, promise = service.model, service.promise
        heads = columns("task", *COLUMNS[1:]) if promise else [Column("task"), Column("classes")]
        values = {"title": model.name, "what": "what is on the picture?", "promise": promise and promise.in_words()}
        self.html = render("serve.html", **values, model=model, columns=heads, rows=_rows(service))
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


def _rows(service: Service) -> list[tuple[str, ...]]:
    """For each threshold of the promise: the task, the class where it has its own, and from where on how many it tags.

    Without a promise, the tasks and their classes.
    """
    tasks = service.tasks.values()
    if not service.promise:
        return [(task.name, ", ".join(task.classes)) for task in tasks]
    return [row for task in tasks for row in service.promise.tasks[task.name].rows_of_table(task)]


def _hashes(tag: re.Pattern, html: str) -> str:
    """The sources of a policy that allow what is inside of these tags, and nothing else."""
    digests = [hashlib.sha256(text.encode()).digest() for text in tag.findall(html)]
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
