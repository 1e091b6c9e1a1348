"""Pages from templates: everything that a page shows is inside its one file, and names from files are only text."""

from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path

from competition.errors import visible_on_page
from competition.extras import require
from competition.files import whole_file


def render(template: str, **values) -> str:
    """A page from a template in `templates/`, which extends base.html.

    Every string in `values` is escaped, and what would not be seen in it is spelt out; only what is `Markup`, as the
    output of macros is, stays as it is. A value that the template names and is not given is an error. Raises
    InvalidInput if Jinja2 is not installed.

    base.html takes `title`, and `what` stands above it.
    """
    return fill(environment().get_template(template), **values)


def fill(template, **values) -> str:
    """The page that a template of `environment` gives, with what every page says of itself."""
    made = {"version": version("competition"), "made": datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")}
    return template.render(contents=Contents(), **made, **values)


def write_page(path: Path, html: str) -> None:
    """Write a page, complete or not at all. Raises InvalidInput where it cannot be written."""
    with whole_file(path) as temporary:
        temporary.write_text(html, encoding="utf-8")


@cache
def environment():
    """Jinja2's environment of all pages. Raises InvalidInput if it is not installed."""
    require("report", "jinja2")
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("competition.pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class Contents(list):
    """The sections of a page, (anchor, title), in their order: the macro `section` adds its own."""

    def add(self, anchor: str, title: str) -> str:
        self.append((anchor, title))
        return ""


def _shown(value):
    """A value as a page shows it; Markup has been through here piece by piece."""
    if hasattr(value, "__html__"):
        return value
    return visible_on_page(str(value))
