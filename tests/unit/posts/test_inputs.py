"""What a person hands in is refused in words, whatever it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from core.infra.errors import Invalid
from core.posts.inputs import PostInput, RemarkInput

FAR_EAST, FAR_WEST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))


@pytest.mark.parametrize(
    "slot_at",
    [
        datetime.max.replace(tzinfo=FAR_WEST),
        datetime.min.replace(tzinfo=FAR_EAST),
        datetime.max.replace(tzinfo=UTC),
        datetime(2200, 1, 1, tzinfo=UTC),
        datetime(1999, 12, 31, 23, 59, tzinfo=UTC),
    ],
)
def test_a_time_that_no_calendar_of_ours_shows_is_refused(slot_at: datetime) -> None:
    with pytest.raises(Invalid, match=r"^Choose a day between 2000 and 2199\.$"):
        PostInput.read(slot_at=slot_at)


def test_a_time_is_kept_in_utc() -> None:
    given = datetime(2027, 1, 1, 1, tzinfo=FAR_EAST)
    assert PostInput.read(slot_at=given).slot_at == given
    assert PostInput.read(slot_at=given).slot_at.utcoffset() == timedelta()  # type: ignore[union-attr]


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(Invalid, match="Slot at"):
        PostInput.read(slot_at=datetime(2027, 1, 1))  # noqa: DTZ001


def test_a_field_that_nobody_asked_for_is_refused() -> None:
    with pytest.raises(Invalid, match="State"):
        PostInput.read(text="a", state="published")
    with pytest.raises(Invalid, match="Organization id"):
        RemarkInput.read(text="a", organization_id="other")


def test_text_is_made_storable_without_changing_what_people_see() -> None:
    kept = PostInput.read(text="a\r\nb\rc\x00d\ud800", link=" https://example.com/\x00 ")
    assert (kept.text, kept.link) == ("a\nb\ncd\ufffd", "https://example.com/")
