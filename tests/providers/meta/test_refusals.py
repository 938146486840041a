"""Every documented error, recorded: what it means on a publishing call, on any other, and what a person sees."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from core.provider_kit.contract import KeptSteps
from core.provider_kit.errors import ProviderFailure, RetryLater
from core.provider_kit.http import Answer
from core.provider_kit.throttle import USED_UP, Meter, Scope, Usage, metered
from core.provider_kit.types import Access, Payload
from core.providers.meta.errors_table import TABLE, Row
from core.providers.meta.failures import FACEBOOK, INSTAGRAM, Purpose, Said, row_for
from core.providers.meta.failures import failure as failure_of
from tests.providers.meta.test_contract import IMAGE, PAGE, meta
from tests.providers.meta.test_contract import INSTAGRAM as INSTAGRAM_ID
from tests.providers.scripted import Scripted, answer

FIXTURES = Path(__file__).parents[3] / "core/providers/meta/fixtures"
CASES: list[dict[str, Any]] = orjson.loads((FIXTURES / "refusals.json").read_bytes())["cases"]
ACCESS = Access(PAGE, SecretStr("page-token"), "cid")


def said(case: dict[str, Any]) -> Any:
    body = case["body"]
    return answer(case["status"], body.encode() if isinstance(body, str) else body, case.get("headers"))


def publish(stand_in: Scripted, case: dict[str, Any]) -> object:
    """Send a post of the case's network, which answers as recorded."""
    network = case.get("network", "facebook")
    publisher = meta(stand_in.url).publishers[network]
    if network == "facebook":
        payload, access, steps = Payload("facebook", PAGE, "Hello"), ACCESS, KeptSteps()
    else:
        payload = Payload("instagram", INSTAGRAM_ID, "Hello", media=(IMAGE,))
        access, steps = Access(INSTAGRAM_ID, ACCESS.token, "cid"), KeptSteps()
        stand_in.say(answer(200, {"id": "1790"}), answer(200, {"status_code": "FINISHED"}), answer(200, {}))
    call = publisher.prepare(payload, access, steps)
    stand_in.say(said(case))
    return publisher.publish(call, access, timeout_s=3)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['spec']} {case['what']}")
def test_a_refusal_on_publish(stand_in: Scripted, case: dict[str, Any]) -> None:
    with pytest.raises(ProviderFailure) as failure:
        publish(stand_in, case)
    assert type(failure.value).__name__ == case["publish"]
    assert (failure.value.reason, failure.value.how_to_fix) == (case["seen"], case["fix"])
    if isinstance(failure.value, RetryLater):
        assert failure.value.after_s == case.get("after_s")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['spec']} {case['what']}")
def test_a_refusal_on_a_read(stand_in: Scripted, case: dict[str, Any]) -> None:
    publisher = meta(stand_in.url).publishers[case.get("network", "facebook")]
    stand_in.otherwise = said(case)
    if (case["body"] or {}) and not isinstance(case["body"], str) and case["body"].get("error", {}).get("code") == 100:
        error = case["body"]["error"]
        if error.get("error_subcode") == 33:  # a post that isn't there has no permalink, which is no failure
            assert publisher.permalink(f"{PAGE}_1", ACCESS, timeout_s=3) is None
            return
    with pytest.raises(ProviderFailure) as failure:
        publisher.permalink(f"{PAGE}_1", ACCESS, timeout_s=3)
    assert type(failure.value).__name__ == case["read"]


def test_every_row_of_the_table_is_reached_by_a_case() -> None:
    """A row that no recorded answer reaches is a guess."""
    reached: set[int] = set()
    for case in CASES:
        envelope = case["body"].get("error", {}) if isinstance(case["body"], dict) else {}
        row = row_for(Said.of(envelope), case["status"])
        reached.add(id(row))
    missed = [(row.code, row.subcode, row.contains) for row in TABLE if id(row) not in reached]
    assert missed == []


def test_a_pair_stands_before_its_code_and_a_code_before_its_range() -> None:
    """The first row that fits is taken, so a later row must never be hidden by an earlier one."""
    for place, row in enumerate(TABLE):
        for earlier in TABLE[:place]:
            assert not hides(earlier, row), f"{earlier} hides {row}"


def hides(earlier: Row, row: Row) -> bool:
    if (earlier.subcode, earlier.contains, earlier.status) != (row.subcode, row.contains, row.status):
        return False
    if isinstance(earlier.code, range):
        return row.code == earlier.code or (isinstance(row.code, int) and row.code in earlier.code)
    return earlier.code == row.code


def test_every_row_has_words_a_fix_and_its_source() -> None:
    for row in TABLE:
        for speaker in (FACEBOOK, INSTAGRAM):
            assert re.fullmatch(r"[A-Z][^{}]*\.", speaker.words(row.words)), row
            assert re.fullmatch(r"[A-Z][^{}]*\.", speaker.words(row.fix)), row
        assert re.match(r"\d+(\.\d+)? \[", row.source), row


