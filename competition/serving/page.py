"""The page on which people drop pictures."""

import base64
import hashlib
import re

from fastapi import Response

from competition.serving.answers import Model

INLINE = {
    "script": re.compile(r"<script>(.*?)</script>", re.DOTALL),
    "style": re.compile(r"<style>(.*?)</style>", re.DOTALL),
}


class Page:
    """The page of a model, made once, and the headers that let nothing run in it but its own script."""

    def __init__(self, model: Model):
        self.html = "<!doctype html><html lang=en><title>x</title><h1>x</h1>"
        sources = {kind: " ".join(map(_source, found.findall(self.html))) for kind, found in INLINE.items()}
        self.headers = {
            "Content-Security-Policy": (
                f"default-src 'none'; script-src {sources['script']}; style-src {sources['style']}; connect-src 'self'; "
                "img-src 'self' blob: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ),
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }

    def response(self) -> Response:
        return Response(self.html, headers=self.headers, media_type="text/html; charset=utf-8")


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
