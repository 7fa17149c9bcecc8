"""The request guard: every route and the WebSocket, with every kind of foreign request."""

from __future__ import annotations

import base64
import io
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from pellucid.studio.protocol import requests
from pellucid.studio.serving.app import NO_PAGE, studio_app
from pellucid.studio.serving.built_page import SHARED_PAGE
from pellucid.studio.serving.keys import Keys
from pellucid.studio.serving.request_guard import hosts_of, is_loopback
from pellucid.studio.serving.sessions import Sessions
from pellucid.studio.session import MAX_UPLOAD
from studio.asgi_client import Headers, ask
from studio.fake_page import EmbeddedCatalog

TOKEN = "a" * 43
HOST, ORIGIN = "127.0.0.1:8127", "http://127.0.0.1:8127"
COOKIE = f"pellucid_8127={TOKEN}"

ROUTES = [
    ("GET", "/"),
    ("HEAD", "/"),
    ("GET", "/index.html"),
    ("GET", "/assets/page.js"),
    ("GET", "/nothing"),
    ("GET", "/../app.py"),
    ("GET", "/network.safetensors"),
    ("GET", "/network.html"),
    ("POST", "/picture"),
    ("POST", "/network"),
    ("POST", "/recording"),
    ("PUT", "/"),
    ("DELETE", "/network.safetensors"),
    ("OPTIONS", "/picture"),
    ("WEBSOCKET", "/socket"),
    ("WEBSOCKET", "/nothing"),
]

HOSTILE: dict[str, Headers] = {
    "another host": [("Host", "evil.example:8127"), ("Origin", ORIGIN), ("Cookie", COOKIE)],
    "a host that resolves here": [("Host", "127.0.0.1.nip.io:8127"), ("Origin", ORIGIN), ("Cookie", COOKIE)],
    "another port": [("Host", "127.0.0.1:8128"), ("Origin", ORIGIN), ("Cookie", COOKIE)],
    "no port": [("Host", "127.0.0.1"), ("Origin", ORIGIN), ("Cookie", COOKIE)],
    "an empty host": [("Host", ""), ("Origin", ORIGIN), ("Cookie", COOKIE)],
    "no host": [("Origin", ORIGIN), ("Cookie", COOKIE)],
    "two hosts": [("Host", HOST), ("Host", "evil.example"), ("Origin", ORIGIN), ("Cookie", COOKIE)],
    "a host and a user": [("Host", f"x@{HOST}"), ("Origin", ORIGIN), ("Cookie", COOKIE)],
    "another origin": [("Host", HOST), ("Origin", "http://evil.example"), ("Cookie", COOKIE)],
    "a null origin": [("Host", HOST), ("Origin", "null"), ("Cookie", COOKIE)],
    "an empty origin": [("Host", HOST), ("Origin", ""), ("Cookie", COOKIE)],
    "another scheme": [("Host", HOST), ("Origin", "https://127.0.0.1:8127"), ("Cookie", COOKIE)],
    "another port's origin": [("Host", HOST), ("Origin", "http://127.0.0.1:3000"), ("Cookie", COOKIE)],
    "two origins": [("Host", HOST), ("Origin", ORIGIN), ("Origin", "http://evil.example"), ("Cookie", COOKIE)],
    "another site's script": [("Host", HOST), ("Origin", ORIGIN), ("Cookie", COOKIE), ("Sec-Fetch-Site", "cross-site")],
    "another port's script": [("Host", HOST), ("Origin", ORIGIN), ("Cookie", COOKIE), ("Sec-Fetch-Site", "same-site")],
    "no token": [("Host", HOST), ("Origin", ORIGIN)],
    "an empty token": [("Host", HOST), ("Origin", ORIGIN), ("Cookie", "pellucid_8127=")],
    "a wrong token": [("Host", HOST), ("Origin", ORIGIN), ("Cookie", f"pellucid_8127={TOKEN[:-1]}b")],
    "half a token": [("Host", HOST), ("Origin", ORIGIN), ("Cookie", f"pellucid_8127={TOKEN[:20]}")],
    "a strange token": [("Host", HOST), ("Origin", ORIGIN), ("Cookie", "pellucid_8127=\xe4\xff")],
    "another studio's cookie": [("Host", HOST), ("Origin", ORIGIN), ("Cookie", f"pellucid_9000={TOKEN}")],
    "the token elsewhere": [("Host", HOST), ("Origin", ORIGIN), ("Authorization", f"Bearer {TOKEN}")],
}
OWN: Headers = [("Host", HOST), ("Origin", ORIGIN), ("Cookie", COOKIE), ("Sec-Fetch-Site", "same-origin")]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    (folder / "assets").mkdir()
    (folder / "index.html").write_text("<!doctype html><title>page</title>")
    (folder / "assets/page.js").write_text("export {};")
    return folder