def test_only_the_allow_list_is_provably_before() -> None:
    """RELIABILITY C row 8: authentication, permission, validation, call limits; nothing that judges content."""
    provable = {row.code if isinstance(row.code, int) else str(row.code) for row in TABLE if row.before and row.code}
    assert provable == {
        *(3, 4, 10, 17, 32, 100, 101, 102, 104, 190, 210, 240, 283, 341, 613, 803, 2500, 80001, 1609005),
        *("range(200, 300)", "range(80000, 80015)"),
        *(9, 25, 9007, 36000, 36001, 36003, 36004),
    }
    assert {row.subcode for row in TABLE if row.before and row.code is None} == {
        *(1404078, 1609005, 1609008, 2061006, 4854002)
    }


def test_the_trace_has_what_meta_said_and_no_token(stand_in: Scripted) -> None:
    pages = meta(stand_in.url).publishers["facebook"]
    call = pages.prepare(Payload("facebook", PAGE, "Hello"), ACCESS, KeptSteps())
    message = "Malformed access token page-token, signature=abcdef, Bearer page-token"
    error = {"message": message, "code": 190, "error_subcode": 463, "fbtrace_id": "AbC-123_x"}
    stand_in.say(answer(401, {"error": error}, {"x-app-usage": '{"call_count":91}'}))
    with pytest.raises(ProviderFailure) as failure:
        pages.publish(call, ACCESS, timeout_s=3)
    trace = failure.value.trace
    assert (trace.http_status, trace.code, trace.subcode, trace.trace_id) == (401, "190", "463", "AbC-123_x")
    assert trace.usage["app_percent"] == 91
    assert trace.message == "Malformed access token [redacted], signature=[redacted], Bearer [redacted]"


@pytest.mark.parametrize(
    ("status", "code", "scope", "regain_s"),
    [(400, 80001, Scope.ACCOUNT, 86_400), (400, 17, Scope.ACCOUNT, 86_400), (400, 4, Scope.APP, None),
     (403, 341, Scope.APP, None), (429, None, Scope.APP, None)],
)  # fmt: skip
def test_what_one_account_must_wait_holds_no_other(
    stand_in: Scripted, status: int, code: int | None, scope: Scope, regain_s: float | None
) -> None:
    """The header names accounts alone (meta 9), so it says nothing of when our app's limit is over."""
    pages = meta(stand_in.url).publishers["facebook"]
    entry = {"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 1440}
    used = {"x-business-use-case-usage": orjson.dumps({PAGE: [entry]}).decode()}
    stand_in.otherwise = answer(status, {"error": {"code": code, "message": "x"}} if code else b"<html>", used)
    with metered(Meter()) as meter, pytest.raises(RetryLater) as failure:
        pages.permalink(f"{PAGE}_1", ACCESS, timeout_s=3)
    assert failure.value.after_s == regain_s
    assert meter.heard[scope, False] == Usage(scope, USED_UP, regain_s)
    assert meter.heard[Scope.ACCOUNT, False].regain_s == 86_400


@pytest.mark.parametrize("field", ["message", "error_user_msg", "error_user_title"])
@pytest.mark.parametrize("before", [60, 260, 290, 460, 490])
def test_no_half_of_a_secret_is_left_where_words_are_cut(field: str, before: int) -> None:
    secret = "9f8e7d6c5b4a39281706-made-up-3c2b1a0" * 2
    envelope = {"code": 998, "message": "No.", field: "x" * before + " " + secret}
    found = failure_of(Answer(400, {}, b"{}"), Purpose.READ, envelope=envelope, secrets=[secret])
    assert "9f8e" not in f"{found.reason}{found.trace}"
    assert len(found.trace.message or "") <= 500


@pytest.mark.parametrize(
    ("status", "code", "counts"),
    [(500, 2, True), (503, None, True), (400, 4, True), (403, 341, True), (400, 17, False), (400, 80001, False),
     (400, 190, False), (400, 100, False), (400, 506, False), (429, None, True)],
)  # fmt: skip
def test_the_breaker_counts_the_network_and_the_app_but_no_account(
    stand_in: Scripted, status: int, code: int | None, counts: bool
) -> None:
    """PRODUCT 7 g."""
    pages = meta(stand_in.url).publishers["facebook"]
    call = pages.prepare(Payload("facebook", PAGE, "Hello"), ACCESS, KeptSteps())
    stand_in.say(answer(status, {"error": {"code": code, "message": "x"}} if code else b"<html>"))
    with pytest.raises(ProviderFailure) as failure:
        pages.publish(call, ACCESS, timeout_s=3)
    assert failure.value.provider_health is counts
