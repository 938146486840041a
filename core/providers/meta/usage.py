"""How much of our budgets Meta says is used up (meta 9): the headers that come with answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from core.provider_kit import hostile
from core.provider_kit.throttle import Scope, Usage

_MOST_OBJECTS: Final = 32  # meta 9 [M:rate]
_PERCENTS: Final = ("call_count", "total_time", "total_cputime")


def usage(headers: Mapping[str, str]) -> dict[str, Any]:
    """`Published.usage` out of X-App-Usage, X-Business-Use-Case-Usage and the older X-Page-Usage."""
    found: dict[str, Any] = {}
    detail: dict[str, Any] = {}
    app = _header(headers, "x-app-usage")
    if (percent := _percent(app)) is not None:
        found["app_percent"] = percent
        detail["app"] = _numbers(app)
    accounts: list[float] = []
    regain = 0
    page = _header(headers, "x-page-usage")
    if (percent := _percent(page)) is not None:
        accounts.append(percent)
        detail["page"] = _numbers(page)
    for key, entries in list(_header(headers, "x-business-use-case-usage").items())[:_MOST_OBJECTS]:
        for entry in map(hostile.mapping, hostile.items(entries)[:_MOST_OBJECTS]):
            if (percent := _percent(entry)) is None:
                continue
            accounts.append(percent)
            minutes = hostile.whole(entry.get("estimated_time_to_regain_access")) or 0
            regain = max(regain, min(minutes, 24 * 60) * 60)
            use = hostile.identifier(entry.get("type")) or "other"
            detail[f"{hostile.line(key, limit=60)}/{use:.40}"] = _numbers(entry)
    if accounts:
        found["account_percent"] = max(accounts)
    if regain > 0:
        found["regain_s"] = float(regain)
    if detail:
        found["detail"] = detail
    return found


def budgets(found: Mapping[str, Any]) -> list[Usage]:
    """What `usage` found, by budget: Meta says when calls are welcome again for accounts alone (meta 9)."""
    scopes = ((Scope.APP, "app_percent", None), (Scope.ACCOUNT, "account_percent", found.get("regain_s")))
    return [Usage(scope, found[name], regain_s) for scope, name, regain_s in scopes if name in found]


def _header(headers: Mapping[str, str], name: str) -> Mapping[str, Any]:
    try:
        return hostile.json_object(headers.get(name, "").encode())
    except ValueError:
        return {}


def _percent(entry: Mapping[str, Any]) -> float | None:
    numbers = [value for name, value in _numbers(entry).items() if name in _PERCENTS]
    return max(numbers, default=None)


def _numbers(entry: Mapping[str, Any]) -> dict[str, float]:
    """The figures of one entry; a figure is a number from 0 to a million."""
    return {
        name: float(value)
        for name in (*_PERCENTS, "estimated_time_to_regain_access")
        if isinstance(value := entry.get(name), int | float) and not isinstance(value, bool) and 0 <= value <= 1e6
    }
