"""Calls a day, by app and by member, until midnight UTC (linkedin 9)."""

from __future__ import annotations

from tests.sandbox.driver import Box
from tests.sandbox.linkedin_driver import API, LinkedIn


def test_a_member_has_a_day_per_endpoint_until_midnight(own_box: Box) -> None:
    linkedin = LinkedIn(own_box)
    own_box.control("clock", {"set": "2026-12-01T23:40:00Z"})
    member, other = linkedin.member(), linkedin.member()
    own_box.control("options", {"provider": "linkedin", "options": {"share_member_day": 3}})
    answers = [linkedin.publish(member, f"post {number}") for number in range(4)]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
    assert "MEMBER DAY" in answers[3].json()["message"]
    assert linkedin.publish(other, "m").is_success, "another member's"
    assert linkedin.http("GET", f"{API}/v2/userinfo", member.token).is_success, "another endpoint's"
    own_box.control("clock", {"set": "2026-12-02T00:00:01Z"})
    assert linkedin.publish(member, "the next day").is_success


def test_an_application_has_a_day_for_all_its_members(own_box: Box) -> None:
    linkedin = LinkedIn(own_box)
    companies = [linkedin.organization() for _ in range(3)]
    own_box.control("options", {"provider": "linkedin", "options": {"application_day": 2}})
    answers = [linkedin.publish(company, "m") for company in companies]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert "APPLICATION DAY" in answers[2].json()["message"]
