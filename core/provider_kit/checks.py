"""What is wrong with a payload on any network: problems that follow from its declared data alone."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from core.provider_kit import file_checks, option_checks
from core.provider_kit.counting import length
from core.provider_kit.types import Format, Network, Payload, Problem

_LONGEST_LINK: Final = 2048
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
# A mention as the networks that make one take it (`Network.mentions`): its name, and whom it means.
_MENTION: Final = re.compile(r"@\[[^\[\]\r\n]{1,200}\]\(urn:[^()\s]{1,200}\)")
_UNITS: Final = {"codepoints": "characters", "utf16": "characters", "utf8": "bytes", "graphemes": "characters"}


def problems(network: Network, payload: Payload) -> list[Problem]:
    """Problems by the network's declared data, errors first."""
    form = network.form(payload.format)
    if form is None:
        words = f"{network.title} has no form of post called {payload.format}."
        return [Problem("error", words, f"Choose {_listed([each.title for each in network.forms])}.", "format")]
    found = [
        *(replace(each, place="length") for each in _length(network, form, payload)),
        *(replace(each, place="text") for each in _text(network, form, payload)),
        *(replace(each, place="link") for each in _link(network, form, payload)),
        *(replace(each, place="image") for each in file_checks.problems(network.title, form, payload)),
        *(replace(each, place="option") for each in option_checks.problems(network.title, form, payload)),
        *(replace(each, place="comment") for each in _comment(network, form, payload)),
    ]
    return sorted(found, key=lambda problem: problem.severity != "error")


def knows(network: Network | None, payload: Payload) -> bool:
    """Whether this version has the network, form and options that a payload names; a newer one may have more."""
    form = network.form(payload.format) if network else None
    return form is not None and set(payload.options) <= {option.key for option in form.options}


def _listed(titles: Sequence[str]) -> str:
    return " or ".join((", ".join(titles[:-1]), titles[-1]) if len(titles) > 1 else titles)


def _text(network: Network, form: Format, payload: Payload) -> Iterator[Problem]:
    text = payload.text
    if not text.strip() and not payload.link and not payload.media and not payload.options and form.takes_text:
        yield Problem(
            "error", "The post is empty.", "Write a text or add a link." if form.takes_link else "Write a text."
        )
    if text.strip() and not form.takes_text:
        yield Problem("warning", f"{network.title}'s {form.title.lower()} has no text: yours is left out.", "")
    if form.takes_text and not network.mentions and (mention := _MENTION.search(text)):
        words = f"{network.title} makes no mention of “{mention[0]}” and shows it as it stands."
        yield Problem("warning", words, "Write the name alone for this account.")
    if _is_broken(text):
        yield Problem("error", "The text has characters that can't be sent.", "Delete the broken characters.")


def _comment(network: Network, form: Format, payload: Payload) -> Iterator[Problem]:
    rules = network.comments
    if not payload.comment:
        return
    if rules is None:
        yield Problem("error", f"{network.title} takes no first comment from here.", "Remove it.")
    elif not form.takes_comments:
        yield Problem(
            "error", f"{network.title}'s {form.title.lower()} takes no comments.", "Remove the first comment."
        )
    elif _is_broken(payload.comment):
        words = "The first comment has characters that can't be sent."
        yield Problem("error", words, "Delete the broken characters.")
    elif (over := length(payload.comment, rules.counter, rules.escaped) - rules.max_length) > 0:
        unit = _UNITS[rules.counter]
        yield Problem(
            "error",
            f"The first comment is {over:,} {unit if over > 1 else unit[:-1]} too long for {network.title}"
            f" (at most {rules.max_length:,}).",
            f"Shorten it by {over:,}.",
        )


def _length(network: Network, form: Format, payload: Payload) -> Iterator[Problem]:
    if _is_broken(payload.text) or not form.takes_text:
        return
    rules = form.text or network.text
    over = length(payload.text, rules.counter, rules.escaped) - rules.max_length
    if over > 0:
        unit = _UNITS[rules.counter]
        yield Problem(
            "error",
            f"The text is {over:,} {unit if over > 1 else unit[:-1]} too long for {network.title}"
            f" (at most {rules.max_length:,}).",
            f"Shorten it by {over:,}.",
        )


def _is_broken(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" or character == "\0" for character in text)


def _link(network: Network, form: Format, payload: Payload) -> Iterator[Problem]:
    if payload.link is None:
        return
    if not form.takes_link:
        yield Problem("error", f"{network.title} takes no separate link.", "Put the address into the text.")
    elif wrong := link_fault(payload.link):
        yield Problem("error", f"The link can't be used: {wrong}.", "Use an address like https://example.com/page.")


def link_fault(link: str) -> str:
    """What is wrong with a link, empty if nothing is; the host must be one that strangers can look up."""
    if len(link) > _LONGEST_LINK:
        return f"it is longer than {_LONGEST_LINK:,} characters"
    if any(character.isspace() or not character.isprintable() for character in link):
        return "it has spaces or invisible characters"
    try:
        parts = urlsplit(link)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "it is not an address"
    if parts.scheme not in {"http", "https"}:
        return "it must begin with https:// or http://"
    if parts.username is not None or parts.password is not None:
        return "it holds a user name or password"
    if port == 0:
        return "its port is 0"
    return _host_fault(host)


def _host_fault(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return "" if address.is_global else "its address isn't reachable from outside"
    try:
        ascii_host = host.encode("idna").decode().lower() if host else ""
    except UnicodeError:
        ascii_host = ""
    labels = ascii_host.removesuffix(".").split(".")
    if len(ascii_host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return "its host isn't a valid name"
    if len(labels) < 2 or labels[-1].isdigit() or labels[-1] in {"local", "localhost", "internal", "invalid"}:
        return "its host can't be reached from outside"
    return ""
