"""What isn't verified of LinkedIn, and what a read tells of it on a live account (docs/providers/linkedin.md)."""

from __future__ import annotations

from functools import partial
from typing import Final

from core.provider_kit import hostile
from core.provider_kit.errors import ReconnectNeeded, Rejected
from core.provider_kit.verifying import Asked, Found, OpenFact, Verifier, how_slow
from core.providers.linkedin import urns
from core.providers.linkedin.organizations import logo_urn
from core.providers.linkedin.rest import Rest
from core.providers.linkedin.settings import App, LinkedInSettings
from core.providers.linkedin.tokens import names

_DAY_S: Final = 86_400
FACTS: Final = (
    OpenFact(
        "the version, and when it ends",
        ("version", "version_ends"),
        "Send a call with a newer Linkedin-Version: 426 means that it isn't active.",
    ),
    OpenFact("where upload addresses lead", ("upload_url",), "Initialize an upload, compare the host of its address."),
    OpenFact(
        "whether uploads want the bearer token",
        ("upload_sends_token",),
        "Upload one image with and one without the header: both must be 201.",
    ),
    OpenFact(
        "that a new token may seem revoked for some seconds",
        ("fresh_token_pause_s",),
        "Connect a few times and look in the log for a 401 right after the exchange.",
    ),
    OpenFact("how long a consent lasts", ("consent_days",), "Look at refresh_token_expires_in of the first exchange."),
    OpenFact("which scopes the app has", ("scopes", "member_scopes"), "Look in the app's Auth tab."),
    OpenFact("that a Page's logo is readable as an image", ("logos",), "Look for logos in the choice of Pages."),
    OpenFact(
        "the limit of a text, its unit, and whether escapes count",
        ("text_max", "text_counter", "text_counts_escapes"),
        "Post 1,501 emoji, then 2,990 letters with 20 escaped brackets, on a test Page.",
    ),
    OpenFact("where the feed folds a text", ("text_fold_at",), "Look at a long post in the feed."),
    OpenFact("the largest picture", ("image_max_bytes",), "Upload a JPEG of 12 MB, then ask for its state."),
    OpenFact(
        "how long processing takes",
        ("image_poll_s", "poll_first_s", "poll_longest_s", "image_grace_s", "video_grace_s"),
        "Note the time between the PUT and AVAILABLE, for a small and a large file.",
    ),
    OpenFact(
        "how long an unused upload stays of use",
        ("image_lives_s", "upload_lives_s"),
        "Post a picture that was uploaded the day before yesterday.",
    ),
    OpenFact(
        "whether a member's token reads the state of its own files",
        ("member_states",),
        "Ask for the state of a picture, a video and a document of a member's with that member's token.",
    ),
    OpenFact(
        "the smallest and the largest video",
        ("video_min_bytes", "video_max_bytes"),
        "Upload one of 74 KB and one of 501 MB.",
    ),
    OpenFact(
        "how a video's thumbnail is taken", ("video_covers",), "Upload a video with a thumbnail; look at the post."
    ),
    OpenFact(
        "whether parts of a video want the bearer token",
        ("video_sends_token",),
        "Upload one video with and one without the header.",
    ),
    OpenFact(
        "how long the title of a video or document may be",
        ("title_max", "description_max"),
        "Post a document with a title of 401 letters.",
    ),
    OpenFact(
        "the largest document, and how long sending it may take",
        ("document_max_bytes", "document_timeout_s"),
        "Upload one of 101 MB.",
    ),
    OpenFact(
        "how many comments a list gives",
        ("comments_page_size", "comments_pages_max"),
        "Ask for 101 comments of a post that has more.",
    ),
    OpenFact(
        "how many posts the finder gives, and its order",
        ("read_page_size", "read_pages_max"),
        "Ask the finder of a test Page with count=100.",
    ),
    OpenFact(
        "how slow LinkedIn can be",
        ("call_timeout_s", "upload_timeout_s", "connect_timeout_s", "accounts_timeout_s"),
        "Look at the metrics of calls, over some days.",
    ),
)


def verifier(settings: LinkedInSettings, rest: Rest, app: App) -> Verifier:
    """The facts with what asks about them."""
    asks = {
        "version": partial(_version, rest, settings, app),
        "consent_days": partial(_consent, rest, settings, app),
        "member_scopes" if app == settings.member_app else "scopes": partial(_scopes, rest, app),
        "logos": partial(_logo, rest),
        "read_page_size": partial(_finder, rest),
        "call_timeout_s": partial(_slow, rest, app),
    }
    return Verifier("linkedin", settings, FACTS, asks)


def _version(rest: Rest, settings: LinkedInSettings, app: App, asked: Asked) -> Found:
    if "openid" in app.scopes:
        return Found("this app's reads name no version")
    rest.get("me", token=asked.grant)
    return Found(f"{settings.version} is served")


def _consent(rest: Rest, settings: LinkedInSettings, app: App, asked: Asked) -> Found:
    """What renews an access ends with the consent (linkedin 2.4); an access alone ends long before."""
    if asked.renewal is None:
        return Found("this app gets nothing to renew an access by, so the end isn't told")
    said = rest.sign_in("introspectToken", app, {"token": asked.renewal.get_secret_value()}).body
    since, until = hostile.whole(said.get("authorized_at")), hostile.whole(said.get("expires_at"))
    if since is None or until is None:
        return Found("no times are given")
    days = round((until - since) / _DAY_S)
    return Found(f"it lasts {days} days", "" if days == settings.consent_days else str(days))


def _scopes(rest: Rest, app: App, asked: Asked) -> Found:
    said = rest.sign_in("introspectToken", app, {"token": asked.grant.get_secret_value()}).body
    given = names(said.get("scope"))
    lacking = [scope for scope in app.scopes if scope not in given]
    if not lacking:
        return Found("all that are asked for were given")
    return Found(f"{', '.join(lacking)} not given", " ".join(scope for scope in app.scopes if scope in given))


def _logo(rest: Rest, asked: Asked) -> Found:
    number = urns.organization_number(asked.access.provider_account_id)
    if number is None:
        return Found("members have none")
    urn = logo_urn(rest.get("organizations", number, token=asked.access.token).body)
    if urn is None:
        return Found("this Page has no logo")
    try:
        image = rest.get("images", urn, token=asked.access.token).body
    except (ReconnectNeeded, Rejected) as refused:
        return Found(f"it can't be read ({refused.reason})", "false")
    return Found("it is readable") if hostile.web_address(image.get("downloadUrl")) else Found("no address", "false")


def _finder(rest: Rest, asked: Asked) -> Found:
    author = asked.access.provider_account_id
    if urns.is_person(author):
        return Found("posts of members can't be listed")
    query: dict[str, urns.Query] = {"q": "author", "author": author, "count": 100, "sortBy": "CREATED"}
    reply = rest.get("posts", token=asked.access.token, method="FINDER", query=query)
    elements = hostile.items(reply.body.get("elements"))
    times = [hostile.whole(hostile.mapping(each).get("createdAt")) or 0 for each in elements]
    order = "newest first" if times == sorted(times, reverse=True) else "not in the order of their making"
    return Found(f"asked for 100, {len(times)} came, {order}")


def _slow(rest: Rest, app: App, asked: Asked) -> Found:
    if "openid" in app.scopes:
        return how_slow(lambda: rest.user_info(asked.grant))
    return how_slow(lambda: rest.get("me", token=asked.grant))
