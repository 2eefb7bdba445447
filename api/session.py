"""Sign-in: a token for scripts, a signed cookie for the page, and a limit on guessing.

The cookie is a statement signed with a key that only the token's owner could make; the server keeps no list. A new
token therefore ends every session.
"""

import hashlib
import hmac
import secrets
import time
from collections import deque
from collections.abc import Callable

from api.problems import TooManyGuesses, WrongToken

COOKIE_LIFE_S = 30 * 24 * 3600
MOST_GUESSES = 10
GUESSES_WITHIN_S = 60.0
MOST_ADDRESSES = 10_000
"""Addresses whose wrong tokens are remembered; beyond it the oldest is forgotten."""


class Sessions:
    """Makes and checks cookies, and checks tokens."""

    def __init__(self, token: str, clock: Callable[[], float] = time.time) -> None:
        self._token = token.encode()
        self._key = hashlib.sha256(b"modescope session\0" + self._token).digest()
        self._clock = clock
        self._guesses: dict[str, deque[float]] = {}

    def cookie(self) -> str:
        """A fresh cookie's value: `<expiry>.<nonce>.<signature>`."""
        statement = f"{int(self._clock()) + COOKIE_LIFE_S}.{secrets.token_hex(8)}"
        return f"{statement}.{self._signature(statement)}"

    def accepts(self, cookie: str) -> bool:
        """Whether we made this cookie and its time is not over."""
        statement, _, signature = cookie.rpartition(".")
        expiry, _, _ = statement.partition(".")
        ours = hmac.compare_digest(signature.encode(), self._signature(statement).encode())
        return ours and expiry.isdigit() and int(expiry) > self._clock()

    def check_token(self, token: str, address: str) -> None:
        """Let the right token pass.

        Args:
            token: what came.
            address: whom it came from; wrong ones are counted by address.

        Raises:
            WrongToken: if it is another.
            TooManyGuesses: if too many wrong ones came from there within a minute; then the right one waits too.
        """
        guesses = self._recent(address)
        if len(guesses) >= MOST_GUESSES:
            wait_s = max(1, round(guesses[0] + GUESSES_WITHIN_S - self._clock()))
            message = f"{MOST_GUESSES} wrong tokens came from your address within a minute; wait {wait_s} s"
            raise TooManyGuesses(message, headers={"Retry-After": str(wait_s)})
        if not hmac.compare_digest(token.encode(), self._token):
            guesses.append(self._clock())
            message = (
                "this is not the server's token. `modescope up` prints the sign-in link and keeps the token in the "
                "data folder; elsewhere it is what MODESCOPE_TOKEN says"
            )
            raise WrongToken(message, headers={"WWW-Authenticate": "Bearer"})

    def _recent(self, address: str) -> deque[float]:
        while len(self._guesses) >= MOST_ADDRESSES and address not in self._guesses:
            del self._guesses[next(iter(self._guesses))]
        guesses = self._guesses.setdefault(address, deque())
        while guesses and guesses[0] <= self._clock() - GUESSES_WITHIN_S:
            guesses.popleft()
        return guesses

    def _signature(self, statement: str) -> str:
        return hmac.new(self._key, statement.encode(), hashlib.sha256).hexdigest()


def cookie_name(port: int) -> str:
    """The cookie's name: with the port, since browsers share cookies between the ports of a host."""
    return f"modescope_session_{port}"
