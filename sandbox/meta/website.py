"""www.facebook.com and its pictures: the dialog, and what followers open (meta 2.1, 4.3)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sandbox import ledger
from sandbox.answers import HTML, Answer, Kind, as_page, redirect
from sandbox.call import Call
from sandbox.look.templates import render
from sandbox.meta import directory
from sandbox.meta.dialog.steps import dialog
from sandbox.meta.links import permalink
from sandbox.port import Account

if TYPE_CHECKING:
    from sandbox.world import World

DIALOG = re.compile(r"(/v\d+\.\d+)?/dialog/oauth")
POST_ID = re.compile(r"/(\d+_\d+)")
PERMALINK = re.compile(r"/(\d+)/posts/(\d+)")
PAGE = re.compile(r"/(\d+)")
PICTURE = re.compile(r"/(\d+)\.svg")


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
    if (match := PAGE.fullmatch(call.rest)) and directory.find_page(world, match[1]):
        return redirect(f"/?account={match[1]}")
    return _not_found(Kind.PROTOCOL)


def answer_picture(world: World, call: Call) -> Answer:
    """A Page's picture: its initials."""
    match = PICTURE.fullmatch(call.rest)
    page = directory.find_page(world, match[1]) if match else None
    if page is None:
        return _not_found(Kind.REFUSED)
    return Answer(200, render("meta/picture.svg", name=page.name).encode(), "image/svg+xml")


def _post(world: World, post_id: str) -> Answer:
    """A post as followers see it: one that isn't live, or was deleted, isn't there."""
    post = ledger.find(world.db, post_id)
    page = directory.find_page(world, post.account_id) if post else None
    if post is None or page is None or post.live_at is None or post.live_at > world.now:
        return _not_found(Kind.REFUSED)
    account = Account("facebook", page.id, page.name, ())
    return as_page(render("meta/post.html", post=post, account=account, permalink=permalink(world, post.id)))


def _not_found(kind: Kind) -> Answer:
    title = "This page isn't available"
    text = "The link may be broken, or the page may have been removed."
    return Answer(404, render("meta/notice.html", title=title, text=text).encode(), HTML, kind=kind)
