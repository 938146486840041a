"""What of LinkedIn outlives the process, and what repeats with the seed (PRODUCT 8)."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

from tests.sandbox.driver import Box
from tests.sandbox.linkedin_driver import LinkedIn, picture


def story(box: Box) -> list[Any]:
    """A sequence of calls and what was answered, without times."""
    linkedin = LinkedIn(box)
    company = linkedin.organization("p-ivo")
    place = linkedin.reserve(company)
    answer = linkedin.publish(company, "post")
    told = linkedin.exchange(code=linkedin.consent("p-ivo")["code"]).json()
    headers = (answer.headers["x-restli-id"], answer.headers["x-li-uuid"])
    return [company, place["image"], place["uploadUrl"].rpartition("/www")[2], headers, told["refresh_token"]]


def test_the_same_seed_and_calls_give_the_same_answers(tmp_path: Path) -> None:
    stories = []
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        box = Box(tmp_path / name, seed)
        stories.append(story(box))
        box.close()
    assert stories[0] == stories[1]
    assert stories[0] != stories[2]


def test_tokens_pictures_and_posts_survive_kill_9(own_box: Box) -> None:
    linkedin = LinkedIn(own_box)
    company = linkedin.organization()
    place = linkedin.reserve(company)
    linkedin.put(place["uploadUrl"], picture())
    urn = linkedin.publish(company, "kept").headers["x-restli-id"]
    own_box.end(signal.SIGKILL)
    own_box.start()
    own_box.control("clock", {"advance_s": 1})
    assert linkedin.status(company, place["image"]) == "AVAILABLE"
    assert linkedin.read(company, urn).json()["commentary"] == "kept"
    assert linkedin.publish(company, "kept").status_code == 422
