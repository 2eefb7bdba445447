"""Signing in and out of the page."""

from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.dependencies import ServicesDep, address
from api.problems import InvalidRequest, TooManyGuesses, WrongToken, responses
from api.session import COOKIE_LIFE_S, cookie_name
from contract.numbers import Wire

router = APIRouter(prefix="/session", tags=["session"])


class SignIn(Wire):
    """What the sign-in link carries."""

    token: str = Field(min_length=1, max_length=1000)


@router.post(
    "",
    status_code=204,
    operation_id="sign_in",
    responses=responses(WrongToken, TooManyGuesses, InvalidRequest),
)
def sign_in(serving: ServicesDep, request: Request, body: SignIn) -> Response:
    """Exchange the token for a cookie that scripts of the page cannot read."""
    serving.sessions.check_token(body.token, address(request))
    response = Response(status_code=204)
    response.set_cookie(
        cookie_name(serving.settings.port),
        serving.sessions.cookie(),
        max_age=COOKIE_LIFE_S,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path="/",
    )
    return response


@router.delete("", status_code=204, operation_id="sign_out")
def sign_out(serving: ServicesDep) -> Response:
    """Forget this browser's cookie. A new token ends every session."""
    response = Response(status_code=204)
    response.delete_cookie(cookie_name(serving.settings.port), httponly=True, samesite="strict", path="/")
    return response
