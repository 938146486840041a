"""What is wrong with the options of a payload on any network, by what its form of post declares. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from core.provider_kit.types import Format, Option, Payload, Problem

_ANSWERS: Final = (2, 4)


def problems(title: str, form: Format, payload: Payload) -> Iterator[Problem]:
    """Problems of the options, each with its key; `title` is the network's."""
    declared = {option.key: option for option in form.options}
    carried = [*(item.kind for item in payload.media), *(["link"] if payload.link else [])]
    for key in sorted(set(payload.options) - set(declared)):
        this = title if form.title == "Post" else f"{title}'s {form.title.lower()}"
        words = f"{this} has no option called {key.replace('_', ' ')}."
        yield Problem("error", words, "Remove it, or choose another form of post.", at=key)
    for option in form.options:
        value = payload.options.get(option.key)
        if value in (None, "", [], {}):
            if option.required and option.belongs(carried):
                yield Problem("error", f"{title} needs: {option.title}.", option.words or "Fill it in.", at=option.key)
            continue
        for each in _value(title, option, value, payload):
            yield replace(each, at=option.key)


def _value(title: str, option: Option, value: Any, payload: Payload) -> Iterator[Problem]:
    match option.shape, value:
        case "switch", bool():
            return
        case "line" | "text", str():
            yield from _text(title, option, value)
        case "people", [*names] if all(isinstance(name, str) and name.strip() for name in names):
            yield from _many(title, option, len(names))
        case "tags", [*tags] if all(isinstance(tag, Mapping) for tag in tags):
            yield from _many(title, option, len(tags))
            yield from _tags(option, tags, payload)
        case "moment", int() if not isinstance(value, bool):
            yield from _moment(option, value, payload)
        case "poll", Mapping():
            yield from _poll(title, option, value)
        case _:
            yield Problem("error", f"{option.title} holds something that can't be sent.", "Fill it in again.")


def _text(title: str, option: Option, value: str) -> Iterator[Problem]:
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        yield Problem("error", f"{option.title} has characters that can't be sent.", "Delete the broken characters.")
    over = len(value) - option.most
    if option.most and over > 0:
        words = f"{option.title} is {over:,} character{'s' if over > 1 else ''} too long for {title}"
        yield Problem("error", f"{words} (at most {option.most:,}).", f"Shorten it by {over:,}.")


def _many(title: str, option: Option, count: int) -> Iterator[Problem]:
    if option.most and count > option.most:
        words = f"{option.title} has {count} names; {title} takes at most {option.most}."
        yield Problem("error", words, f"Remove {count - option.most}.")


def _tags(option: Option, tags: Sequence[Mapping[str, Any]], payload: Payload) -> Iterator[Problem]:
    for tag in tags:
        number = tag.get("file", 0)
        known = isinstance(number, int) and 0 <= number < len(payload.media)
        places = [tag.get("x"), tag.get("y")]
        placed = all(isinstance(each, int | float) and 0 <= each <= 1 for each in places)
        needs_place = known and payload.media[number].kind == "image"
        if not isinstance(tag.get("username"), str) or not tag["username"].strip():
            yield Problem("error", f"{option.title}: a tag names nobody.", "Write the name, or remove the tag.")
        elif not known:
            yield Problem("error", f"{option.title}: @{tag['username']} is on a file that isn't here.", "Tag again.")
        elif (needs_place and not placed) or (not needs_place and any(each is not None for each in places)):
            yield Problem("error", f"{option.title}: the place of @{tag['username']} can't be used.", "Tag again.")


def _moment(option: Option, value: int, payload: Payload) -> Iterator[Problem]:
    longest = max((item.duration_ms for item in payload.media), default=0)
    if not 0 <= value <= longest:
        words = f"{option.title} is outside the video, which lasts {longest / 1000:.3g} s."
        yield Problem("error", words, "Choose a moment inside it.")


def _poll(title: str, option: Option, value: Mapping[str, Any]) -> Iterator[Problem]:
    """`Option.most` bounds the question; what else a network asks of a poll it looks at itself."""
    question, answers = value.get("question"), value.get("answers")
    if not isinstance(question, str) or not question.strip():
        yield Problem("error", "The poll asks nothing.", "Write the question.")
    elif option.most and len(question) > option.most:
        over = len(question) - option.most
        yield Problem("error", f"The question is {over} too long for {title} (at most {option.most}).", "Shorten it.")
    if not isinstance(answers, list) or not all(isinstance(each, str) and each.strip() for each in answers):
        yield Problem("error", "An answer of the poll is empty.", "Write it, or remove it.")
    elif not _ANSWERS[0] <= len(answers) <= _ANSWERS[1]:
        yield Problem("error", f"A poll has {_ANSWERS[0]} to {_ANSWERS[1]} answers.", "Add or remove some.")
    elif len({each.strip().casefold() for each in answers}) < len(answers):
        yield Problem("error", "Two answers of the poll are the same.", "Change one.")
