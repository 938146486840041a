"""Every documented error, recorded: what it means on a publishing call, on any other, and what a person sees."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from core.provider_kit.contract import KeptSteps
from core.provider_kit.errors import OutcomeUnknown, ProviderFailure, RetryLater
from core.provider_kit.http import Answer
from core.provider_kit.types import Access, Payload
from core.providers.linkedin.errors_table import TABLE, Row, Then
from core.providers.linkedin.failures import Purpose, Said, failure, row_for
from tests.providers.linkedin.test_contract import PAGE, error, posts
from tests.providers.scripted import Scripted, answer

FIXTURES = Path(__file__).parents[3] / "core/providers/linkedin/fixtures"
CASES: list[dict[str, Any]] = orjson.loads((FIXTURES / "refusals.json").read_bytes())["cases"]
EVENING = datetime(2026, 11, 22, 18, tzinfo=UTC)
ACCESS = Access(PAGE, SecretStr("member-token"), "cid")


def body_of(case: dict[str, Any]) -> bytes:
    return case["body"].encode() if isinstance(case["body"], str) else orjson.dumps(case["body"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['spec']} {case['what']}")
@pytest.mark.parametrize("purpose", [Purpose.PUBLISH, Purpose.READ])
def test_what_a_refusal_means_and_says(case: dict[str, Any], purpose: Purpose) -> None:
    headers = {name.lower(): value for name, value in case.get("headers", {}).items()}
    found = failure(Answer(case["status"], headers, body_of(case)), purpose, now=EVENING)
    assert type(found).__name__ == case[purpose.value]
    read = purpose is Purpose.READ
    assert found.reason == (case.get("read_seen", case["seen"]) if read else case["seen"])
    assert found.how_to_fix == (case.get("read_fix", case["fix"]) if read else case["fix"])
    assert (found.trace.code, found.trace.subcode) == (case.get("code"), case.get("subcode"))
    if isinstance(found, RetryLater):
        assert found.after_s == case.get("after_s")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['spec']} {case['what']}")
def test_a_change_of_a_live_post_is_as_certain_as_a_post_but_where_the_post_is_gone(case: dict[str, Any]) -> None:
    found = failure(Answer(case["status"], {}, body_of(case)), Purpose.CHANGE, now=EVENING)
    gone = case["what"] == "gone"
    assert type(found).__name__ == ("Rejected" if gone else case["publish"])
    if isinstance(found, OutcomeUnknown):
        assert found.how_to_fix.startswith("Look at the post on LinkedIn before you do it again.")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['spec']} {case['what']}")
def test_a_refusal_over_the_wire(stand_in: Scripted, case: dict[str, Any]) -> None:
    publisher = posts(stand_in.url)
    call = publisher.prepare(Payload("linkedin", PAGE, "Hello"), ACCESS, KeptSteps())
    stand_in.say(answer(case["status"], body_of(case), case.get("headers")))
    with pytest.raises(ProviderFailure) as refused:
        publisher.publish(call, ACCESS, timeout_s=3)
    assert (type(refused.value).__name__, refused.value.reason) == (case["publish"], case["seen"])


def test_every_row_of_the_table_is_reached_by_a_case() -> None:
    """A row that no recorded answer reaches is a guess."""
    reached = {id(row_for(Said.of(body_of(case)), case["status"])) for case in CASES}
    missed = [(row.status, row.code, row.contains) for row in TABLE if id(row) not in reached]
    assert missed == []


def test_a_row_with_words_stands_before_the_one_without() -> None:
    """The first row that fits is taken, so a later row must never be hidden by an earlier one."""
    for place, row in enumerate(TABLE):
        for earlier in TABLE[:place]:
            same = (earlier.status, earlier.code, earlier.service) == (row.status, row.code, row.service)
            assert not (same and earlier.contains in row.contains), f"{earlier} hides {row}"


def test_every_row_has_words_a_fix_and_its_source() -> None:
    for row in TABLE:
        assert re.fullmatch(r"[A-Z].*\.", row.words), row
        assert re.fullmatch(r"[A-Z].*\.", row.fix), row
        assert re.match(r"\d+(\.\d+)? \[", row.source), row


def test_only_the_allow_list_is_provably_before() -> None:
    """RELIABILITY C row 8: authentication, permission, validation, a day's call limits; never a status from 500 on."""

    def named(row: Row) -> str:
        return row.code or row.contains or str(row.service or row.status)

    assert {named(row) for row in TABLE if row.before} == {
        *("INVALID_ACCESS_TOKEN", "REVOKED_ACCESS_TOKEN", "EXPIRED_ACCESS_TOKEN", "EMPTY_ACCESS_TOKEN", "401"),
        *("RESTRICTED_MEMBER", "unknown authentication schema", "VERSION_MISSING", "NONEXISTENT_VERSION"),
        *("ACCESS_DENIED", "[/author]", "unpermitted fields present", "RESOURCE_NOT_FOUND", "ILLEGAL_ARGUMENT"),
        *("411", "REQUEST_ENTITY_TOO_LARGE", "414", "415", "MISSING_FIELD", "INVALID_VALUE_FOR_FIELD"),
        *("INVALID_VALUE_BLANK_FIELD", "FIELD_LENGTH_TOO_LONG", "INVALID_URN_TYPE", "INVALID_URN_ID"),
        *("INVALID_VIDEO_ID", "INVALID_IMAGE_ID", "INVALID_URL", "MEDIA_ASSET_WAITING_UPLOAD"),
        *("MEDIA_ASSET_PROCESSING_FAILED", "TOO_MANY_REQUESTS", "application day", "member day"),
        "comment create throttled",
    }
    assert {row.contains for row in TABLE if row.before and row.code == "TOO_MANY_REQUESTS"} == {
        "application day",
        "member day",
    }
    assert all(row.status < 500 for row in TABLE if row.before)


