"""A real browser for the tests of pages. `make browser` installs one; without it these tests are skipped, loudly."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
WIDTHS = (375, 1400)  # of a telephone and a desktop, in pixels
HEIGHT = 900


@dataclass
class Visit:
    """A page that is open in a browser, with the errors in its console and the addresses that it asked for."""

    page: "playwright.sync_api.Page"  # noqa: F821
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def assert_sound(self, own: str) -> None:
        """Assert that there was no error, that nothing outside of `own` was asked for, that the page fits into the
        window and says its language and title, and that every picture has a text and every input a label."""
        assert self.errors == []
        assert [one for one in self.requests if not one.startswith((own, "data:", "blob:"))] == []
        assert self.overflow() == 0, self.page.evaluate(WIDE)
        assert self.page.evaluate(UNSOUND) == []


# What is wider than the window, for the message of a test that fails.
WIDE = """[...document.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.outerHTML.slice(0, 120)).slice(0, 5)"""
UNSOUND = """[
  ...(document.documentElement.lang ? [] : ['no language']),
  ...(document.title ? [] : ['no title']),
  ...(document.querySelectorAll('h1').length === 1 ? [] : ['not one h1']),
  ...[...document.querySelectorAll('img, svg[role=img], canvas')]
    .filter(e => !e.hasAttribute('alt') && !e.getAttribute('aria-label'))
    .map(e => 'no text: ' + e.outerHTML.slice(0, 120)),
  ...[...document.querySelectorAll('input, select, textarea, button')]
    .filter(e => e.type !== 'hidden' && !(e.labels?.length || e.getAttribute('aria-label') || e.textContent.trim()))
    .map(e => 'no label: ' + e.outerHTML.slice(0, 120)),
]"""


@pytest.fixture(scope="session")
def chromium():
    """The system's Chromium, driven by Playwright."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if not path:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is on the PATH; `make browser` installs one")
    from playwright.sync_api import sync_playwright

    options = ["--no-sandbox"] if os.geteuid() == 0 else []  # which Chromium demands of root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=options)
        yield browser
        browser.close()


@contextmanager
def visit(browser, address: str | Path, width: int = WIDTHS[-1], **options) -> Iterator[Visit]:
    """Open an address, or a file, in a window of this width; options as of Playwright's new_context."""
    context = browser.new_context(viewport={"width": width, "height": HEIGHT}, **options)
    seen = Visit(context.new_page())
    seen.page.on("pageerror", lambda error: seen.errors.append(str(error)))
    seen.page.on("console", lambda one: seen.errors.append(one.text) if one.type in {"error", "warning"} else None)
    seen.page.on("request", lambda one: seen.requests.append(one.url))
    seen.page.goto(address.absolute().as_uri() if isinstance(address, Path) else address)
    yield seen
    context.close()
