"""Problems that follow from a network's declared data."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.provider_kit.checks import link_fault, problems
from core.provider_kit.types import ImageRules, MediaItem, Network, Payload, TextRules

NETWORK = Network("town", "Town Crier", "x", "#000000", TextRules("utf16", 10, source="here"), takes_link=True)
PAYLOAD = Payload("town", "1", "Hello")


def words(network: Network, payload: Payload) -> list[str]:
    return [problem.words for problem in problems(network, payload)]


def test_a_good_payload_has_none() -> None:
    assert problems(NETWORK, PAYLOAD) == []
    assert problems(NETWORK, replace(PAYLOAD, text="1234567890")) == []
    assert problems(NETWORK, replace(PAYLOAD, text="", link="https://example.com")) == []


@pytest.mark.parametrize("text", ["", "  \n\t "])
def test_empty(text: str) -> None:
    assert words(NETWORK, replace(PAYLOAD, text=text)) == ["The post is empty."]


@pytest.mark.parametrize(
    ("text", "over"),
    [("x" * 11, "1 character too"), ("x" * 1_244, "1,234 characters too"), ("😀" * 6, "2 characters too")],
)
def test_too_long_says_by_exactly_how_much(text: str, over: str) -> None:
    (problem,) = problems(NETWORK, replace(PAYLOAD, text=text))
    assert over in problem.words
    assert "at most 10" in problem.words
    assert problem.fix.startswith("Shorten it by ")


def test_bytes_are_called_bytes() -> None:
    network = replace(NETWORK, text=TextRules("utf8", 10))
    assert "1 byte too long" in words(network, replace(PAYLOAD, text="é" * 5 + "x"))[0]


MENTION = "By @[Ada](urn:li:person:x)"


def test_a_mention_that_the_network_makes_none_of_is_warned_of() -> None:
    network = replace(NETWORK, text=TextRules("utf16", 100))
    (problem,) = problems(network, replace(PAYLOAD, text=MENTION))
    assert problem.severity == "warning"
    assert problem.words == "Town Crier makes no mention of “@[Ada](urn:li:person:x)” and shows it as it stands."
    assert problems(replace(network, mentions=True), replace(PAYLOAD, text=MENTION)) == []
    assert problems(network, replace(PAYLOAD, text="@[Ada](https://x.example) @Ada [Ada](urn:x)")) == []


@pytest.mark.parametrize("text", ["a\ud800", "a\x00b"])
def test_characters_that_cannot_be_sent(text: str) -> None:
    assert words(NETWORK, replace(PAYLOAD, text=text)) == ["The text has characters that can't be sent."]


@pytest.mark.parametrize(
    ("comments", "comment", "said"),
    [
        (TextRules("codepoints", 5), "12345", []),
        (
            TextRules("codepoints", 5),
            "1234567",
            ["The first comment is 2 characters too long for Town Crier (at most 5)."],
        ),
        (TextRules("utf8", 5), "12345é", ["The first comment is 2 bytes too long for Town Crier (at most 5)."]),
        (TextRules("codepoints", 5), "a\x00b", ["The first comment has characters that can't be sent."]),
        (None, "Hi", ["Town Crier takes no first comment from here."]),
        (None, "", []),
    ],
)
def test_a_first_comment(comments: TextRules | None, comment: str, said: list[str]) -> None:
    found = problems(replace(NETWORK, comments=comments), replace(PAYLOAD, comment=comment))
    assert [(each.words, each.place) for each in found] == [(words, "comment") for words in said]


def test_a_network_without_links_and_one_that_needs_an_image() -> None:
    assert words(replace(NETWORK, takes_link=False), replace(PAYLOAD, link="https://example.com")) == [
        "Town Crier takes no separate link."
    ]
    needs = replace(NETWORK, needs_media=True, images=IMAGES)
    assert words(needs, PAYLOAD) == ["Town Crier needs an image."]


@pytest.mark.parametrize(
    "link",
    [
        "https://example.com",
        "http://example.com/",
        "HTTPS://Example.COM/a?b=c#d",
        "https://example.com:8443/a",
        "https://münchen.example/straße?ü=1",
        "https://xn--mnchen-3ya.example/",
        "https://example.com./",
        "https://8.8.8.8/a",
        "https://[2606:4700::1111]/",
        "https://a_b.example.com/",
    ],
)
def test_links_that_can_be_used(link: str) -> None:
    assert link_fault(link) == ""


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ("example.com", "must begin with"),
        ("ftp://example.com", "must begin with"),
        ("javascript:alert(1)", "must begin with"),
        ("//example.com", "must begin with"),
        ("", "must begin with"),
        ("https://", "valid name"),
        ("https:///path", "valid name"),
        ("https://exa mple.com", "spaces"),
        ("https://example.com/\u202eevil", "invisible"),
        ("https://example.com/a\nb", "spaces"),
        ("https://user:pw@example.com", "user name"),
        ("https://user@example.com", "user name"),
        ("https://example.com:0/", "port is 0"),
        ("https://example.com:99999/", "not an address"),
        ("https://[::1", "not an address"),
        ("https://-a.example", "valid name"),
        ("https://a..example", "valid name"),
        ("https://" + "a" * 64 + ".example", "valid name"),
        ("https://" + "a." * 130 + "example", "valid name"),
        ("https://localhost/", "outside"),
        ("https://printer.local/", "outside"),
        ("https://intranet/", "outside"),
        ("https://127.0.0.1/", "outside"),
        ("https://10.0.0.8/", "outside"),
        ("https://169.254.169.254/latest", "outside"),
        ("https://[::ffff:127.0.0.1]/", "outside"),
        ("https://0/", "outside"),
        ("https://127.1/", "outside"),
        ("https://example.com/" + "a" * 3000, "longer than"),
    ],
)
def test_links_that_cannot(link: str, fault: str) -> None:
    assert fault in link_fault(link)
    if link:
        (problem,) = problems(NETWORK, replace(PAYLOAD, link=link))
        assert problem.severity == "error"
        assert fault in problem.words


IMAGES = ImageRules(("image/jpeg",), 8_000_000, ratio=(0.8, 1.91), min_width=320, max_pixels=4_000_000, max_alt=10)
GALLERY = replace(NETWORK, images=IMAGES)
PHOTO = MediaItem("0" * 64, "image/jpeg", 1080, 1080, 500_000)


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (PHOTO, []),
        (replace(PHOTO, height=1350), []),
        (replace(PHOTO, mime="image/png"), ["Town Crier takes JPEG, and this image is another kind."]),
        (replace(PHOTO, size=8_500_000), ["The image is 8.5 MB; Town Crier takes at most 8 MB."]),
        (
            replace(PHOTO, height=1400),
            ["The image is 1080 x 1400 pixels, 0.77:1; Town Crier takes 4:5 to 1.91:1."],
        ),
        (
            replace(PHOTO, width=300, height=300),
            ["The image is 300 pixels wide; Town Crier needs at least 320."],
        ),
        (
            replace(PHOTO, width=2100, height=2000),
            ["The image has 4,200,000 pixels; Town Crier takes at most 4,000,000."],
        ),
        (
            replace(PHOTO, alt="x" * 12),
            ["The description of the image is 2 characters too long for Town Crier (at most 10)."],
        ),
    ],
)
def test_an_image_is_held_against_what_the_network_takes(item: MediaItem, said: list[str]) -> None:
    assert words(GALLERY, replace(PAYLOAD, media=(item,))) == said


def test_a_post_carries_one_image() -> None:
    assert words(GALLERY, replace(PAYLOAD, media=(PHOTO, PHOTO))) == ["Town Crier posts carry one image here."]


def test_a_network_without_images_takes_none() -> None:
    assert words(NETWORK, replace(PAYLOAD, media=(PHOTO,))) == ["Town Crier posts can't carry an image here."]


def test_what_must_be_escaped_counts_with_its_escape() -> None:
    network = replace(NETWORK, text=TextRules("utf16", 10, escaped="()#"))
    assert words(network, replace(PAYLOAD, text="12345 (8)")) == [
        "The text is 1 character too long for Town Crier (at most 10)."
    ]