@pytest.fixture(scope="module")
def sessions():
    made = Sessions(EmbeddedCatalog(), "digits-relu")
    yield made
    made.close()


@pytest.fixture(scope="module")
def keys() -> Keys:
    return Keys(TOKEN)


@pytest.fixture(scope="module")
def app(sessions: Sessions, page: Path, keys: Keys) -> Any:
    return studio_app(sessions, keys=keys, hosts=hosts_of("127.0.0.1", 8127), page=page)


@pytest.mark.parametrize("who", HOSTILE)
@pytest.mark.parametrize(("kind", "path"), ROUTES)
def test_every_route_turns_strangers_away(app: Any, sessions: Sessions, kind: str, path: str, who: str) -> None:
    before = len(sessions)
    answer = ask(app, kind, path, HOSTILE[who])
    assert answer.status in (401, 403, 421)
    assert b"<title>" not in answer.body
    assert "set-cookie" not in answer.headers
    assert len(sessions) == before


@pytest.mark.parametrize(("kind", "path"), ROUTES)
def test_no_route_takes_the_token_from_a_link_but_the_page(app: Any, keys: Keys, kind: str, path: str) -> None:
    stranger: Headers = [("Host", HOST), ("Origin", ORIGIN)]
    answer = ask(app, kind, path, stranger, query=f"token={keys.new_link_token()}")
    assert answer.status == (303 if (kind, path) == ("GET", "/") else 401 if kind != "WEBSOCKET" else 403)
    assert ask(app, kind, path, stranger, query=f"token={TOKEN}").status != 303  # the key itself is in no link


def test_a_link_works_once_and_again_where_the_browser_has_the_key(app: Any, keys: Keys) -> None:
    query = f"token={keys.new_link_token()}"
    assert ask(app, "GET", "/", [("Host", HOST)], query=query).status == 303
    again = ask(app, "GET", "/", [("Host", HOST)], query=query)
    assert (again.status, b"Press Enter" in again.body) == (401, True)
    assert ask(app, "GET", "/", [("Host", HOST), ("Cookie", COOKIE)], query=query).status == 303
    links = [keys.new_link_token() for _ in range(100)]
    assert not keys.spend(links[0])
    assert keys.spend(links[-1])


@pytest.mark.parametrize(
    ("kind", "path", "status"),
    [
        ("GET", "/", 200), ("HEAD", "/", 200), ("GET", "/assets/page.js", 200), ("GET", "/nothing", 404),
        ("GET", "/../app.py", 404), ("GET", "/network.safetensors", 404), ("POST", "/picture", 404),
        ("GET", "/network.html", 404), ("POST", "/network.html", 405),
        ("POST", "/network", 404), ("POST", "/recording", 404), ("GET", "/recording", 404), ("PUT", "/", 405),
        ("DELETE", "/network.safetensors", 405),
        ("WEBSOCKET", "/socket", 101),
    ],
)  # fmt: skip
def test_its_own_page_is_let_in(app: Any, kind: str, path: str, status: int) -> None:
    assert ask(app, kind, path, OWN).status == status


def test_a_get_without_origin_is_let_in_and_a_post_is_not(app: Any) -> None:
    plain: Headers = [("Host", HOST), ("Cookie", COOKIE)]
    assert ask(app, "GET", "/", plain).status == 200
    assert ask(app, "POST", "/picture", plain).status == 403
    assert ask(app, "WEBSOCKET", "/socket", plain).status == 403


def test_the_link_leaves_a_cookie_that_no_script_and_no_other_site_has(app: Any, keys: Keys) -> None:
    answer = ask(app, "GET", "/", [("Host", HOST)], query=f"room=learn&token={keys.new_link_token()}")
    assert answer.status == 303
    assert answer.headers["location"] == "/?room=learn"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(COOKIE + ";")
    assert {"httponly", "path=/", "samesite=strict"} <= {part.strip().lower() for part in cookie.split(";")}


