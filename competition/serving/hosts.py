"""Whom a server takes itself for: requests for other names are refused, so that no page of another site reaches it."""

import ipaddress
import re
import socket
from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

from competition.errors import InvalidInput
from competition.serving.refusals import refusal

NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
ORIGIN = re.compile(rf"[a-z][a-z0-9+.-]*://({NAME.pattern}|\[[0-9a-f:.]+\])(:[0-9]+)?")
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens there."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def name_of(header: str) -> str:
    """The name in a Host header, without its port, in small letters; empty where it holds none."""
    name, colon, port = header.rpartition(":")
    if not colon or not port.isdecimal() or (":" in name and not name.endswith("]")):
        name = header
    return name.removeprefix("[").removesuffix("]").rstrip(".").lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def refuse_what_never_matches(names: Iterable[str], origins: Iterable[str]) -> None:
    """Raise InvalidInput for names that no Host header can hold, and origins that no browser sends."""
    for name in names:
        if not (NAME.fullmatch(name_of(name)) or _is_address(name_of(name))):
            raise InvalidInput(f"--allow-host is {name!r}; allowed are names and addresses, such as shop.example")
    for origin in origins:
        if not ORIGIN.fullmatch(origin):
            allowed = "scheme://host or scheme://host:port, in small letters and without a path"
            raise InvalidInput(f"--allow-origin is {origin!r}; allowed is {allowed}, such as https://shop.example")


class HostCheck:
    """Refuses, with 421, requests whose Host is none of the names served.

    Another site may let its name point to 127.0.0.1 (DNS rebinding), and its page would then read the answers; but its
    name stays in the header. Beyond loopback every address is allowed, because an address is nobody's name.
    """

    def __init__(self, app: ASGIApp, host: str, also: Iterable[str] = ()):
        self.app, self.beyond = app, not is_loopback(host)
        self.names = {*LOOPBACK, host.lower(), *map(name_of, also)}
        if self.beyond:
            self.names |= {socket.gethostname().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self.allows(dict(scope["headers"]).get(b"host", b"").decode("latin-1")):
            await self.app(scope, receive, send)
            return
        names = ", ".join(sorted(self.names))
        message = f"this server answers for {names}; to let it answer for another name, start it with --allow-host NAME"
        await refusal(421, message)(scope, receive, send)

    def allows(self, header: str) -> bool:
        name = name_of(header)
        return name in self.names or (self.beyond and _is_address(name))
