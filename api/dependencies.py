"""What routes ask for in their signatures: the services, who is asking, a run that exists."""

from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.problems import InvalidRequest, NotSignedIn
from api.services import Services
from api.session import cookie_name
from api.store import runs
from contract.numbers import shown

LONGEST_AUTHOR = 64
LONGEST_REASON = 500
_BEARER = HTTPBearer(auto_error=False, description="The server's token.")


def services(request: Request) -> Services:
    """The services of the app."""
    found: Services = request.app.state.services
    return found


ServicesDep = Annotated[Services, Depends(services)]


async def signed_in(
    request: Request, serving: ServicesDep, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
) -> str:
    """How the asker is signed in: "page" by the cookie, "api" by the token.

    Raises:
        NotSignedIn: if neither came, or the cookie is not valid any more.
    """
    if bearer is not None:
        serving.sessions.check_token(bearer.credentials, address(request))
        return "api"
    cookie = request.cookies.get(cookie_name(serving.settings.port))
    if cookie is None or not serving.sessions.accepts(cookie):
        what = "nobody is signed in" if cookie is None else "this sign-in is not valid any more"
        message = (
            f"{what}: open the sign-in link that `modescope up` printed, or send `Authorization: Bearer` and the token"
        )
        raise NotSignedIn(message, headers={"WWW-Authenticate": "Bearer"})
    return "page"


SignedIn = Annotated[str, Depends(signed_in)]


def author(way: SignedIn, x_modescope_author: Annotated[str | None, Header(max_length=LONGEST_AUTHOR)] = None) -> str:
    """Who goes down in the ledger.

    Raises:
        InvalidRequest: if the given name is not printable.
    """
    if x_modescope_author is None:
        return way
    if not x_modescope_author.strip() or not x_modescope_author.isprintable():
        message = (
            f"X-Modescope-Author must be 1 to {LONGEST_AUTHOR} printable characters; got {shown(x_modescope_author)}"
        )
        raise InvalidRequest(message)
    return x_modescope_author


Author = Annotated[str, Depends(author)]
Reason = Annotated[str | None, Header(alias="X-Modescope-Reason", max_length=LONGEST_REASON)]


def existing_run(serving: ServicesDep, id: str) -> str:
    """The id of a run that exists.

    Raises:
        NoSuchRun: if it does not.
    """
    with serving.database.read() as session:
        return runs.find(session, id).id


RunDep = Annotated[str, Depends(existing_run)]


def address(request: Request) -> str:
    """Whom a request comes from."""
    return request.client.host if request.client else ""
