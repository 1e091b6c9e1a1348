"""The addresses of the server, and what OpenAPI says of them."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect

from competition.provenance import version
from competition.serving import refusals
from competition.serving.answers import Answered, Model
from competition.serving.hosts import HostCheck
from competition.serving.page import Page
from competition.serving.refusals import PREDICT, Refused, documented
from competition.serving.service import Service
from competition.serving.uploads import EXPLAIN, IMAGES, MAX_BODY, MAX_FILES, MEGABYTE, TASKS, Busy, drain, read
from competition.serving.uploads import VIEWS as VIEWS_FIELD

ALWAYS = documented(s421="the Host header names another server", s500="the server failed")
REFUSALS = documented(
    s400="the body is no multipart/form-data, or is cut short",
    s408="the body did not arrive in time",
    s413=f"more than {MAX_BODY // MEGABYTE} MB, more than {MAX_FILES} images, or one of too many pixels",
    s415="the body is of another type",
    s422="no image, one that is broken, or an unknown task, view or field",
)
BUSY = {
    503: {
        **documented(s503="the queue is full")[503],
        "headers": {"Retry-After": {"description": "seconds to wait", "schema": {"type": "integer", "minimum": 1}}},
    }
}


def make_app(service: Service, host: str, also: Sequence[str] = (), origins: Sequence[str] = ()) -> FastAPI:
    """The application: what `service` answers, for the names of `host` and `also`, and for pages from `origins`."""

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        await service.start()
        yield
        await service.stop()

    app = FastAPI(
        title=f"competition serve {service.model.name}",
        version=version("competition"),
        description="Answers questions about pictures. Nothing that is uploaded is kept.",
        docs_url=None,  # Swagger's page loads its scripts from another site
        redoc_url=None,
        redirect_slashes=False,
        lifespan=running,
    )
    refusals.install(app)
    app.add_middleware(HostCheck, host=host, also=also)
    if origins:
        app.add_middleware(CORSMiddleware, allow_origins=list(origins), allow_methods=["GET", "POST"])
    page = Page(service)

    @app.get("/", include_in_schema=False)
    async def show() -> Response:
        return page.response()

    @app.get("/healthz", responses=ALWAYS, summary="Whether the server answers")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/v1/model", responses=ALWAYS, summary="What answers here: tasks, classes, thresholds, versions")
    async def model() -> Model:
        return service.model

    @app.post(
        PREDICT,
        response_model=Answered,
        responses=ALWAYS | REFUSALS | BUSY,
        openapi_extra=_body(service.model),
        summary="What the model says of pictures",
    )
    async def predict(request: Request) -> Response:
        with service.room.share() as share:
            try:
                asked = await read(request, share)
                share.take(images=len(asked.images))
                answered = await _while_connected(request, service.answer(asked))
            except Busy:
                await drain(request, share)
                seconds = service.batcher.seconds_for(service.room.images)
                message = f"the server is busy with other images; try again in {seconds} seconds"
                raise Refused(503, message, headers={"Retry-After": str(seconds)}) from None
            except Refused:
                await drain(request, share)
                raise
        return Response(answered.model_dump_json(), media_type="application/json")

    return app


async def _while_connected(request: Request, work: Coroutine):
    """The result of `work`. Raises ClientDisconnect, and cancels it, if the client leaves before."""

    async def left() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    working, leaving = asyncio.create_task(work), asyncio.create_task(left())
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        leaving.cancel()
        working.cancel()


def _body(model: Model) -> dict:
    """The body of a request in OpenAPI."""
    names = [task.task for task in model.tasks]
    fields = {
        IMAGES: {
            "type": "array",
            "items": {"type": "string", "format": "binary"},
            "minItems": 1,
            "maxItems": MAX_FILES,
            "description": "JPEG, PNG or WebP files",
        },
        TASKS: {
            "type": "array",
            "items": {"type": "string", "enum": names},
            "description": "the tasks to answer, all by default; several fields, or one with commas",
        },
        VIEWS_FIELD: {
            "type": "array",
            "items": {"type": "string", "enum": model.other_views or model.views},
            "description": f"the views to average, {', '.join(model.views)} by default",
        },
        EXPLAIN: {
            "type": "boolean",
            "default": False,
            "description": "also say where the network looked, as a picture for each task",
        },
    }
    schema = {"type": "object", "properties": fields, "required": [IMAGES], "additionalProperties": False}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}
