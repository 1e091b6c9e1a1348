"""The server as a process: its socket, its thread, and how it ends."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn
from fastapi import FastAPI

from competition.errors import InvalidInput

GRACE = 30  # seconds in which requests that have begun are finished


def listen(host: str, port: int) -> socket.socket:
    """A socket that is bound, and refuses until `serving` listens. Raises InvalidInput where that cannot be."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise InvalidInput(f"--host is {host!r}, which is no address of this machine ({error.strerror})") from None
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except (OSError, OverflowError) as error:
        bound.close()
        reason = getattr(error, "strerror", None) or error
        raise InvalidInput(
            f"port {port} of {host} cannot be listened on ({reason}); give another --port, 0 for any that is free"
        ) from None
    return bound


@contextmanager
def serving(app: FastAPI, bound: socket.socket) -> Iterator[Thread]:
    """Serve in a thread; at the end of the block nothing new is taken, and what has begun is finished.

    In a thread, because uvicorn takes signals for itself in the main one.
    """
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        lifespan="on",
        ws="none",
        proxy_headers=False,
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [bound]}, name="serve")
    bound.listen()  # who comes before uvicorn accepts waits for it
    thread.start()
    try:
        yield thread
    finally:
        server.should_exit = True
        thread.join()
