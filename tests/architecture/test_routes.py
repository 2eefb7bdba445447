"""Every route is described, and answers with models that keep NaN (a reader of docs/adding/endpoint relies on it)."""

import inspect
import typing

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import Response

from api.main import OPEN, PREFIX, SIGNED_IN
from api.problems import STATUS, NotSignedIn
from api.routes import page
from contract.numbers import Wire

ROUTERS = (*OPEN, *SIGNED_IN)


def routes_of(*routers):
    return [route for router in routers for route in router.routes if isinstance(route, APIRoute)]


ROUTES = routes_of(*ROUTERS)
ALL = [*ROUTES, *routes_of(page.router)]


@pytest.mark.parametrize("route", ALL, ids=lambda route: f"{min(route.methods)} {route.path}")
def test_a_route_is_described(route):
    assert inspect.getdoc(route.endpoint), "give it a docstring: it is the route's text in the API's description"
    assert route.tags, "give its router a tag"
    assert route.operation_id, "give it an operation_id: clients are named after it"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{min(route.methods)} {route.path}")
def test_a_route_says_what_it_answers(route):
    returns = typing.get_type_hints(route.endpoint)["return"]
    is_response = inspect.isclass(returns) and issubclass(returns, Response)
    is_model = inspect.isclass(returns) and issubclass(returns, BaseModel)
    assert is_response or is_model, "return a model, or a Response with response_model or response_class declared"
    if is_response:
        is_declared = route.response_model is not None or route.status_code == 204 or 200 in route.responses
        assert is_declared, "declare what the Response holds"
    elif returns.__module__.startswith("contract"):
        assert issubclass(returns, Wire), "only Wire models keep NaN; FastAPI writes null otherwise"


def test_operation_ids_are_unique():
    ids = [route.operation_id for route in ALL]
    assert len(set(ids)) == len(ids)


def test_every_route_but_the_open_ones_needs_a_sign_in(settings_of_nobody):
    schema = settings_of_nobody.openapi()
    for path, verbs in schema["paths"].items():
        is_open = any(path == PREFIX + route.path for route in routes_of(*OPEN))
        for verb, operation in verbs.items():
            declares = str(STATUS[NotSignedIn]) in operation["responses"] and bool(operation.get("security"))
            assert declares != is_open or is_open, f"{verb} {path} needs no sign-in"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{min(route.methods)} {route.path}")
def test_a_route_declares_its_errors(route):
    takes_a_run = "{id}" in route.path
    if takes_a_run:
        assert 404 in route.responses, "declare NoSuchRun"


@pytest.fixture
def settings_of_nobody(tmp_path) -> FastAPI:
    from pydantic import SecretStr

    from api.main import create_app
    from api.settings import Settings

    (tmp_path / "index.html").write_text("")
    (tmp_path / "app.js").write_text("")
    return create_app(Settings(token=SecretStr("x" * 20), frontend=tmp_path, data=tmp_path))
