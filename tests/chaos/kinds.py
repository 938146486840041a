"""Every other kind of post: what it carries, where its calls go, and a share of the faults for each.

How a publication moves is the same for all of them, and `shapes` tries that with every fault. Here it is what the steps
of a kind leave behind that counts: uploads begun, containers, children, and what a lost answer is proven by.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from tests.chaos.shapes import (
    COMMON,
    GRAPH,
    MAKING,
    REST,
    SHAPES,
    WATCHED,
    Shape,
    instagram_of,
    linkedin_of,
    page_of,
)

_AT_THE_CALL: Final = ("none", "refuse", "error_after", "reset_after", "refused_but_live")
FAULTS: Final = (*(fault for fault in COMMON if fault.name in _AT_THE_CALL), *MAKING)


def _post(edge: str) -> Callable[[str], str]:
    return lambda account: f"POST /*.facebook.com/*/{account}/{edge}"


def _get(edge: str) -> Callable[[str], str]:
    return lambda account: f"GET {GRAPH}/{account}/{edge}"


def _beginning(assets: str) -> Callable[[str], str]:
    return lambda _account: f"POST {REST}/{assets}"


_ON_A_PAGE: Final = partial(
    Shape, network="facebook", provider="meta", faults=FAULTS, account=page_of, waits=lambda _fault: False
)
_UPLOADED: Final = partial(
    _ON_A_PAGE, files=("video",), begins="start", finishes="finish", names_posts=False, waits=lambda _fault: True
)
_ON_INSTAGRAM: Final = partial(
    Shape,
    network="instagram",
    provider="meta",
    faults=FAULTS,
    account=instagram_of,
    feed=_post("media_publish"),
    making=_post("media"),
    reading=_get("media"),
    waits=lambda _fault: False,
)
_ON_LINKEDIN: Final = partial(
    Shape,
    network="linkedin",
    provider="linkedin",
    faults=FAULTS,
    account=linkedin_of,
    feed=lambda _account: f"POST {REST}/posts",
    reading=lambda _account: f"GET {REST}/posts",
    waits=lambda _fault: True,
)
_PHOTOS: Final = _post("photos")
KINDS: Final[tuple[Shape, ...]] = (
    _ON_A_PAGE(
        "facebook photos",
        feed=_post("feed"),
        making=_PHOTOS,
        reading=_get("published_posts"),
        files=("image", "image"),
    ),
    _UPLOADED(
        "facebook video",
        feed=_post("videos"),
        making=_post("videos"),
        reading=_get("videos"),
        waits=lambda _fault: False,  # it is processed behind the visible call
    ),
    _UPLOADED(
        "facebook reel",
        feed=_post("video_reels"),
        making=_post("video_reels"),
        reading=_get("video_reels"),
        form="reel",
    ),
    _ON_A_PAGE(
        "facebook photo story",
        feed=_post("photo_stories"),
        making=_PHOTOS,
        reading=_get("stories"),
        files=("image",),
        form="story",
        says_text=False,
    ),
    _UPLOADED(
        "facebook video story",
        feed=_post("video_stories"),
        making=_post("video_stories"),
        reading=_get("stories"),
        form="story",
        says_text=False,
        names_posts=True,
    ),
    _ON_INSTAGRAM("instagram carousel", files=("image", "video"), form="carousel", waits=lambda _fault: True),
    _ON_INSTAGRAM("instagram reel", files=("video",), form="reel", waits=lambda _fault: True),
    _ON_INSTAGRAM("instagram image story", files=("image",), form="story", says_text=False),
    _ON_INSTAGRAM("instagram video story", files=("video",), form="story", says_text=False, waits=lambda _fault: True),
    _ON_INSTAGRAM(
        "instagram image, prepared ahead",
        faults=(*FAULTS, *(fault for fault in WATCHED if fault.name.startswith("slow_container"))),
        files=("image",),
        waits=lambda fault: fault.name.startswith("slow_container"),
        ahead=True,
    ),
    _UPLOADED(
        "facebook reel, prepared ahead",
        feed=_post("video_reels"),
        making=_post("video_reels"),
        reading=_get("video_reels"),
        form="reel",
        ahead=True,
    ),
    _ON_LINKEDIN("linkedin images", making=_beginning("images"), files=("image", "image")),
    _ON_LINKEDIN("linkedin video", making=_beginning("videos"), files=("video",)),
    _ON_LINKEDIN(
        "linkedin document",
        making=_beginning("documents"),
        files=("document",),
        form="document",
        options={"title": "How we roast"},
    ),
    _ON_LINKEDIN(
        "linkedin poll",
        making=None,
        form="poll",
        options={"poll": {"question": "Which one?", "answers": ["Peru", "Kenya"], "days": 1}},
        waits=lambda _fault: False,
    ),
)
EVERY: Final = (*SHAPES, *KINDS)