def test_a_link_followed_from_another_page_goes_on_from_a_page_of_our_own(app: Any, keys: Keys) -> None:
    headers: Headers = [("Host", HOST), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")]
    answer = ask(app, "GET", "/", headers, query=f'token={keys.new_link_token()}&a="><script>')
    assert answer.status == 200
    assert b"<script>" not in answer.body
    assert b"http-equiv" in answer.body
    assert COOKIE in answer.headers["set-cookie"]
    assert ask(app, "GET", "/", headers, query="token=b").status == 401


@pytest.mark.parametrize("path", ["/", "/socket/", "/nothing"])
def test_an_address_of_other_bytes_is_refused(app: Any, path: str) -> None:
    assert ask(app, "GET", path, OWN, query="a=\xff").status == 400
    assert ask(app, "WEBSOCKET", "/socket", OWN, query="a=\xff").status == 403


@pytest.mark.parametrize(
    ("kind", "path", "headers"),
    [("GET", "/", OWN), ("GET", "/nothing", OWN), ("GET", "/", []), ("POST", "/picture", OWN), ("PUT", "/", OWN)],
)
def test_every_answer_carries_the_policy(app: Any, kind: str, path: str, headers: Headers) -> None:
    answer = ask(app, kind, path, headers)
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    allowed = [each.strip() for each in answer.headers["permissions-policy"].split(",")]
    assert "microphone=(self)" in allowed
    assert all(each.endswith("=()") for each in allowed if not each.startswith("microphone="))


def test_a_missing_page_is_explained(sessions: Sessions, tmp_path: Path) -> None:
    app = studio_app(sessions, keys=Keys(TOKEN), hosts=[HOST], page=tmp_path)
    answer = ask(app, "GET", "/", OWN)
    assert (answer.status, answer.body.decode()) == (503, NO_PAGE)
    assert "make web" in NO_PAGE


def test_uploads_are_capped_while_they_come(app: Any, sessions: Sessions) -> None:
    session, _ = sessions.open(None)
    query = f"session={session.identity}"
    endless = [b"\0" * (1 << 20)] * 1000
    for path in ("/network", "/recording"):
        answer = ask(app, "POST", path, OWN, query, list(endless))
        assert answer.status == 413
        assert b'"too_large"' in answer.body
        assert str(f"{MAX_UPLOAD:,}").encode() in answer.body
    bad = [("/network", b"{}"), ("/picture", b"GIF89a"), ("/picture", b""), ("/network", b"\xff" * 100)]
    for path, body in [*bad, ("/recording", b""), ("/recording", b"RIFF\0\0\0\0WAVE"), ("/recording", b"text")]:
        answer = ask(app, "POST", path, OWN, query, [body])
        assert (answer.status, b'"bad_value"' in answer.body) == (400, True)


def test_a_network_goes_out_and_comes_in_again(app: Any, sessions: Sessions) -> None:
    session, _ = sessions.open(None)
    query = f"session={session.identity}"
    file = ask(app, "GET", "/network.safetensors", OWN, query)
    assert file.status == 200
    assert "attachment" in file.headers["content-disposition"]
    assert ask(app, "POST", "/network", OWN, query + "&name=mine", [file.body]).status == 204
    assert session._state.edited.name == "mine"
    assert ask(app, "GET", "/network.safetensors", OWN, query).body == file.body
    assert ask(app, "GET", "/network.safetensors", OWN, "session=../../etc/passwd").status == 404


@pytest.mark.skipif(not SHARED_PAGE.is_file(), reason="needs the page: make web")
def test_a_page_with_the_present_network_goes_out(app: Any, sessions: Sessions) -> None:
    session, _ = sessions.open(None)
    query = f"session={session.identity}"
    session.handle(requests.TurnKnobs(1, [7], [0.25], 1))
    session.handle(requests.ScaleNeuron(2, 0, 3, 0.0, 2))
    file = ask(app, "GET", "/network.html", OWN, query)
    assert (file.status, file.headers["content-disposition"]) == (200, 'attachment; filename="network.html"')
    text = (
        file.body.decode()
        .partition('<script id="shared-network" type="application/json">')[2]
        .partition("</script>")[0]
    )
    shared = json.loads(text)
    packed = base64.b64decode(shared["parameters"])
    parameters = np.frombuffer(zlib.decompress(packed) if shared["packing"] == "deflate" else packed, "<f4")
    np.testing.assert_array_equal(parameters, session._state.edited.effective.parameters)
    assert parameters[7] == 0.25
    assert shared["examples"]["name"] == "digits"
    assert ask(app, "GET", "/network.html", OWN, "session=../../etc/passwd").status == 404


def test_a_recording_comes_in(app: Any, sessions: Sessions) -> None:
    session, _ = sessions.open(None)
    file = io.BytesIO()
    soundfile.write(file, 0.1 * np.sin(np.arange(4000) / 5), 8000, format="WAV")
    query = f"session={session.identity}&slot=1&name=mine.wav"
    assert ask(app, "POST", "/recording", OWN, query, [file.getvalue()]).status == 204
    take = session._listen.takes[1]
    assert take is not None
    assert (take.source, take.name, len(take.sound.samples)) == ("file", "mine.wav", 4000)


def test_every_address_of_the_machine_goes_by_its_own_names() -> None:
    names = hosts_of("0.0.0.0", 8127)
    assert {"localhost:8127", "127.0.0.1:8127"} <= set(names)
    assert not any("0.0.0.0" in name for name in names)
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("127.8.9.10", True), ("::1", True), ("localhost", True), ("0.0.0.0", False),
     ("192.168.1.5", False), ("::", False), ("example.org", False)],
)  # fmt: skip
def test_loopback_addresses_are_recognised(host: str, alone: bool) -> None:
    assert is_loopback(host) is alone
