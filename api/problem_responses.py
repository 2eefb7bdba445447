"""Problems as HTTP: every error of the app, our own and others', becomes a problem document."""

import logging
import uuid

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from redis.exceptions import RedisError
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.headers import HEADERS
from api.problems import (
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    NoSuchPath,
    RedisAway,
    Refused,
    SqlAway,
    invalid,
    problem,
)
from api.services import Services
from contract.numbers import shown

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"


def install(app: FastAPI) -> None:
    """Make every error of the app a problem document."""
    app.add_exception_handler(Refused, _on_refused)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RedisError, _on_redis_away)
    app.add_exception_handler(OperationalError, _on_sql_away)
    app.add_exception_handler(InterfaceError, _on_sql_away)
    app.add_exception_handler(Exception, _on_mistake)


def response(refused: Refused) -> Response:
    """The refusal as an HTTP response."""
    document = problem(refused)
    # Starlette answers mistakes outside of all middleware: hence the headers here too.
    headers = {**HEADERS, "Cache-Control": "no-store", **(refused.headers or {})}
    return Response(document.model_dump_json(), document.status, headers, MEDIA_TYPE)


async def _on_refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101  # Starlette calls it for this class only
    return response(error)


async def _on_invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # Starlette calls it for this class only
    errors = invalid(error.errors(), skip=1)
    return response(InvalidRequest("; ".join(f"{one.where}: {one.message}" for one in errors), errors))


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  # Starlette calls it for this class only
    path = request.url.path
    if error.status_code == 404 and _is_for_a_person(request):
        services: Services = request.app.state.services
        page = services.page.index(request)
        page.status_code = 404
        return page
    if error.status_code == 404:
        return response(NoSuchPath(f"nothing is at {shown(path)}; the API is described at /api/v1/docs"))
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "other verbs")
        detail = f"{request.method} is not a verb of {shown(path)}; it takes {allowed}"
        return response(MethodNotAllowed(detail, headers=error.headers))
    return response(InvalidRequest(str(error.detail), headers=error.headers))


def _is_for_a_person(request: Request) -> bool:
    """Whether somebody typed this address into a browser: the page then says in words that there is nothing."""
    is_page = not request.url.path.startswith(("/api/", "/static/", "/assets/"))
    return request.method == "GET" and is_page and "text/html" in request.headers.get("accept", "")


async def _on_redis_away(_request: Request, error: Exception) -> Response:
    log.warning("Redis is away: %s", error)
    detail = "Redis does not answer; try again in a few seconds. Whether the request took effect, its result shows"
    return response(RedisAway(detail, headers={"Retry-After": "2"}))


async def _on_sql_away(_request: Request, error: Exception) -> Response:
    log.warning("the database is away: %s", error)
    detail = "the database does not answer or is full; runs go on meanwhile. Try again in a few seconds"
    return response(SqlAway(detail, headers={"Retry-After": "2"}))


async def _on_mistake(request: Request, error: Exception) -> Response:
    reference = uuid.uuid4().hex[:8]
    log.error("%s %s failed (%s)", request.method, request.url.path, reference, exc_info=error)
    detail = f"this is a mistake of the server; its log has the reason under {reference}. Please report it"
    return response(InternalError(detail))