def test_a_duplicate_names_the_post_for_those_who_look(stand_in: Scripted) -> None:
    """It may be ours, an older or a deleted one: evidence, and no verdict (linkedin 4.6)."""
    publisher = posts(stand_in.url)
    call = publisher.prepare(Payload("linkedin", PAGE, "Hello"), ACCESS, KeptSteps())
    (case,) = (case for case in CASES if case["what"] == "duplicate")
    stand_in.say(answer(422, case["body"], {"x-li-uuid": "AAYkP3/+x=="}))
    with pytest.raises(OutcomeUnknown) as doubt:
        publisher.publish(call, ACCESS, timeout_s=3)
    trace = doubt.value.trace
    assert (trace.code, trace.subcode, trace.trace_id) == ("DUPLICATE_POST", "urn:li:share:700", "AAYkP3/+x==")
    assert trace.names_post == "urn:li:share:700"
    assert f"{stand_in.url}/www.linkedin.com/feed/update/urn:li:share:700/" in doubt.value.how_to_fix


def test_secrets_are_cut_out_of_everything_linkedin_says() -> None:
    token = "AQX" + "s" * 497
    body = orjson.dumps({"status": 401, "code": token, "message": "x" * 300 + token, "error_description": token})
    found = failure(Answer(401, {}, body), Purpose.READ, secrets=[token])
    assert "sss" not in f"{found.reason}{found.trace}"


@pytest.mark.parametrize(
    ("now", "left"),
    [(EVENING, 6 * 3600), (datetime(2026, 11, 22, tzinfo=UTC), 86_400), (EVENING + timedelta(0, 1), 21_599)],
)
def test_a_daily_limit_ends_at_midnight_utc(now: datetime, left: float) -> None:
    body = error(429, "TOO_MANY_REQUESTS", 101, "Resource level throttle MEMBER DAY limit for calls is reached.")
    found = failure(Answer(429, {}, body), Purpose.PUBLISH, now=now)
    assert isinstance(found, RetryLater)
    assert found.after_s == left


@pytest.mark.parametrize(
    ("said", "waits"), [("90", 90.0), ("9999999", 86_400.0), ("soon", None), ("-1", None), ("", None)]
)
def test_a_wait_that_linkedin_asks_for_is_kept(said: str, waits: float | None) -> None:
    found = failure(Answer(429, {"retry-after": said}, error(429, "TOO_MANY_REQUESTS", 101)), Purpose.READ)
    assert isinstance(found, RetryLater)
    assert found.after_s == waits


@pytest.mark.parametrize(
    ("status", "code", "message", "counts"),
    [(500, None, "", True), (503, "UNDER_MAINTENANCE", "", True), (429, "TOO_MANY_REQUESTS", "", True),
     (429, None, "Resource level throttle APPLICATION DAY limit", True), (426, "NONEXISTENT_VERSION", "", True),
     (429, None, "Resource level throttle MEMBER DAY limit", False), (401, "EXPIRED_ACCESS_TOKEN", "", False),
     (403, "ACCESS_DENIED", "", False), (400, "MISSING_FIELD", "", False), (422, "DUPLICATE_POST", "", False)],
)  # fmt: skip
def test_the_breaker_counts_the_network_and_the_app_but_no_account(
    status: int, code: str | None, message: str, counts: bool
) -> None:
    """PRODUCT 7 g."""
    found = failure(Answer(status, {}, error(status, code, None, message)), Purpose.PUBLISH)
    assert found.provider_health is counts


def test_every_row_says_what_to_do() -> None:
    assert {row.then for row in TABLE} == set(Then)
