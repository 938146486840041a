"""The contract of forms makes fitting payloads out of declared data, and catches who doesn't keep it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.provider_kit import checks
from core.provider_kit.contract.forms import FormsContract, fitting
from core.provider_kit.types import (
    DocumentRules,
    Format,
    ImageRules,
    Network,
    Option,
    Payload,
    TextRules,
    VideoRules,
    VisibleCall,
)

IMAGES = ImageRules(("image/png",), 1_000_000, ratio=(1.5, 2.0), min_width=2000)
VIDEOS = VideoRules(
    ("video/mp4",), 1_000, (20, 30), (0.5, 0.6), 700, 1300, codecs=("hevc",), frame_rate=(40, 60), bit_rate=10
)
ALBUM = Format("album", "Album", files=(2, 4), images=IMAGES, videos=VIDEOS, videos_most=3, mixed=True, source="x")
PAPER = Format("paper", "Paper", files=(1, 1), documents=DocumentRules(("application/pdf",), 100))
POLL = Format("poll", "Poll", files=(0, 0), options=(Option("poll", "Poll", "poll", required=True, most=140),))
QUIET = Format("quiet", "Quiet", files=(1, 1), images=IMAGES, takes_text=False, source="x")


def network(*forms: Format) -> Network:
    return Network("social", "Social", "x", "#000000", TextRules("codepoints", 20), takes_link=False, formats=forms)


@pytest.mark.parametrize("form", [ALBUM, PAPER, POLL, QUIET], ids=lambda form: form.key)
def test_what_is_made_of_the_declared_data_has_no_problem(form: Format) -> None:
    made = fitting(network(form), form, "1")
    assert made
    for payload in made:
        assert checks.problems(network(form), payload) == []


def test_fewest_and_most_files_of_each_kind_and_both_kinds_are_tried() -> None:
    made = [[item.kind for item in payload.media] for payload in fitting(network(ALBUM), ALBUM, "1")]
    assert made == [["image"] * 2, ["image"] * 4, ["video"] * 2, ["video"] * 3, ["image", "video"]]


class StandIn:
    """Counts what it is asked."""

    def __init__(self) -> None:
        self.received: list[Any] = []

    def reply(self, *_: object, **__: object) -> None:
        """Say nothing."""

    def hang_up(self, *, reset: bool) -> None:
        """Say nothing."""

    def forget(self) -> None:
        self.received.clear()


class Refuses:
    """A publisher that finds fault with everything."""

    def problems(self, payload: Payload) -> Any:
        return checks.problems(network(), payload)

    def prepare(self, *_: object) -> VisibleCall:
        raise AssertionError("nothing fits")


class Suite(FormsContract):
    """The contract at a publisher that doesn't keep it."""

    account = "1"

    def __init__(self) -> None:
        self.stand_in = StandIn()

    def network(self) -> Network:
        return network(QUIET)

    def publisher(self) -> Any:
        return Refuses()

    def answers(self, payload: Payload) -> Any:
        return ()

    def answers_again(self, payload: Payload) -> Any:
        return ()


def test_a_publisher_that_refuses_what_its_network_declares_is_caught() -> None:
    with pytest.raises(AssertionError, match="quiet with"):
        Suite().test_what_fits_a_form_has_no_error()


class Idle(Suite):
    """A network with an option that nobody can ever be asked for."""

    def network(self) -> Network:
        return network(replace(QUIET, options=(Option("title", "Title", "line", of=("video",)),)))


def test_an_option_of_files_that_its_form_never_carries_is_caught() -> None:
    with pytest.raises(AssertionError, match="title"):
        Idle().test_what_fits_a_form_has_no_error()
