"""What outlives the process, and what repeats with the seed."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sandbox.driver import PROJECT, Box, Page


def test_a_post_that_was_answered_survives_kill_9(own_box: Box) -> None:
    pages = own_box.new_pages(4)
    answered: list[str] = []

    def send(page: Page) -> None:
        with httpx.Client(base_url=own_box.http.base_url) as client:
            for number in range(2_000):
                form = {"message": f"{page.id} {number}", "access_token": page.token}
                form["appsecret_proof"] = own_box.proof(page.token)
                try:
                    answer = client.post(f"/graph.facebook.com/v26.0/{page.id}/feed", data=form)
                except httpx.TransportError:
                    return
                answered.append(answer.json()["id"])

    threads = [threading.Thread(target=send, args=(page,)) for page in pages]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 30
    while len(answered) <= 50 and time.monotonic() < until:
        time.sleep(0.02)
    own_box.end(signal.SIGKILL)
    for thread in threads:
        thread.join()
    own_box.start()
    kept = [post["id"] for post in own_box.http.get("/_sandbox/posts").json()]
    assert len(answered) > 50
    assert set(answered) <= set(kept)
    # At most one request of each client was in flight: it may be live without having been answered.
    assert len(kept) == len(set(kept)) <= len(answered) + len(pages)


def test_tokens_faults_clock_and_keys_survive_kill_9(own_box: Box) -> None:
    page = own_box.new_pages()[0]
    own_box.fault("POST /graph.facebook.com/*/feed", "refuse", times=2)
    own_box.fault("GET /graph.facebook.com/*", "not_found_once")
    own_box.control("clock", {"advance_s": 500})
    own_box.publish(page, "refused")
    own_box.graph("GET", page.id, page.token)
    world, keys = own_box.control("world"), own_box.http.get("/oidc/jwks").json()
    own_box.end(signal.SIGKILL)
    own_box.start()
    assert {**own_box.control("world"), "smtp_url": None} == {**world, "smtp_url": None}
    assert own_box.http.get("/oidc/jwks").json() == keys
    assert own_box.control("clock")["offset_s"] == 500
    assert own_box.publish(page, "refused again").status_code == 400
    assert own_box.publish(page, "taken").is_success
    assert own_box.graph("GET", page.id, page.token).is_success


def test_the_request_log_survives_a_clean_end(own_box: Box) -> None:
    page = own_box.new_pages()[0]
    own_box.publish(page, "m")
    noted = own_box.control("requests")
    assert own_box.end() == 0
    own_box.start()
    assert own_box.control("requests") == noted


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(own_box: Box, how: signal.Signals) -> None:
    assert own_box.end(how) == 0


def story(box: Box) -> list[Any]:
    """A sequence of calls and what was answered, without times."""
    pages = box.new_pages(2, "p-ivo")
    told: list[Any] = [(page.id, page.token) for page in pages]
    box.fault("POST /graph.facebook.com/*/feed", "error_after", probability=0.5, seed=3)
    for number in range(8):
        answer = box.publish(pages[number % 2], f"post {number}")
        told.append((answer.status_code, answer.json(), answer.headers["x-fb-trace-id"]))
    told.append(box.dialog("p-ivo", ["pages_show_list"]))
    told.append(box.redeem(told[-1]["code"]).json()["access_token"])
    told.append([post["id"] for post in box.http.get("/_sandbox/posts").json()])
    return told


def test_the_same_seed_and_calls_give_the_same_answers(tmp_path: Path) -> None:
    stories = []
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        box = Box(tmp_path / name, seed)
        stories.append(story(box))
        box.close()
    assert stories[0] == stories[1]
    assert stories[0] != stories[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sandbox", *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=20, check=False)


def test_a_taken_port_is_one_line_and_exit_code_2(box: Box, tmp_path: Path) -> None:
    ended = run("--port", str(box.port), "--data", str(tmp_path))
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert len(ended.stderr) <= 201
    assert str(box.port) in ended.stderr


def test_a_taken_mail_port_is_one_line_and_exit_code_2(box: Box, tmp_path: Path) -> None:
    ended = run("--port", "0", "--mail-port", str(box.port), "--data", str(tmp_path))
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert f"--mail-port {box.port}" in ended.stderr


def test_a_folder_that_cant_be_used_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = run("--port", "0", "--mail-port", "0", "--data", str(tmp_path / "file" / "below"))
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)


def test_a_world_that_another_sandbox_has_open_is_one_line_and_exit_code_2(own_box: Box) -> None:
    ended = run("--port", "0", "--mail-port", "0", "--data", str(own_box.data))
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert f"--data {own_box.data}" in ended.stderr
    assert own_box.control("world")["people"]


def test_a_world_of_another_version_is_put_aside(own_box: Box) -> None:
    own_box.end()
    with closing(sqlite3.connect(own_box.data / "sandbox.sqlite3")) as db, db:
        db.execute("update fact set value = 'other' where name = 'schema'")
    own_box.start()
    assert own_box.control("world")["people"]
    assert (own_box.data / "sandbox.old.sqlite3").exists()
