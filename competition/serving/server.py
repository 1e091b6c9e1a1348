"""The server as a process: its socket, its thread, and how it ends."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import uvicorn
from fastapi import FastAPI

from competition.errors import InvalidInput

GRACE = 30  # seconds in which requests that have begun are finished


def listen(host: str, port: int) -> socket.socket:
    """A socket whose clients wait until `serving` accepts them. Raises InvalidInput where it cannot be had."""
    if not 0 <= port < 2**16:  # the system would take its last 16 bits
        raise InvalidInput(f"--port is {port}; allowed are 1 to 65535, and 0 for any that is free")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:  # the latter for a name with an empty part, or one of over 63 letters
        raise InvalidInput(f"--host is {host!r}, which is no address of this machine ({error.args[-1]})") from None
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen()  # or another server could bind it, too, until one of them listens
    except OSError as error:
        bound.close()
        raise InvalidInput(
            f"port {port} of {host} cannot be listened on ({error.strerror}); give another --port, or 0 for any"
        ) from None
    return bound


@contextmanager
def serving(app: FastAPI, bound: socket.socket) -> Iterator[Event]:
    """Serve in a thread; at the end of the block nothing new is taken, and what has begun is finished.

    In a thread, because uvicorn takes signals for itself in the main one. The event says that the server has ended; a
    signal may interrupt waiting for it, but not joining the thread, which Python 3.11 would then take for dead.
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
    ended = Event()

    def run() -> None:
        try:
            server.run(sockets=[bound])
        finally:
            ended.set()

    thread = Thread(target=run, name="serve")
    thread.start()
    try:
        yield ended
    finally:
        server.should_exit = True
        thread.join()
