"""Tokens and cookies."""

import pytest

from api.problems import TooManyGuesses, WrongToken
from api.session import COOKIE_LIFE_S, GUESSES_WITHIN_S, MOST_GUESSES, Sessions

NOW = 1_800_000_000.0


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


def test_a_cookie_holds_until_its_time_is_over():
    clock = Clock()
    sessions = Sessions("token", clock)
    cookie = sessions.cookie()
    clock.now = NOW + COOKIE_LIFE_S - 1
    assert sessions.accepts(cookie)
    clock.now = NOW + COOKIE_LIFE_S
    assert not sessions.accepts(cookie)


def test_a_cookie_does_not_contain_the_token():
    assert "secret-token" not in Sessions("secret-token").cookie()


def test_forged_cookies_are_refused():
    sessions = Sessions("token", Clock())
    expiry, nonce, signature = sessions.cookie().split(".")
    later = str(int(expiry) + 1)
    flipped = ("0" if signature[0] != "0" else "1") + signature[1:]
    for forged in (
        f"{later}.{nonce}.{signature}",
        f"{expiry}.{nonce}.{flipped}",
        f"{expiry}.{nonce}.",
        f"{expiry}.{nonce}",
        "",
        "..",
        "a.b.c",
        f"{expiry}.{nonce}.{signature}x",
        "é.é.é",
    ):
        assert not sessions.accepts(forged), forged


def test_a_new_token_ends_every_session():
    assert not Sessions("new").accepts(Sessions("old").cookie())


def test_the_right_token_passes_and_others_do_not():
    sessions = Sessions("right")
    sessions.check_token("right", "a")
    for wrong in ("wrong", "", "righ", "rightx", "Right", "ríght"):
        with pytest.raises(WrongToken, match="not the server's token"):
            sessions.check_token(wrong, "a")


def test_guessing_is_limited_by_address_and_time():
    clock = Clock()
    sessions = Sessions("right", clock)
    for _ in range(MOST_GUESSES):
        with pytest.raises(WrongToken):
            sessions.check_token("wrong", "guesser")
    with pytest.raises(TooManyGuesses, match="wait 60 s") as refused:
        sessions.check_token("right", "guesser")
    assert refused.value.headers == {"Retry-After": "60"}
    sessions.check_token("right", "somebody else")
    clock.now = NOW + GUESSES_WITHIN_S
    sessions.check_token("right", "guesser")
