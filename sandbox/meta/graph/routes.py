"""Every call that this Graph API takes: method, node, edge; who may call and with which parameters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sandbox.meta.facts import GRAPH, GRAPH_VIDEO
from sandbox.meta.graph import (
    app_subscriptions,
    comments,
    feed,
    listing,
    oauth,
    pages,
    paging,
    photos,
    posts,
    stories,
    subscriptions,
    users,
)
from sandbox.meta.graph.instagram import accounts as instagram_accounts
from sandbox.meta.graph.instagram import comments as instagram_comments
from sandbox.meta.graph.instagram import containers as instagram_containers
from sandbox.meta.graph.instagram import kinds as instagram_kinds
from sandbox.meta.graph.instagram import media as instagram_media
from sandbox.meta.graph.instagram import publishing as instagram_publishing
from sandbox.meta.graph.instagram import status as instagram_status
from sandbox.meta.graph.nodes import (
    APPLICATION,
    BUSINESS,
    COMMENT,
    CONTAINER,
    INSTAGRAM_COMMENT,
    INSTAGRAM_MEDIA,
    INSTAGRAM_USER,
    PAGE_NODE,
    PERSON,
    PHOTO,
    POST,
    UPLOAD,
    VIDEO,
)
from sandbox.meta.graph.request import GraphRequest
from sandbox.meta.graph.videos import nodes as video_nodes
from sandbox.meta.graph.videos import phased, publishing, sessions

# Parameters that every call takes (meta 0.2, 2.8).
EVERYWHERE = frozenset({"access_token", "appsecret_proof", "appsecret_time", "fields", "date_format"})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A call that isn't about a node of the graph."""

    handle: Callable[[GraphRequest], dict[str, Any]]
    parameters: frozenset[str]
    needs_token: bool


@dataclass(frozen=True, slots=True)
class Edge:
    """A call on a node. The handler gets the node's value, whose type its kind decides; one that fetches is async.

    `host` is the only one that answers it.
    """

    handle: Callable[[GraphRequest, Any], dict[str, Any] | Awaitable[dict[str, Any]]]
    parameters: frozenset[str] = frozenset()
    takes_file: bool = False
    host: str = GRAPH


ENDPOINTS = {
    "oauth/access_token": (
        frozenset({"GET", "POST"}),
        Endpoint(oauth.access_token, oauth.TOKEN_PARAMETERS, needs_token=False),
    ),
    "debug_token": (frozenset({"GET"}), Endpoint(oauth.debug_token, oauth.DEBUG_PARAMETERS, needs_token=True)),
}

