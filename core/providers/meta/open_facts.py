"""What isn't verified of Meta, and what a read tells of it on a live account (docs/providers/meta.md)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from core.provider_kit import hostile
from core.provider_kit.errors import ReconnectNeeded, Rejected
from core.provider_kit.verifying import Asked, Found, OpenFact, Verifier, how_slow
from core.providers.meta.graph import Graph
from core.providers.meta.settings import MetaSettings

_PAGE, _INSTAGRAM = "facebook", "instagram"
FACTS: Final = (
    OpenFact("the version, and when it ends", ("api_version", "api_version_ends"), "Look in Meta's changelog."),
    OpenFact(
        "how config_id of Facebook Login for Business is spelt",
        ("login_config_id",),
        "Make a configuration in the app, enter its number, connect.",
    ),
    OpenFact(
        "Pages reached through a portfolio alone",
        ("business_pages",),
        "Put a test Page into a portfolio, take the direct role away, connect: is it in the choice?",
    ),
    OpenFact(
        "which permissions comments and taking away want",
        ("live_scopes",),
        "Connect: which of them does the dialog list? Comment under a post, then take it away.",
    ),
    OpenFact("the field picture{url} of a Page", ("page_pictures",), "Ask a Page for it.", _PAGE),
    OpenFact(
        "the limit of a text and its unit",
        ("text_max", "text_counter"),
        "Post 31,604 emoji, then 63,207 letters, on a test Page.",
        _PAGE,
    ),
    OpenFact("where the feed folds a text", ("text_fold_at",), "Look at a long post.", _PAGE),
    OpenFact("the largest photo", ("photo_max_bytes",), "Upload one of 6 MB with published=false.", _PAGE),
    OpenFact("the limit of a photo's description", ("photo_alt_max",), "Send alt_text_custom of 1,001 letters.", _PAGE),
    OpenFact(
        "how long an unpublished photo lives",
        ("photo_lives_s",),
        "Upload one unpublished, ask for it a day later.",
        _PAGE,
    ),
    OpenFact(
        "how many posts a list gives, and its order",
        ("read_page_size", "read_pages_max"),
        "Publish and list at once, then every 5 s.",
        _PAGE,
    ),
    OpenFact("the longest comment of a Page", ("comment_max",), "Comment with 8,001 letters.", _PAGE),
    OpenFact("the longest video story", ("page_story_max_s",), "Send one of 75 s.", _PAGE),
    OpenFact("how many photos a post carries", ("photos_max",), "Publish one with 11 on a test Page.", _PAGE),
    OpenFact("the length of a video's title", ("title_max",), "Publish a video with a title of 256 letters.", _PAGE),
    OpenFact(
        "the largest and longest video of the feed",
        ("video_max_bytes", "video_max_s"),
        "Send one of 2.1 GB and one of 41 minutes to a test Page.",
        _PAGE,
    ),
    OpenFact("the largest reel and video story", ("page_reel_max_bytes",), "Send a reel of 1.1 GB.", _PAGE),
    OpenFact("the fewest frames a second of a reel", ("page_fps_least",), "Send a reel with 23.", _PAGE),
    OpenFact("whether MOV is taken as a video of a Page", ("page_movies",), "Set it to true and send one.", _PAGE),
    OpenFact("how long the session of an upload is of use", ("upload_lives_s",), "Go on with one a day later.", _PAGE),
    OpenFact(
        "whether a finish that had no effect makes one post when sent again",
        ("finish_again",),
        "Cut the connection behind a finish a few times, then send it again; count the posts.",
        _PAGE,
    ),
    OpenFact(
        "the unit of a caption", ("caption_max", "caption_counter"), "Publish a caption of 1,101 emoji.", _INSTAGRAM
    ),
    OpenFact("where the feed folds a caption", ("caption_fold_at",), "Look at a post.", _INSTAGRAM),
    OpenFact(
        "what counts as a hashtag and a mention",
        ("hashtags_max", "mentions_max"),
        "Publish a caption with 31 hashtags.",
        _INSTAGRAM,
    ),
    OpenFact("the largest picture", ("image_max_bytes",), "Publish a JPEG of 8.2 MB.", _INSTAGRAM),
    OpenFact("posts in 24 hours", ("daily_posts",), "Ask content_publishing_limit of the account.", _INSTAGRAM),
    OpenFact("how long a container lives", ("container_lives_s",), "Make one, publish it a day later.", _INSTAGRAM),
    OpenFact(
        "how often a container's state may be asked",
        ("poll_first_s", "poll_longest_s"),
        "Look at the usage headers of an hour with many pictures.",
        _INSTAGRAM,
    ),
    OpenFact(
        "that FINISHED after a lost media_publish means that nothing was done",
        ("repeat_after_s",),
        "Cut the connection behind media_publish a few times; compare the container's state with the profile.",
        _INSTAGRAM,
    ),
    OpenFact("the longest comment", ("instagram_comment_max",), "Comment with 301 letters.", _INSTAGRAM),
    OpenFact("the largest reel", ("reel_max_bytes",), "Publish one of 310 MB.", _INSTAGRAM),
    OpenFact(
        "what a video in a carousel may be",
        ("carousel_video_max_bytes", "carousel_video_max_s"),
        "Publish a carousel with a video of 101 MB and with one of 61 s.",
        _INSTAGRAM,
    ),
    OpenFact("how many accounts can be tagged", ("tags_max",), "Publish an image with 21 tags.", _INSTAGRAM),
    OpenFact(
        "how slow Meta can be",
        ("call_timeout_s", "upload_timeout_s", "prepare_timeout_s", "connect_timeout_s", "accounts_timeout_s"),
        "Look at the metrics of calls, over some days.",
    ),
)


def verifier(settings: MetaSettings, graph: Graph) -> Verifier:
    """The facts with what asks about them."""
    asks = {
        "business_pages": partial(_portfolios, graph),
        "page_pictures": partial(_picture, graph),
        "read_page_size": partial(_list, graph),
        "daily_posts": partial(_daily_posts, graph, settings),
        "call_timeout_s": partial(_slow, graph),
    }
    return Verifier("meta", settings, FACTS, asks)


def _portfolios(graph: Graph, asked: Asked) -> Found:
    try:
        reply = graph.get("me", "businesses", token=asked.grant, params={"fields": "id", "limit": "100"})
    except (ReconnectNeeded, Rejected) as refused:
        return Found(f"portfolios can't be listed ({refused.reason})", "false")
    count = len(hostile.items(reply.body.get("data")))
    return Found(f"{count} {'portfolio is' if count == 1 else 'portfolios are'} listed")


def _picture(graph: Graph, asked: Asked) -> Found:
    try:
        body = _read(graph, asked, "picture{url}")
    except (ReconnectNeeded, Rejected) as refused:
        return Found(f"the field is refused ({refused.reason})", "false")
    address = hostile.web_address(hostile.mapping(hostile.mapping(body.get("picture")).get("data")).get("url"))
    return Found("the field holds an address") if address else Found("the field holds no address", "false")


def _list(graph: Graph, asked: Asked) -> Found:
    account = asked.access.provider_account_id
    params = {"fields": "id,created_time", "limit": "100"}
    reply = graph.get(account, "published_posts", token=asked.access.token, params=params)
    times = [hostile.line(each.get("created_time"), limit=40) for each in _mappings(reply.body)]
    order = "newest first" if times == sorted(times, reverse=True) else "not in the order of their making"
    return Found(f"asked for 100, {len(times)} came, {order}")


def _daily_posts(graph: Graph, settings: MetaSettings, asked: Asked) -> Found:
    account = asked.access.provider_account_id
    params = {"fields": "config,quota_usage"}
    reply = graph.get(account, "content_publishing_limit", token=asked.access.token, params=params)
    first = next(iter(_mappings(reply.body)), {})
    total = hostile.whole(hostile.mapping(first.get("config")).get("quota_total"))
    if total is None or total < 1:
        return Found("no number is given")
    used = hostile.whole(first.get("quota_usage"))
    said = f"{total} posts" + ("" if used is None else f", {used} of them used")
    return Found(said, "" if total == settings.daily_posts else str(total))


def _slow(graph: Graph, asked: Asked) -> Found:
    return how_slow(lambda: _read(graph, asked, "id"))


def _read(graph: Graph, asked: Asked, fields: str) -> Mapping[str, Any]:
    return graph.get(asked.access.provider_account_id, token=asked.access.token, params={"fields": fields}).body


def _mappings(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [hostile.mapping(each) for each in hostile.items(body.get("data"))]
