"""What is wrong with a payload on any network: problems that follow from its declared data alone."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from core.provider_kit.counting import length
from core.provider_kit.types import ImageRules, MediaItem, Network, Payload, Problem

_LONGEST_LINK: Final = 2048
_MEGABYTE: Final = 1_000_000
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_UNITS: Final = {"codepoints": "characters", "utf16": "characters", "utf8": "bytes", "graphemes": "characters"}


def problems(network: Network, payload: Payload) -> list[Problem]:
    """Problems by the network's declared data, errors first."""
    found = [
        *(replace(each, place="length") for each in _length(network, payload)),
        *(replace(each, place="text") for each in _text(network, payload)),
        *(replace(each, place="link") for each in _link(network, payload)),
        *(replace(each, place="image") for each in _media(network, payload)),
    ]
    return sorted(found, key=lambda problem: problem.severity != "error")


def _text(network: Network, payload: Payload) -> Iterator[Problem]:
    text = payload.text
    if not text.strip() and not payload.link and not payload.media:
        yield Problem(
            "error", "The post is empty.", "Write a text or add a link." if network.takes_link else "Write a text."
        )
    if _is_broken(text):
        yield Problem("error", "The text has characters that can't be sent.", "Delete the broken characters.")


def _length(network: Network, payload: Payload) -> Iterator[Problem]:
    if _is_broken(payload.text):
        return
    over = length(payload.text, network.text.counter, network.text.escaped) - network.text.max_length
    if over > 0:
        unit = _UNITS[network.text.counter]
        yield Problem(
            "error",
            f"The text is {over:,} {unit if over > 1 else unit[:-1]} too long for {network.title}"
            f" (at most {network.text.max_length:,}).",
            f"Shorten it by {over:,}.",
        )


def _is_broken(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" or character == "\0" for character in text)


def _link(network: Network, payload: Payload) -> Iterator[Problem]:
    if payload.link is None:
        return
    if not network.takes_link:
        yield Problem("error", f"{network.title} takes no separate link.", "Put the address into the text.")
    elif wrong := link_fault(payload.link):
        yield Problem("error", f"The link can't be used: {wrong}.", "Use an address like https://example.com/page.")


def _media(network: Network, payload: Payload) -> Iterator[Problem]:
    if network.needs_media and not payload.media:
        yield Problem("error", f"{network.title} needs an image.", "Add an image.")
    rules = network.images
    if payload.media and rules is None:
        yield Problem("error", f"{network.title} posts can't carry an image here.", "Remove the image.")
    elif rules is not None:
        if len(payload.media) > 1:
            yield Problem("error", f"{network.title} posts carry one image here.", "Keep one image.")
        for item in payload.media:
            yield from _image(network.title, rules, item)


def _image(title: str, rules: ImageRules, item: MediaItem) -> Iterator[Problem]:
    if item.mime not in rules.mimes:
        takes = " or ".join(each.removeprefix("image/").upper() for each in rules.mimes)
        yield Problem("error", f"{title} takes {takes}, and this image is another kind.", "Upload the image again.")
    if item.size > rules.max_bytes:
        yield Problem(
            "error",
            f"The image is {item.size / _MEGABYTE:.1f} MB; {title} takes at most {rules.max_bytes / _MEGABYTE:.0f} MB.",
            "Choose a smaller one.",
        )
    if rules.ratio is not None and not rules.ratio[0] <= round(item.width / item.height, 2) <= rules.ratio[1]:
        yield Problem(
            "error",
            f"The image is {item.width} x {item.height} pixels, {item.width / item.height:.2f}:1;"
            f" {title} takes {rules.ratio[0]:.2f}:1 to {rules.ratio[1]:.2f}:1.",
            "Crop it, or choose another one.",
        )
    if item.width < rules.min_width:
        yield Problem(
            "error",
            f"The image is {item.width} pixels wide; {title} needs at least {rules.min_width}.",
            "Choose a larger one.",
        )
    if rules.max_pixels is not None and item.width * item.height > rules.max_pixels:
        yield Problem(
            "error",
            f"The image has {item.width * item.height:,} pixels; {title} takes at most {rules.max_pixels:,}.",
            "Choose a smaller one.",
        )
    if item.alt and not rules.max_alt:
        yield Problem("warning", f"{title} takes no description of an image; it is left out.", "")
    elif len(item.alt) > rules.max_alt:
        yield Problem(
            "error",
            f"The description of the image is {len(item.alt) - rules.max_alt:,} characters too long for {title}"
            f" (at most {rules.max_alt:,}).",
            "Shorten it.",
        )


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