EDGES: dict[tuple[str, str, str], Edge] = {
    (PERSON, "GET", ""): Edge(users.profile),
    (PERSON, "GET", "permissions"): Edge(users.permissions, paging.PARAMETERS),
    (PERSON, "DELETE", "permissions"): Edge(users.revoke, frozenset({"permission"})),
    (PERSON, "GET", "accounts"): Edge(users.accounts, paging.PARAMETERS),
    (PERSON, "GET", "businesses"): Edge(users.businesses, paging.PARAMETERS),
    (BUSINESS, "GET", "owned_pages"): Edge(pages.owned_pages, paging.PARAMETERS),
    (BUSINESS, "GET", "client_pages"): Edge(pages.client_pages, paging.PARAMETERS),
    (PAGE_NODE, "GET", ""): Edge(pages.details),
    (PAGE_NODE, "POST", "feed"): Edge(feed.publish, feed.FEED_PARAMETERS),
    (PAGE_NODE, "GET", "feed"): Edge(listing.feed, listing.LIST_PARAMETERS),
    (PAGE_NODE, "GET", "posts"): Edge(listing.published_posts, listing.LIST_PARAMETERS),
    (PAGE_NODE, "GET", "published_posts"): Edge(listing.published_posts, listing.LIST_PARAMETERS),
    (PAGE_NODE, "GET", "scheduled_posts"): Edge(listing.scheduled_posts, listing.LIST_PARAMETERS),
    (PAGE_NODE, "GET", "visitor_posts"): Edge(listing.by_others, listing.LIST_PARAMETERS),
    (PAGE_NODE, "GET", "tagged"): Edge(listing.by_others, listing.LIST_PARAMETERS),
    (PAGE_NODE, "POST", "subscribed_apps"): Edge(subscriptions.subscribe, subscriptions.SUBSCRIBE_PARAMETERS),
    (PAGE_NODE, "GET", "subscribed_apps"): Edge(subscriptions.subscriptions, paging.PARAMETERS),
    (PAGE_NODE, "DELETE", "subscribed_apps"): Edge(subscriptions.unsubscribe),
    (PAGE_NODE, "POST", "photos"): Edge(photos.publish, photos.PHOTO_PARAMETERS, takes_file=True),
    (PAGE_NODE, "GET", "photos"): Edge(photos.list_photos, photos.LIST_PARAMETERS),
    (PHOTO, "GET", ""): Edge(photos.read),
    (PHOTO, "DELETE", ""): Edge(photos.delete),
    (PHOTO, "GET", "comments"): Edge(comments.of_photo, comments.LIST_PARAMETERS),
    (APPLICATION, "POST", "subscriptions"): Edge(app_subscriptions.subscribe, app_subscriptions.SUBSCRIBE_PARAMETERS),
    (APPLICATION, "GET", "subscriptions"): Edge(app_subscriptions.subscriptions, paging.PARAMETERS),
    (APPLICATION, "DELETE", "subscriptions"): Edge(
        app_subscriptions.unsubscribe, app_subscriptions.UNSUBSCRIBE_PARAMETERS
    ),
    (APPLICATION, "POST", "uploads"): Edge(sessions.start, sessions.START_PARAMETERS),
    (UPLOAD, "POST", ""): Edge(sessions.send),
    (UPLOAD, "GET", ""): Edge(sessions.offset),
    (PAGE_NODE, "POST", "videos"): Edge(
        publishing.publish, publishing.VIDEO_PARAMETERS, takes_file=True, host=GRAPH_VIDEO
    ),
    (PAGE_NODE, "GET", "videos"): Edge(video_nodes.list_videos, video_nodes.LIST_PARAMETERS),
    (PAGE_NODE, "POST", "video_reels"): Edge(phased.reel, phased.REEL_PARAMETERS),
    (PAGE_NODE, "GET", "video_reels"): Edge(video_nodes.list_reels, video_nodes.LIST_PARAMETERS),
    (PAGE_NODE, "POST", "video_stories"): Edge(phased.story, phased.STORY_PARAMETERS),
    (PAGE_NODE, "POST", "photo_stories"): Edge(stories.publish_photo, stories.PHOTO_PARAMETERS),
    (PAGE_NODE, "GET", "stories"): Edge(stories.list_stories, stories.LIST_PARAMETERS),
    (VIDEO, "GET", ""): Edge(video_nodes.read),
    (VIDEO, "POST", ""): Edge(video_nodes.edit, video_nodes.EDIT_PARAMETERS),
    (VIDEO, "DELETE", ""): Edge(video_nodes.delete),
    (VIDEO, "POST", "thumbnails"): Edge(video_nodes.add_thumbnail, video_nodes.THUMBNAIL_PARAMETERS, takes_file=True),
    (VIDEO, "POST", "collaborators"): Edge(video_nodes.add_collaborator, video_nodes.COLLABORATOR_PARAMETERS),
    (VIDEO, "GET", "comments"): Edge(comments.of_video, comments.LIST_PARAMETERS),
    (POST, "GET", "comments"): Edge(comments.of_post, comments.LIST_PARAMETERS),
    (POST, "POST", "comments"): Edge(comments.write, comments.WRITE_PARAMETERS),
    (COMMENT, "GET", ""): Edge(comments.read),
    (COMMENT, "POST", ""): Edge(comments.change, comments.CHANGE_PARAMETERS),
    (COMMENT, "DELETE", ""): Edge(comments.delete),
    (COMMENT, "GET", "comments"): Edge(comments.of_comment, comments.LIST_PARAMETERS),
    (COMMENT, "POST", "comments"): Edge(comments.reply, comments.WRITE_PARAMETERS),
    (POST, "GET", ""): Edge(posts.read),
    (POST, "POST", ""): Edge(posts.edit, posts.EDIT_PARAMETERS),
    (POST, "DELETE", ""): Edge(posts.delete),
    (INSTAGRAM_USER, "GET", ""): Edge(instagram_accounts.profile),
    (INSTAGRAM_USER, "POST", "media"): Edge(instagram_containers.create, instagram_kinds.MEDIA_PARAMETERS),
    (INSTAGRAM_USER, "GET", "media"): Edge(instagram_media.list_media, instagram_media.LIST_PARAMETERS),
    (INSTAGRAM_USER, "POST", "media_publish"): Edge(
        instagram_publishing.publish, instagram_publishing.PUBLISH_PARAMETERS
    ),
    (INSTAGRAM_USER, "GET", "content_publishing_limit"): Edge(
        instagram_publishing.limit, instagram_publishing.LIMIT_PARAMETERS
    ),
    (INSTAGRAM_USER, "GET", "stories"): Edge(instagram_media.list_stories, instagram_media.LIST_PARAMETERS),
    (CONTAINER, "GET", ""): Edge(instagram_status.read),
    (INSTAGRAM_MEDIA, "GET", ""): Edge(instagram_media.read),
    (INSTAGRAM_MEDIA, "POST", ""): Edge(instagram_media.change, instagram_media.CHANGE_PARAMETERS),
    (INSTAGRAM_MEDIA, "DELETE", ""): Edge(instagram_media.delete),
    (INSTAGRAM_MEDIA, "GET", "comments"): Edge(instagram_comments.list_comments, instagram_comments.LIST_PARAMETERS),
    (INSTAGRAM_MEDIA, "POST", "comments"): Edge(instagram_comments.write, instagram_comments.WRITE_PARAMETERS),
    (INSTAGRAM_COMMENT, "GET", ""): Edge(instagram_comments.read),
    (INSTAGRAM_COMMENT, "POST", ""): Edge(instagram_comments.change, instagram_comments.CHANGE_PARAMETERS),
    (INSTAGRAM_COMMENT, "DELETE", ""): Edge(instagram_comments.delete),
    (INSTAGRAM_COMMENT, "GET", "replies"): Edge(instagram_comments.list_replies, instagram_comments.LIST_PARAMETERS),
    (INSTAGRAM_COMMENT, "POST", "replies"): Edge(instagram_comments.reply, instagram_comments.WRITE_PARAMETERS),
}
