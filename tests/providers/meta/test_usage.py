"""Budgets out of headers (meta 9)."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.providers.meta.usage import usage


def headers(**given: object) -> dict[str, str]:
    return {
        name.replace("_", "-").lower(): value if isinstance(value, str) else orjson.dumps(value).decode()
        for name, value in given.items()
    }


def test_none_without_headers() -> None:
    assert usage(headers()) == {}


def test_the_documented_headers() -> None:
    found = usage(
        headers(
            X_App_Usage={"call_count": 28, "total_time": 25, "total_cputime": 31.5},
            X_Business_Use_Case_Usage={
                "1001": [
                    {"type": "pages", "call_count": 97, "total_cputime": 23, "total_time": 23,
                     "estimated_time_to_regain_access": 19, "ads_api_access_tier": "standard_access"},
                    {"type": "instagram", "call_count": 3, "total_cputime": 1, "total_time": 1,
                     "estimated_time_to_regain_access": 0},
                ]
            },
        )
    )  # fmt: skip
    assert (found["app_percent"], found["account_percent"], found["regain_s"]) == (31.5, 97, 1140)
    assert set(found["detail"]) == {"app", "1001/pages", "1001/instagram"}


def test_the_old_page_header_is_read_if_it_comes() -> None:
    assert usage(headers(X_Page_Usage={"call_count": 40, "total_time": 2, "total_cputime": 2}))["account_percent"] == 40


def test_a_regain_time_is_at_most_a_day() -> None:
    entry = {"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 10**9}
    assert usage(headers(X_Business_Use_Case_Usage={"1": [entry]}))["regain_s"] == 86_400


@pytest.mark.parametrize(
    "said", ["", "{", "[]", "null", '"x"', '{"call_count":"97"}', '{"call_count":true}', '{"call_count":-1}',
             '{"call_count":1e99}', '{"call_count":null}', '{"1":{"call_count":1}}', '{"1":[7,null,[]]}', '{"":[{}]}']
)  # fmt: skip
def test_nonsense_is_no_usage(said: str) -> None:
    assert usage(headers(X_App_Usage=said, X_Business_Use_Case_Usage=said, X_Page_Usage=said)) == {}


@given(st.text())
def test_nothing_raises(said: str) -> None:
    usage({"x-app-usage": said, "x-business-use-case-usage": said})
