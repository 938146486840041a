"""Options held against what a form of post declares."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.provider_kit.checks import knows, problems
from core.provider_kit.types import Format, ImageRules, MediaItem, Network, Option, Payload, TextRules, VideoRules

IMAGES = ImageRules(("image/jpeg",), 8_000_000)
VIDEOS = VideoRules(("video/mp4",), 300_000_000, (1, 90))
NETWORK = Network(
    "town",
    "Town Crier",
    "x",
    "#000000",
    TextRules("utf16", 100),
    takes_link=False,
    formats=(
        Format(
            "feed",
            "Post",
            files=(0, 2),
            images=IMAGES,
            videos=VIDEOS,
            mixed=True,
            options=(
                Option("share", "Show in the feed too", "switch"),
                Option("title", "Title", "line", most=10),
                Option("guests", "Collaborators", "people", most=3),
                Option("tags", "Tagged people", "tags", most=2),
                Option("cover_ms", "Cover", "moment"),
            ),
        ),
        Format("poll", "Poll", files=(0, 0), options=(Option("poll", "Poll", "poll", required=True, most=20),)),
    ),
)
PHOTO = MediaItem("0" * 64, "image/jpeg", 1080, 1080, 500_000)
CLIP = MediaItem("1" * 64, "video/mp4", 1080, 1920, 9_000_000, duration_ms=12_000)


def said(options: dict[str, Any], form: str = "feed", media: tuple[MediaItem, ...] = (PHOTO, CLIP)) -> list[str]:
    payload = Payload("town", "1", "Hello", media=media, options=options, format=form)
    return [problem.words for problem in problems(NETWORK, payload)]


@pytest.mark.parametrize(
    "options",
    [
        {"share": False},
        {"title": "1234567890"},
        {"guests": ["ada", "bo", "cy"]},
        {"tags": [{"username": "ada", "file": 0, "x": 0.5, "y": 1}, {"username": "bo", "file": 1}]},
        {"cover_ms": 12_000},
    ],
)
def test_options_as_declared_have_no_problem(options: dict[str, Any]) -> None:
    assert said(options) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"place": "1"}, "Town Crier has no option called place."),
        ({"share": "yes"}, "Show in the feed too holds something that can't be sent."),
        ({"title": "12345678901"}, "Title is 1 character too long for Town Crier (at most 10)."),
        ({"title": "a\x00"}, "Title has characters that can't be sent."),
        ({"guests": ["a", "b", "c", "d"]}, "Collaborators has 4 names; Town Crier takes at most 3."),
        ({"guests": ["a", " "]}, "Collaborators holds something that can't be sent."),
        ({"tags": [{"username": "", "file": 0, "x": 0, "y": 0}]}, "Tagged people: a tag names nobody."),
        ({"tags": [{"username": "a", "file": 7}]}, "Tagged people: @a is on a file that isn't here."),
        ({"tags": [{"username": "a", "file": 0}]}, "Tagged people: the place of @a can't be used."),
        ({"tags": [{"username": "a", "file": 1, "x": 0.1, "y": 0.1}]}, "Tagged people: the place of @a can't be used."),
        ({"cover_ms": 12_001}, "Cover is outside the video, which lasts 12 s."),
        ({"cover_ms": True}, "Cover holds something that can't be sent."),
    ],
)
def test_what_an_option_may_not_hold(options: dict[str, Any], words: str) -> None:
    assert said(options) == [words]


@pytest.mark.parametrize(
    ("poll", "words"),
    [
        ({"question": "Tea?", "answers": ["Yes", "No"], "days": 3}, None),
        ({}, "Town Crier needs: Poll."),
        ({"question": " ", "answers": ["Yes", "No"]}, "The poll asks nothing."),
        ({"question": "x" * 21, "answers": ["Yes", "No"]}, "The question is 1 too long for Town Crier (at most 20)."),
        ({"question": "Tea?", "answers": ["Yes"]}, "A poll has 2 to 4 answers."),
        ({"question": "Tea?", "answers": ["Yes", ""]}, "An answer of the poll is empty."),
        ({"question": "Tea?", "answers": ["Yes", "yes "]}, "Two answers of the poll are the same."),
    ],
)
def test_a_poll(poll: dict[str, Any], words: str | None) -> None:
    assert said({"poll": poll}, "poll", ()) == ([] if words is None else [words])


def test_what_belongs_to_a_kind_of_file_is_needed_beside_such_a_file_alone() -> None:
    credit = Option("credit", "Credit", "line", required=True, of=("image",))
    town = replace(NETWORK, formats=(replace(NETWORK.formats[0], options=(credit,)),))
    payload = Payload("town", "1", "Hello")
    assert problems(town, payload) == []
    assert [each.at for each in problems(town, replace(payload, media=(PHOTO,)))] == ["credit"]


@pytest.mark.parametrize(
    ("form", "options", "known"),
    [
        ("feed", {}, True),
        ("feed", {"title": "far too long for it", "guests": []}, True),
        ("feed", {"depth": 3}, False),
        ("hologram", {}, False),
    ],
)
def test_what_a_payload_names_is_known_or_not_whatever_it_holds(
    form: str, options: dict[str, Any], known: bool
) -> None:
    payload = Payload("town", "1", "Hello", options=options, format=form)
    assert knows(NETWORK, payload) is known
    assert not knows(None, payload)
