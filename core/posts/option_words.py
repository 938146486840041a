"""What the options of a payload say, in words: for approvers, redlines and pages that only look. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.provider_kit.types import Format, Network, Option


def title_of(key: str, networks: Mapping[str, Network]) -> str:
    """How people call an option, wherever it is declared; its key in words where it is declared nowhere any more."""
    forms = (form for network in networks.values() for form in network.forms)
    titles = (option.title for form in forms for option in form.options if option.key == key)
    return next(titles, key.replace("_", " ").capitalize())


def listed(network: Network | None, format_key: str, options: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """(title, what it says) of every option that is set, in the order in which the form declares them."""
    form: Format | None = network.form(format_key) if network is not None else None
    declared: Sequence[Option] = form.options if form is not None else ()
    titles = {option.key: option.title for option in declared}
    keys = [*titles, *sorted(set(options) - set(titles))]
    return tuple(
        (titles.get(key, key.replace("_", " ").capitalize()), words(options[key], moment=_is_moment(declared, key)))
        for key in keys
        if key in options
    )


def words(value: Any, *, moment: bool = False) -> str:
    """One value as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"at {value / 1000:.3g} s" if moment else str(value)
    if isinstance(value, Mapping):
        days = f" ({value['days']} days)" if value.get("days") else ""
        return f"{value.get('question', '')} {' / '.join(map(str, value.get('answers') or ()))}{days}".strip()
    if isinstance(value, list | tuple):
        return ", ".join(_tag(each) if isinstance(each, Mapping) else f"@{each}" for each in value)
    return str(value)


def _tag(tag: Mapping[str, Any]) -> str:
    named = f"@{tag.get('username', '')} on file {int(tag.get('file') or 0) + 1}"
    if tag.get("x") is None or tag.get("y") is None:
        return named
    return f"{named} ({tag['x']:.0%} from the left, {tag['y']:.0%} from the top)"


def _is_moment(declared: Sequence[Option], key: str) -> bool:
    return any(option.key == key and option.shape == "moment" for option in declared)
