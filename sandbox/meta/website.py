"""www.facebook.com, www.instagram.com and their pictures: the dialog, and what followers open (meta 2.1, 4.3, 5.4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sandbox import clips, comments, ledger, pictures
from sandbox.answers import HTML, Answer, Kind, as_page, redirect
from sandbox.call import Call
from sandbox.look.templates import render
from sandbox.meta import containers, directory, instagram, photos, videos
from sandbox.meta.dialog.steps import dialog
from sandbox.meta.links import permalink
from sandbox.port import Account

if TYPE_CHECKING:
    from sandbox.world import World

DIALOG = re.compile(r"(/v\d+\.\d+)?/dialog/oauth")
POST_ID = re.compile(r"/(\d+_\d+)")
PERMALINK = re.compile(r"/(\d+)/posts/(\d+)")
REEL = re.compile(r"/reel/(\d+)/?")
VIDEO = re.compile(r"/\d+/videos/(\d+)/?")
STORY = re.compile(r"/stories/(\d+)/?")
PHOTO = re.compile(r"fbid=(\d+)")
PAGE = re.compile(r"/(\d+)")
PROFILE_PICTURE = re.compile(r"/(\d+)\.svg")
PICTURE = re.compile(r"/([0-9a-f]{64})")
CLIP = re.compile(r"/([0-9a-f]{64})\.mp4")
SHORT = re.compile(r"/(?:p|reel)/([\w-]{11})/?")
STORY_OF = re.compile(r"/stories/[a-z0-9._]{1,30}/(\d+)/?")
PROFILE = re.compile(r"/([a-z0-9._]{1,30})/?")


def answer_website(world: World, call: Call) -> Answer:
    """Answer a call to www.facebook.com."""
    if DIALOG.fullmatch(call.rest) and call.method in ("GET", "POST"):
        return dialog(world, call)
    if call.method not in ("GET", "HEAD"):
        return _not_found(Kind.PROTOCOL)
    if match := POST_ID.fullmatch(call.rest):
        return redirect(permalink(world, match[1]))
    if match := PERMALINK.fullmatch(call.rest):
        return _post(world, f"{match[1]}_{match[2]}")
    if match := REEL.fullmatch(call.rest) or VIDEO.fullmatch(call.rest):
        video = videos.find(world, match[1])
        return _post(world, video.post_id) if video and video.post_id else _not_found(Kind.REFUSED)
    if match := STORY.fullmatch(call.rest):
        return _post(world, match[1])
    if call.rest == "/photo" and (match := PHOTO.fullmatch(call.query_string.decode("latin-1"))):
        photo = photos.find(world, match[1])
        return _post(world, photo.post_id) if photo and photo.post_id else _not_found(Kind.REFUSED)
    if (match := PAGE.fullmatch(call.rest)) and directory.find_page(world, match[1]):
        return redirect(f"/?account={match[1]}")
    return _not_found(Kind.PROTOCOL)


def answer_picture(world: World, call: Call) -> Answer:
    """The picture or video of a post, or the picture of a Page or account: its initials."""
    if match := CLIP.fullmatch(call.rest):
        clip = clips.find(world, match[1])
        # There is one place that gives a browser the parts it asks for.
        return redirect(f"/videos/{match[1]}") if clip is not None else _not_found(Kind.REFUSED)
    if match := PICTURE.fullmatch(call.rest):
        found = pictures.find(world, match[1])
        if found is not None:
            return Answer(200, found[0], found[1], [("X-Content-Type-Options", "nosniff")])
    if match := PROFILE_PICTURE.fullmatch(call.rest):
        whose = directory.find_page(world, match[1]) or instagram.find(world, match[1])
        if whose is not None:
            return Answer(200, render("meta/picture.svg", name=whose.name).encode(), "image/svg+xml")
    return _not_found(Kind.REFUSED)


def answer_instagram(world: World, call: Call) -> Answer:
    """Answer a call to www.instagram.com: a post, or an account."""
    if call.method not in ("GET", "HEAD"):
        return _not_found(Kind.PROTOCOL, "Instagram")
    if match := SHORT.fullmatch(call.rest):
        media_id = containers.media_of_shortcode(world, match[1])
        return _post(world, media_id) if media_id else _not_found(Kind.REFUSED, "Instagram")
    if match := STORY_OF.fullmatch(call.rest):
        return _post(world, match[1])
    if (match := PROFILE.fullmatch(call.rest)) and (account := instagram.find_by_name(world, match[1])):
        return redirect(f"/?account={account.id}")
    return _not_found(Kind.PROTOCOL, "Instagram")


def _post(world: World, post_id: str) -> Answer:
    """A post as followers see it: one that isn't live, or was deleted, isn't there."""
    post = ledger.find(world.db, post_id)
    account = _account(world, post.account_id) if post else None
    if post is None or account is None or not post.published(world.now) or post.ended(world.now):
        return _not_found(Kind.REFUSED)
    below = comments.shown(world.db, post.id)
    place = permalink(world, post.id)
    return as_page(render("meta/post.html", post=post, account=account, permalink=place, comments=below))


def _account(world: World, account_id: str) -> Account | None:
    page, linked = directory.find_page(world, account_id), instagram.find(world, account_id)
    if page is not None:
        return Account("facebook", page.id, page.name, ())
    return Account(instagram.NETWORK, linked.id, linked.username, ()) if linked else None


def _not_found(kind: Kind, site: str = "Facebook") -> Answer:
    title = "This page isn't available"
    text = "The link may be broken, or the page may have been removed."
    return Answer(404, render("meta/notice.html", title=title, text=text, site=site).encode(), HTML, kind=kind)
