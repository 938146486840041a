"""The sandbox listens on a port that every page in a browser of this machine can send requests to."""

from __future__ import annotations

import stat

import httpx
import pytest

from tests.sandbox.driver import CONSOLE, Box

AUTHORIZE = {
    "client_id": "masthead-console",
    "redirect_uri": f"{CONSOLE}/oauth2callback",
    "response_type": "code",
    "scope": "openid",
    "prompt": "login",
}


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8503", ""])
@pytest.mark.parametrize("path", ["/", "/_sandbox/world", "/oidc/authorize", "/graph.facebook.com/v26.0/me"])
def test_a_name_that_is_not_of_this_machine_gets_nothing(box: Box, host: str, path: str) -> None:
    answer = box.http.get(path, headers={"Host": host})
    assert (answer.status_code, answer.text) == (421, "Ask for localhost.\n")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8503", "127.0.0.1:1", "[::1]:8503"])
def test_the_names_of_this_machine_are_served(box: Box, host: str) -> None:
    assert box.http.get("/_sandbox/health", headers={"Host": host}).is_success


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "tokens"), ("POST", "faults"), ("POST", "reset"), ("DELETE", "faults")]
)
def test_a_page_elsewhere_can_not_use_the_control_interface(box: Box, method: str, path: str, site: str) -> None:
    before = box.control("world")
    body = '{"route": "POST /graph.facebook.com/*/feed", "mode": "refuse", "times": 1}'
    answer = box.http.request(
        method, f"/_sandbox/{path}", content=body, headers={"Sec-Fetch-Site": site, "Content-Type": "text/plain"}
    )
    assert answer.status_code == httpx.codes.FORBIDDEN
    assert (box.control("faults"), box.control("world")) == ([], before)


@pytest.mark.expects_refusal
@pytest.mark.parametrize("path", ["/", "/oidc/authorize", "/www.facebook.com/v26.0/dialog/oauth"])
def test_no_page_can_frame_ours_or_run_a_script_in_them(box: Box, path: str) -> None:
    answer = box.http.get(path, params=AUTHORIZE if path.startswith("/oidc") else {})
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script" not in policy
    assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.expects_refusal
def test_an_answer_of_a_network_stays_as_the_network_writes_it(box: Box) -> None:
    answer = box.graph("GET", "me", None)
    assert "content-security-policy" not in answer.headers


def test_only_its_owner_reads_the_file_of_tokens_and_keys(own_box: Box) -> None:
    own_box.new_pages()
    made = [each for each in own_box.data.iterdir() if each.name.startswith("sandbox.sqlite3")]
    assert len(made) == 2  # with -wal
    assert {stat.S_IMODE(each.stat().st_mode) for each in made} == {0o600}
    assert stat.S_IMODE(own_box.data.stat().st_mode) == 0o700
