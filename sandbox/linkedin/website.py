"""www.linkedin.com and its CDN: consent, upload addresses, posts as people read them (linkedin 1.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox import clips, comments, ledger, people, pictures
from sandbox.answers import HTML, Answer, Kind, as_page, redirect
from sandbox.call import Call
from sandbox.linkedin import assets, directory, documents, images, uploads, videos
from sandbox.linkedin.assets import Asset, AssetKind, Found
from sandbox.linkedin.errors import OAuthError
from sandbox.linkedin.facts import IMAGE_BYTES_MAX
from sandbox.linkedin.links import permalink
from sandbox.linkedin.oauth import dialog, endpoint, openid
from sandbox.linkedin.uploads import Takes, Upload
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
PICTURE = re.compile(r"/dms/(?:image|document)/([0-9a-f]{64})")
VIDEO = re.compile(r"/dms/video/([0-9a-f]{64})")
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
    """Pictures, videos and documents of posts, and pictures of members."""
    if match := PICTURE.fullmatch(call.rest):
        found = pictures.find(world, match[1])
        return Answer(200, found[0], found[1]) if found else _not_found(Kind.REFUSED)
    if match := VIDEO.fullmatch(call.rest):
        clip = clips.find(world, match[1])
        return Answer(200, clip[0].read_bytes(), clip[1]) if clip else _not_found(Kind.REFUSED)
    match = PORTRAIT.fullmatch(call.rest)
    person = people.find(world.db, match[1]) if match else None
    if person is None:
        return _not_found(Kind.REFUSED)
    return Answer(200, render("linkedin/portrait.svg", name=person.name).encode(), "image/svg+xml")


def _upload(world: World, call: Call, key: str) -> Answer:
    """Raw bytes of one asset; the address is the permission, a bearer token makes no difference (5.1)."""
    upload = uploads.find(world, key)
    asset = assets.find(world, upload.asset_id) if upload else None
    if upload is None or asset is None or call.file is None:
        return Answer(403, b"", "text/plain", kind=Kind.PROTOCOL)
    if asset.upload_expires_at <= world.now:
        return Answer(401, b"", "text/plain", kind=Kind.REFUSED)
    size = call.file.stat().st_size
    if call.headers.get("content-length", str(size)) != str(size):
        # Cut off on its way: nothing is kept, and there is nobody to answer.
        return Answer(400, b"", "text/plain", kind=Kind.REFUSED)
    if not size:
        return Answer(400, b"", "text/plain", kind=Kind.PROTOCOL)
    return TAKERS[upload.takes](world, Arrival(call, call.file, asset, upload))


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that came at an address."""

    call: Call
    file: Path
    asset: Asset
    upload: Upload

    @property
    def size(self) -> int:
        """How many bytes."""
        return self.file.stat().st_size


def _whole(world: World, arrival: Arrival) -> Answer:
    """A picture or document, in one piece."""
    asset = arrival.asset
    most = float(world.option("linkedin", "document_bytes")) if asset.kind == AssetKind.DOCUMENT else IMAGE_BYTES_MAX
    if arrival.size > most:
        return Answer(413, b"", "text/plain", kind=Kind.REFUSED)
    content = arrival.file.read_bytes()
    found = LOOKS[asset.kind](content)
    with world.write():
        assets.spoil(world, asset, arrival.call.conditions)
        sha256 = pictures.keep(world, content, found.content_type)
        assets.take(world, assets.find(world, asset.id) or asset, sha256, found)
    return Answer(201, b"", "text/plain")


def _part(world: World, arrival: Arrival) -> Answer:
    """Exactly the bytes from the first to the last that the instruction named (5.2)."""
    if arrival.call.media_type != "application/octet-stream":
        return Answer(415, b"", "text/plain", kind=Kind.PROTOCOL)
    if arrival.size != arrival.upload.last - arrival.upload.first + 1:
        return Answer(400, b"", "text/plain", kind=Kind.PROTOCOL)
    with world.write():
        assets.spoil(world, arrival.asset, arrival.call.conditions)
        etag = videos.take_part(world, arrival.upload, arrival.file)
    return Answer(200, b"", "text/plain", [("ETag", etag)])


def _captions(world: World, arrival: Arrival) -> Answer:
    """An SRT file [G]."""
    content = arrival.file.read_bytes()
    if not videos.are_captions(content):
        return Answer(400, b"", "text/plain", kind=Kind.REFUSED)
    return _extra(world, arrival, content, "application/x-subrip")


def _thumbnail(world: World, arrival: Arrival) -> Answer:
    """A JPG or PNG, with a header that says so [G]."""
    if arrival.call.headers.get("media-type-family") != "STILLIMAGE":
        return Answer(400, b"", "text/plain", kind=Kind.PROTOCOL)
    content = arrival.file.read_bytes()
    if not videos.is_thumbnail(content):
        return Answer(400, b"", "text/plain", kind=Kind.REFUSED)
    return _extra(world, arrival, content, images.look_at(content).content_type)


def _extra(world: World, arrival: Arrival, content: bytes, content_type: str) -> Answer:
    with world.write():
        uploads.took(world, arrival.upload, pictures.keep(world, content, content_type))
    return Answer(201, b"", "text/plain")


TAKERS: Mapping[str, Callable[[World, Arrival], Answer]] = {
    Takes.WHOLE: _whole,
    Takes.PART: _part,
    Takes.CAPTIONS: _captions,
    Takes.THUMBNAIL: _thumbnail,
}
LOOKS: Mapping[str, Callable[[bytes], Found]] = {
    AssetKind.IMAGE: images.look_at,
    AssetKind.DOCUMENT: documents.look_at,
}


def _post(world: World, urn: str) -> Answer:
    """A post as followers see it: one that was deleted isn't there."""
    if urn.startswith("urn:li:activity:"):
        row = world.db.execute("select id from linkedin_post where activity = ?", (urn,)).fetchone()
        urn = row[0] if row else urn
    post = ledger.find(world.db, urn)
    account = directory.account(world, post.account_id) if post else None
    if post is None or account is None or not post.published(world.now):
        return _not_found(Kind.REFUSED)
    below, link = comments.shown(world.db, post.id), permalink(world, post.id)
    return as_page(render("linkedin/post.html", post=post, account=account, permalink=link, comments=below))


def _not_found(kind: Kind) -> Answer:
    title = "This post cannot be displayed" if kind is Kind.REFUSED else "This page doesn't exist"
    text = "It may have been deleted, or the link may be wrong."
    return Answer(404, render("linkedin/notice.html", title=title, text=text).encode(), HTML, kind=kind)
