"""What a node's name stands for: a person, a Page, a post, a portfolio, a thing of Instagram."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox import comments, ledger
from sandbox.answers import Kind
from sandbox.comments import Comment
from sandbox.ledger import Post
from sandbox.meta import containers, directory, instagram, photos, uploads, videos
from sandbox.meta.containers import Container
from sandbox.meta.directory import Business, Page
from sandbox.meta.errors import GraphError, missing_object, no_token
from sandbox.meta.graph.authenticate import Caller
from sandbox.meta.instagram import InstagramAccount
from sandbox.meta.photos import Photo
from sandbox.meta.tokens import PAGE, USER
from sandbox.meta.uploads import Upload
from sandbox.meta.videos import PageVideo
from sandbox.people import Person
from sandbox.port import App

if TYPE_CHECKING:
    from sandbox.world import World

PROVIDER = "meta"
OBJECT_ID = re.compile(r"\d{1,20}")
POST_ID = re.compile(r"\d{1,20}_\d{1,20}")
PERSON, PAGE_NODE, POST, BUSINESS = "User", "Page", "Post", "Business"
INSTAGRAM_USER, CONTAINER, INSTAGRAM_MEDIA = "IGUser", "IGContainer", "IGMedia"
PHOTO, VIDEO, COMMENT, INSTAGRAM_COMMENT = "Photo", "Video", "Comment", "IGComment"
APPLICATION, UPLOAD = "Application", "Upload"


@dataclass(frozen=True, slots=True)
class Node:
    """An object of the graph and its kind."""

    kind: str
    value: Person | Page | Post | Business | InstagramAccount | Container | Photo | PageVideo | Comment | App | Upload


def find_node(world: World, caller: Caller, method: str, name: str) -> Node:
    """Resolve `me` or an id."""
    if name == "me":
        return _me(world, caller)
    if POST_ID.fullmatch(name):
        found = _of_pages(world, name)
        if found is not None:
            return found
    elif name.startswith(uploads.PREFIX):
        upload = uploads.find(world, name)
        if upload is not None:
            return Node(UPLOAD, upload)
    elif OBJECT_ID.fullmatch(name):
        found = _object(world, name)
        if found is not None:
            return found
    else:
        message = f"(#803) Some of the aliases you requested do not exist: {name}"
        raise GraphError(803, message, kind=Kind.PROTOCOL, status=404)
    raise missing_object(method, name)


def _me(world: World, caller: Caller) -> Node:
    """The Page of a Page token, the person of a user token."""
    if caller.kind not in (USER, PAGE):
        raise no_token(me=True)
    token = caller.bearer
    found = _object(world, token.page_id or directory.user_id(world, token.person_id))
    if found is None:
        raise missing_object("GET", "me")
    return found


def _of_pages(world: World, name: str) -> Node | None:
    """Ids of two numbers: a post, or a comment on one."""
    post = ledger.find(world.db, name)
    if post is not None:
        return Node(POST, post)
    comment = comments.find(world.db, name)
    return Node(COMMENT, comment) if comment is not None else None


def _object(world: World, node: str) -> Node | None:
    app = directory.app(world)
    if node == app.client_id:
        return Node(APPLICATION, app)
    page = directory.find_page(world, node)
    if page is not None:
        return Node(PAGE_NODE, page)
    business = directory.find_business(world, node)
    if business is not None:
        return Node(BUSINESS, business)
    photo = photos.find(world, node)
    if photo is not None:
        return Node(PHOTO, photo)
    video = videos.find(world, node)
    if video is not None:
        return Node(VIDEO, video)
    story = ledger.find(world.db, node)
    if story is not None and story.network != instagram.NETWORK and story.kind == ledger.STORY:
        return Node(POST, story)
    found = _of_instagram(world, node)
    if found is not None:
        return found
    person = directory.find_user(world, node)
    return Node(PERSON, person) if person else None


def _of_instagram(world: World, node: str) -> Node | None:
    account = instagram.find(world, node)
    if account is not None:
        return Node(INSTAGRAM_USER, account)
    container = containers.find(world, node)
    if container is not None:
        return Node(CONTAINER, container)
    post = ledger.find(world.db, node)
    if post is not None and post.network == instagram.NETWORK:
        return Node(INSTAGRAM_MEDIA, post)
    comment = comments.find(world.db, node)
    if comment is not None:
        return Node(INSTAGRAM_COMMENT, comment)
    part = containers.of_media(world, node)
    # A deleted post is gone; a part is there as long as its carousel.
    return Node(INSTAGRAM_MEDIA, part) if part is not None and part.published_at is None else None


def instagram_account_of(world: World, node: str) -> str | None:
    """The id of the account that an address of Instagram is about; None for one of something else."""
    found = _of_instagram(world, node) if OBJECT_ID.fullmatch(node) else None
    if found is None:
        return None
    if isinstance(found.value, Comment):
        post = ledger.find(world.db, found.value.post_id)
        return post.account_id if post is not None else None
    return found.value.account_id if isinstance(found.value, Container | Post) else node
