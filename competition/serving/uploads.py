"""The body of a request: pictures and what is asked of them, counted while they arrive, and kept in memory alone."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from competition.errors import visible_on_page
from competition.images import whole
from competition.serving.refusals import Refused

MEGABYTE = 10**6
MAX_FILES = 32
MAX_BODY = 64 * MEGABYTE
MAX_PIXELS = min(2**24, whole.MAX_PIXELS)  # of a picture; a PNG of 16 bits takes 16 bytes for each
MAX_FIELD = 10_000  # bytes of a field that is no file
MAX_FIELDS = 100
MAX_SECONDS = 120.0  # for the whole of a body
DRAIN_SECONDS = 5.0
PLACES, HELD = 128, 512 * MEGABYTE  # images and bytes of all requests that are being answered
IMAGES, TASKS, VIEWS, EXPLAIN = "images", "tasks", "views", "explain"
FLAGS = {"true": True, "false": False}


class Upload(NamedTuple):
    """One picture: what its file is called, and its bytes."""

    name: str
    content: bytes


@dataclass
class Asked:
    """What a request asks for; no tasks are all of them, and no views those of the model."""

    images: list[Upload]
    tasks: list[str]
    views: list[str]
    explain: bool


@dataclass
class Room:
    """How many images and bytes the server holds at one time; what finds no room is refused at once, with 503."""

    places: int = PLACES
    bytes: int = HELD
    requests: set["Share"] = field(default_factory=set)

    @contextmanager
    def share(self) -> Iterator["Share"]:
        """The share of one request, given back at its end, however it ends."""
        share = Share(self)
        self.requests.add(share)
        try:
            yield share
        finally:
            self.requests.discard(share)

    @property
    def images(self) -> int:
        """The images that are held."""
        return sum(share.images for share in self.requests)

    def refuse_beyond(self) -> None:
        if self.images > self.places or sum(share.bytes for share in self.requests) > self.bytes:
            raise Busy


class Busy(Exception):
    """There is no room for another request."""


@dataclass(eq=False)
class Share:
    """What one request holds of a Room, and whether its body is there to the end."""

    room: Room
    images: int = 0
    bytes: int = 0
    whole: bool = False

    def take(self, images: int = 0, bytes: int = 0) -> None:
        """Hold more. Raises Busy if there is no room for it."""
        self.images += images
        self.bytes += bytes
        self.room.refuse_beyond()


class InMemory(MultiPartParser):
    """Starlette's parser, which would write a file of more than a megabyte to the disk; and the end is asked for."""

    spool_max_size = 0  # never
    ended = False
    # The browsers' charset, whichever the client names: others fail, or give halves of pairs, which no JSON can hold.
    _charset = property(lambda self: "utf-8", lambda self, named: None)

    def on_end(self) -> None:
        self.ended = True


async def read(request: Request, share: Share) -> Asked:
    """What a request asks for. Raises Refused or Busy."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise Refused(
            415, f"the body is {kind or 'of no type'}; allowed is multipart/form-data, with files as {IMAGES}"
        )
    claimed = request.headers.get("content-length", "")
    if claimed.isdecimal() and int(claimed) > MAX_BODY:
        raise too_large()
    limits = {"max_files": MAX_FILES, "max_fields": MAX_FIELDS, "max_part_size": MAX_FIELD}
    parser = InMemory(request.headers, None, **limits)
    parser.stream = _counted(request, share, parser)
    try:
        async with asyncio.timeout(MAX_SECONDS):
            form = await parser.parse()
    except TimeoutError:
        raise Refused(408, f"the body had not arrived after {MAX_SECONDS:.0f} seconds") from None
    except MultiPartException as error:
        if error.message.startswith("Too many files"):
            raise Refused(413, f"there are more than {MAX_FILES} images; send them in several requests") from None
        raise Refused(400, f"the body is no multipart/form-data: {error.message}") from None
    return await _asked(form)


async def _counted(request: Request, share: Share, parser: InMemory) -> AsyncIterator[bytes]:
    """The body as it arrives, at most MAX_BODY of it, and up to the end of its form."""
    while not share.whole:
        chunk = await _chunk(request, share)
        share.take(bytes=len(chunk))
        if share.bytes > MAX_BODY:
            raise too_large()
        yield chunk
    if not parser.ended:  # here, because the parser closes its files where this fails
        raise Refused(400, "the body is no multipart/form-data: it ends before its last boundary")


async def _chunk(request: Request, share: Share) -> bytes:
    """The next piece of a body. Raises ClientDisconnect if the client has left."""
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    share.whole = not message.get("more_body", False)
    return message.get("body", b"")


def too_large() -> Refused:
    return Refused(413, f"the body has more than {MAX_BODY // MEGABYTE} MB; send the images in several requests")


async def _asked(form: FormData) -> Asked:
    """What the fields of a form ask for. Raises Refused for fields that are not known, or of the wrong kind."""
    images, texts = [], {TASKS: [], VIEWS: [], EXPLAIN: []}
    problems = []
    for name, value in form.multi_items():
        if name == IMAGES and isinstance(value, UploadFile):
            if value.filename or value.size:  # else a form in which no file was chosen
                images.append(Upload(visible_on_page(value.filename), await value.read()))
        elif name in texts and isinstance(value, str):
            texts[name] += [word for word in (part.strip() for part in value.split(",")) if word]
        else:
            kind = "a file" if isinstance(value, UploadFile) else "a text"
            problems.append(f"{kind} is named {name!r}")
    await form.close()
    problems += [f"{EXPLAIN} is {word!r}; allowed are true and false" for word in texts[EXPLAIN] if word not in FLAGS]
    if problems:
        fields = f"allowed are files named {IMAGES}, and texts named {TASKS}, {VIEWS} and {EXPLAIN}"
        raise Refused(422, f"the form holds what is not known; {fields}", problems)
    if not images:
        raise Refused(422, f"there is no image; send one or more files named {IMAGES}")
    return Asked(images, texts[TASKS], texts[VIEWS], "true" in texts[EXPLAIN])


async def drain(request: Request, share: Share) -> None:
    """Read what a refused client is still sending, for a while: many clients read no answer before they are done.

    It holds nothing any more, and makes room for others meanwhile.
    """
    share.images = share.bytes = 0
    if request.headers.get("expect", "").lower() == "100-continue":
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            while not share.whole:
                await _chunk(request, share)
