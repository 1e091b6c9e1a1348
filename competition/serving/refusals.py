"""What is said to a request that is refused: one shape of JSON, whatever the reason."""

from collections.abc import Sequence

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

REASONS = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "too_large",
    415: "unsupported_media_type",
    421: "unknown_host",
    422: "unusable",
    500: "internal_error",
    503: "busy",
}
GONE = 499  # what nginx logs where the client did not wait; nobody reads it


class Error(BaseModel):
    """Why a request is refused, in a word for programs and in a sentence for people; nothing of it was answered."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "error": "unusable",
                    "message": "1 of 2 images cannot be answered",
                    "problems": ["b.jpg: not an image, or cut short; allowed are whole JPEG, PNG and WebP files"],
                }
            ]
        }
    )
    error: str
    message: str
    problems: list[str] = []


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, message: str, problems: Sequence[str] = (), headers: dict | None = None):
        super().__init__(message)
        self.status, self.message, self.problems, self.headers = status, message, list(problems), headers


def refusal(status: int, message: str, problems: Sequence[str] = (), headers: dict | None = None) -> Response:
    """The answer to a request that is refused."""
    error = Error(error=REASONS.get(status, "refused"), message=message, problems=list(problems))
    return Response(error.model_dump_json(), status, headers, "application/json")


def documented(**why: str) -> dict:
    """The `responses` of a route for OpenAPI: {s413="a larger body", …}, each of the shape of Error."""
    return {int(status[1:]): {"model": Error, "description": text} for status, text in why.items()}


def install(app: FastAPI) -> None:
    """Let every error of an app have the one shape."""

    async def refused(request: Request, error: Refused) -> Response:
        return refusal(error.status, error.message, error.problems, error.headers)

    async def by_http(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        messages = {
            404: f"there is nothing at this address; the answers are at {PREDICT}, the rest is in /openapi.json",
            405: f"this address takes only {headers.get('Allow', 'other methods')}",
        }
        return refusal(error.status_code, messages.get(error.status_code, str(error.detail)), headers=headers)

    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return refusal(422, "the request cannot be read", [str(one["msg"]) for one in error.errors()])

    async def gone(request: Request, error: ClientDisconnect) -> Response:
        return Response(status_code=GONE)

    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        return refusal(500, "the server failed; what went wrong is in its log")

    for kind, handler in (
        (Refused, refused),
        (HTTPException, by_http),
        (RequestValidationError, invalid),
        (ClientDisconnect, gone),
        (Exception, unexpected),
    ):
        app.add_exception_handler(kind, handler)


PREDICT = "/v1/predict"
