"""www.linkedin.com and its CDN: consent, upload addresses, posts as people read them (linkedin 1.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sandbox import ledger, people, pictures
from sandbox.answers import HTML, Answer, Kind, as_page, redirect
from sandbox.call import Call
from sandbox.linkedin import directory, images
from sandbox.linkedin.errors import OAuthError
from sandbox.linkedin.links import permalink
from sandbox.linkedin.oauth import dialog, endpoint, openid
from sandbox.look.templates import render

if TYPE_CHECKING:
    from sandbox.world import World

PAGES: Mapping[tuple[str, str], Callable[[World, Call], Answer]] = {
    ("GET", "/oauth/v2/authorization"): dialog.authorize,
    ("POST", "/oauth/v2/authorization"): dialog.authorize,
    ("POST", "/oauth/v2/accessToken"): endpoint.access_token,
    ("POST", "/oauth/v2/introspectToken"): endpoint.introspect,
    ("POST", "/oauth/v2/revoke"): endpoint.revoke,
    ("GET", "/oauth/.well-known/openid-configuration"): openid.discovery,
    ("GET", "/oauth/openid/jwks"): openid.keys,
    ("GET", "/m/logout/"): dialog.sign_out,
}
UPLOAD = re.compile(r"/dms-uploads/([\w-]+)/.*")
POST = re.compile(r"/feed/update/(urn:li:(?:share|ugcPost|activity):\d+)/?")
COMPANY = re.compile(r"/company/([\w-]+)/?")
PROFILE = re.compile(r"/in/([\w-]+)/?")
PICTURE = re.compile(r"/dms/image/([0-9a-f]{64})")
PORTRAIT = re.compile(r"/portrait/([\w-]+)\.svg")


def answer_website(world: World, call: Call) -> Answer:
    """Answer a call to www.linkedin.com."""
    page = PAGES.get((call.method, call.rest))
    if page is not None:
        try:
            return page(world, call)
        except OAuthError as error:
            return error.answer()
    if call.method == "PUT" and (match := UPLOAD.fullmatch(call.rest)):
        return _upload(world, call, match[1])
    if call.method in ("GET", "HEAD") and (match := POST.fullmatch(call.rest)):
        return _post(world, match[1])
    if call.method in ("GET", "HEAD") and (account_id := _account_id(world, call.rest)):
        return redirect(f"/?account={account_id}")
    return _not_found(Kind.PROTOCOL)


def _account_id(world: World, path: str) -> str | None:
    """The account whose page lies there: an organization by number or name, a member by name."""
    if match := COMPANY.fullmatch(path):
        found = directory.find_organization(world, match[1]) or directory.find_by_vanity_name(world, match[1])
        return found.urn if found else None
    if match := PROFILE.fullmatch(path):
        member = directory.find_by_profile_name(world, match[1])
        return directory.account_id(world, member.id) if member else None
    return None


def answer_media(world: World, call: Call) -> Answer:
    """Pictures of posts and members."""
    if match := PICTURE.fullmatch(call.rest):
        found = pictures.find(world, match[1])
        return Answer(200, found[0], found[1]) if found else _not_found(Kind.REFUSED)
    match = PORTRAIT.fullmatch(call.rest)
    person = people.find(world.db, match[1]) if match else None
    if person is None:
        return _not_found(Kind.REFUSED)
    return Answer(200, render("linkedin/portrait.svg", name=person.name).encode(), "image/svg+xml")


def _upload(world: World, call: Call, key: str) -> Answer:
    """Raw bytes of one picture; the address is the permission, a bearer token makes no difference (5.1)."""
    image = images.find_by_upload(world, key)
    if image is None:
        return Answer(403, b"", "text/plain", kind=Kind.PROTOCOL)
    if image.upload_expires_at <= world.now:
        return Answer(401, b"", "text/plain", kind=Kind.REFUSED)
    if not call.body:
        return Answer(400, b"", "text/plain", kind=Kind.PROTOCOL)
    with world.write():
        images.spoil(world, image, call.conditions)
        images.take(world, images.find(world, image.id) or image, call.body)
    return Answer(201, b"", "text/plain")


def _post(world: World, urn: str) -> Answer:
    """A post as followers see it: one that was deleted isn't there."""
    if urn.startswith("urn:li:activity:"):
        row = world.db.execute("select id from linkedin_post where activity = ?", (urn,)).fetchone()
        urn = row[0] if row else urn
    post = ledger.find(world.db, urn)
    account = directory.account(world, post.account_id) if post else None
    if post is None or account is None or not post.published(world.now):
        return _not_found(Kind.REFUSED)
    return as_page(render("linkedin/post.html", post=post, account=account, permalink=permalink(world, post.id)))


def _not_found(kind: Kind) -> Answer:
    title = "This post cannot be displayed" if kind is Kind.REFUSED else "This page doesn't exist"
    text = "It may have been deleted, or the link may be wrong."
    return Answer(404, render("linkedin/notice.html", title=title, text=text).encode(), HTML, kind=kind)
