"""Reading a JSON body field by field: unknown fields, missing ones and wrong values each have their error (10.2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sandbox.answers import Kind
from sandbox.linkedin.errors import bad_input, missing_field, too_long, unpermitted_field


def units(text: str) -> int:
    """Length in UTF-16 units, as LinkedIn counts [S]."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def only_known(values: Mapping[str, Any], known: Collection[str], path: str = "") -> None:
    """Refuse a field that isn't in the schema."""
    if unknown := sorted(values.keys() - set(known)):
        raise unpermitted_field(f"{path}/{unknown[0]}")


def text(values: Mapping[str, Any], name: str, *, most: int | None = None, path: str = "") -> str | None:
    """A text or nothing, not longer than allowed."""
    value = values.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise wrong(f"{path}{name}", "must be a string")
    if most is not None and units(value) > most:
        raise too_long(f"{path}{name}", units(value), most)
    return value


def needed(values: Mapping[str, Any], name: str, *, most: int | None = None, path: str = "") -> str:
    """A text that must be there and not be blank."""
    value = text(values, name, most=most, path=path)
    if value is None:
        raise missing_field(f"{path}{name}")
    if not value.strip():
        raise bad_input("INVALID_VALUE_BLANK_FIELD", f"{path}{name}", f"{path}{name} is blank")
    return value


def one_of(values: Mapping[str, Any], name: str, known: Collection[str], path: str = "") -> str:
    """A word of an enumeration."""
    value = needed(values, name, path=path)
    if value not in known:
        raise wrong(f"{path}{name}", f"must be one of {', '.join(known)}")
    return value


def record(values: Mapping[str, Any], name: str, path: str = "") -> Mapping[str, Any] | None:
    """An object or nothing."""
    value = values.get(name)
    if value is not None and not isinstance(value, Mapping):
        raise wrong(f"{path}{name}", "must be a record")
    return value


def flag(values: Mapping[str, Any], name: str, path: str = "") -> bool:
    """A boolean; nothing is false."""
    value = values.get(name, False)
    if not isinstance(value, bool):
        raise wrong(f"{path}{name}", "must be a boolean")
    return value


def whole(values: Mapping[str, Any], name: str, path: str = "") -> int:
    """An integer that must be there."""
    value = values.get(name)
    if value is None:
        raise missing_field(f"{path}{name}")
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong(f"{path}{name}", "must be an integer")
    return value


def items(values: Mapping[str, Any], name: str, path: str = "") -> list[Any]:
    """A list; nothing is an empty one."""
    value = values.get(name, [])
    if not isinstance(value, list):
        raise wrong(f"{path}{name}", "must be an array")
    return value


def wrong(field: str, why: str) -> Exception:
    """A value that no schema allows."""
    return bad_input("INVALID_VALUE_FOR_FIELD", field, f"{field} {why}", Kind.PROTOCOL)
