"""Answer pictures over HTTP: a page to drop them on, and an API."""

import sys
from pathlib import Path
from typing import Annotated

import tyro

from competition import stopping
from competition.extras import require
from competition.run import newest_finished_run
from competition.scoring.blend import blend_of


def serve(
    run: Annotated[Path | None, tyro.conf.arg(metavar="RUN"), tyro.conf.Positional] = None,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    allow_host: tuple[str, ...] = (),
    allow_origin: tuple[str, ...] = (),
) -> None:
    """Serve a page on which pictures are dropped, and an API that answers them, until Ctrl-C or SIGTERM.

    The answers are those of `submit`. Nothing that is uploaded is written to the disk. There is no login: whoever
    reaches the address may use it. Raises InvalidInput if the run cannot be loaded, the port is taken, or a name
    or an origin is none.

    Args:
        run: the folder of a run, a cross-validation (all its networks) or a blend of several; the newest by default.
        host: the address to listen on; 127.0.0.1 is reached from this machine alone, 0.0.0.0 from everywhere.
        port: the port to listen on; 0 takes any that is free.
        allow_host: names under which the server is also reached, such as that of a proxy before it.
        allow_origin: other sites whose pages may use the API, such as https://example.org.
    """
    require("serve", "fastapi", "uvicorn", "python_multipart", "jinja2")
    from competition.serving.hosts import is_loopback, refuse_what_never_matches
    from competition.serving.server import listen, serving

    refuse_what_never_matches(allow_host, allow_origin)
    blend = blend_of([run or newest_finished_run().folder], ("plain",), "arithmetic")
    with listen(host, port) as bound:
        if not is_loopback(host):
            print(f"{host} is reached from other machines, and there is no login: whoever reaches it may use it")
        from competition.serving.app import make_app
        from competition.serving.service import Service  # Keras, from here on

        app = make_app(Service(blend), host, allow_host, allow_origin)
        named = f"[{host}]" if ":" in host else host
        address = f"http://{named}:{bound.getsockname()[1]}/"
        try:
            with serving(app, bound) as ended:
                print(f"{blend.folder or blend.runs[0].folder} answers at {address}")
                ended.wait()
            sys.exit("error: the server has ended by itself; what went wrong is said above")
        except stopping.Stopped as stop:
            raise stopping.Stopped(stop.number, "what had arrived was answered") from None
