"""The browser and core agree on what an account gets of a post, and in which form."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

import pytest

from console.components import frontend, networks
from console.components.composer import _content, _version
from core import providers
from core.posts.content import Attached, Content, Variant
from core.posts.payloads import form_of
from core.provider_kit.types import DocumentRules, Format, ImageRules, Network, Option, TextRules, VideoRules, kind_of

ACCOUNT = UUID(int=7)
IMAGES = ImageRules(("image/jpeg",), 8_000_000, ratio=(0.8, 1.91), max_alt=100)
VIDEOS = VideoRules(("video/mp4",), 100_000_000, (3, 900))
FORMS = (
    Format("feed", "Post", files=(0, 1), images=IMAGES, takes_link=True),
    Format("carousel", "Carousel", files=(2, 10), images=IMAGES, videos=VIDEOS, videos_most=10, mixed=True),
    Format("reel", "Reel", files=(1, 1), videos=VIDEOS, covers=IMAGES, options=(Option("title", "Title", "line"),)),
    Format("paper", "Document", files=(1, 1), documents=DocumentRules(("application/pdf",), 100_000_000, 300)),
    Format("story", "Story", files=(1, 1), images=IMAGES, videos=VIDEOS, takes_text=False),
)
NETWORK = Network("town", "Town Crier", "", "#123456", TextRules("codepoints", 500), True, images=IMAGES, formats=FORMS)
MIMES = ("image/jpeg", "video/mp4", "application/pdf")
MEDIA = {UUID(int=100 + number): MIMES[number % 3] for number in range(6)}


def contents() -> list[Content]:
    """Posts and variants of all sorts, each with something of its own."""
    files = [tuple(map(Attached, chosen)) for size in range(4) for chosen in itertools.combinations(MEDIA, size)]
    variants: list[dict[UUID, Variant]] = [
        {},
        {ACCOUNT: Variant(text="")},
        {ACCOUNT: Variant(files=(), format="story")},
        {ACCOUNT: Variant(files=(Attached(UUID(int=101), "A clip"),), cover=UUID(int=100), options={"title": ""})},
        {ACCOUNT: Variant(comment="First!", format="gone")},
    ]
    formats = (None, "reel", "nowhere")
    return [
        Content("Hello", "https://example.com", several, UUID(int=100), form, {"title": "Beans"}, "More below", own)
        for several, form, own in itertools.product(files, formats, variants)
    ]


def node(script: str) -> Any:
    ran = subprocess.run(["node", "--input-type=module", "-"], input=script, capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


def as_core_says(content: Content) -> dict[str, Any]:
    got = content.of(ACCOUNT)
    kinds = [kind_of(MEDIA[each.media_id]) for each in got.files]
    return {
        "text": got.text,
        "files": [str(each.media_id) for each in got.files],
        "cover": str(got.cover) if got.cover else None,
        "options": dict(got.options),
        "comment": got.comment,
        "form": form_of(NETWORK, got, kinds)[0],
    }


@pytest.mark.skipif(shutil.which("node") is None, reason="no node here")
def test_the_browser_gives_an_account_what_core_gives_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "networks", lambda: {"town": NETWORK})
    told = contents()
    media = [[str(media_id), {"mime": mime}] for media_id, mime in MEDIA.items()]
    script = f"""
      {frontend.script("version", "forms")}
      const m = {{ media: new Map({json.dumps(media)}) }}
      const account = {{ id: '{ACCOUNT}', network: {json.dumps(networks.network_data("town"))} }}
      console.log(JSON.stringify({json.dumps([_version(each) for each in told])}.map(version => {{
        const got = given(version, account.id)
        return {{
          text: got.text, files: got.files.map(each => each.media), cover: got.cover, options: got.options,
          comment: got.comment, form: formOf(account, got, m).key
        }}
      }})))
    """
    assert node(script) == [as_core_says(each) for each in told]


TITLE, ABOUT = Option("title", "Title", "line", of=("video",)), Option("about", "About", "text", of=("link",))
SQUARE = Network(
    "square",
    "Square",
    "",
    "#123456",
    TextRules("codepoints", 500),
    True,
    formats=(
        Format("feed", "Post", files=(0, 10), images=IMAGES, videos=VIDEOS, takes_link=True, options=(TITLE, ABOUT)),
        Format("poll", "Poll", files=(0, 0), options=(Option("poll", "Poll", "poll", required=True),)),
    ),
)


@pytest.mark.skipif(shutil.which("node") is None, reason="no node here")
def test_only_what_the_form_and_its_files_carry_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "networks", lambda: {"town": NETWORK, "square": SQUARE})
    photo, clip = UUID(int=100), UUID(int=101)
    told = (
        ("square", Content()),
        ("square", Content(files=(Attached(photo),))),
        ("square", Content(files=(Attached(clip),))),
        ("square", Content(link="https://a.example")),
        ("square", Content(format="poll")),
        ("town", Content(format="paper")),
    )
    asked = [[_version(content), networks.network_data(key)] for key, content in told]
    media = [[str(media_id), {"mime": MIMES[number]}] for number, media_id in enumerate((photo, clip))]
    script = f"""
      {frontend.script("version", "forms", "files_field", "options_field")}
      console.log(JSON.stringify({json.dumps(asked)}.map(([now, network]) => {{
        const m = {{ now, tab: null, media: new Map({json.dumps(media)}) }}
        const data = {{ accounts: [{{ id: '{ACCOUNT}', network }}], image_types: [] }}
        const taken = takenFiles(m, data, null)
        return [askedOf(reached(m, data), m).map(each => each.key), taken.kinds, taken.most, saidOfTaken(taken)]
      }})))
    """
    either = "Images (JPEG or PNG, at most 10 MB) or videos. Drop or paste them here too."
    assert node(script) == [
        [[], ["image", "video"], 10, either],
        [[], ["image", "video"], 10, either],
        [["title"], ["image", "video"], 10, either],
        [["about"], ["image", "video"], 10, either],
        [["poll"], [], 0, "No files: what is chosen takes none."],
        [[], ["document"], 1, "Documents. Drop or paste them here too."],
    ]


@pytest.mark.skipif(shutil.which("node") is None, reason="no node here")
def test_what_differs_in_nothing_is_no_variant_and_order_of_names_is_no_difference() -> None:
    script = f"""
      {frontend.script("version")}
      const version = {json.dumps(_version(Content(options={"a": 1, "b": 2})))}
      const own = changed(version, 'x', {{ text: 'Mine' }})
      console.log(JSON.stringify([
        Object.keys(own.variants), Object.keys(changed(own, 'x', {{ text: null }}).variants),
        same(version, {{ ...version, options: {{ b: 2, a: 1 }} }}),
        same(version, {{ ...version, options: {{ b: 2 }} }}),
      ]))
    """
    assert node(script) == [["x"], [], True, False]


def test_what_the_browser_holds_comes_back_as_it_was() -> None:
    told = contents()
    assert [_content(_version(each)) for each in told] == [
        Content(**{**vars_of(each), "variants": {who: own for who, own in each.variants.items() if own != Variant()}})
        for each in told
    ]


def vars_of(content: Content) -> dict[str, Any]:
    return {name: getattr(content, name) for name in asdict(content)}


def test_a_form_says_what_it_needs() -> None:
    needs = {form.key: networks._form(NETWORK, form)["needs"] for form in FORMS}
    images, videos = "images 4:5 to 1.91:1, at most 8 MB", "videos of 3 s to 15 min, at most 100 MB"
    text = "text of at most 500 characters"
    assert needs == {
        "feed": f"At most 1 image; {images}; {text}",
        "carousel": f"2 to 10 images or videos; {images}; {videos}; {text}",
        "reel": f"Needs 1 video; {videos}; {text}",
        "paper": f"Needs 1 document; documents of at most 100 MB and 300 pages; {text}",
        "story": f"Needs 1 image or video; {images}; {videos}; no text",
    }
    fewer_videos = replace(FORMS[1], files=(0, 10), videos_most=1)
    assert networks._number(replace(fewer_videos, mixed=False)) == "At most 10 images, or 1 video"
    assert networks._number(fewer_videos) == "At most 10 images or videos, at most 1 of them videos"
    assert networks._number(replace(fewer_videos, files=(0, 0))) == "No files"
