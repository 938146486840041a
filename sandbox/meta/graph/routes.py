"""Every call that this Graph API takes: method, node, edge; who may call and with which parameters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sandbox.meta.graph import feed, listing, oauth, pages, paging, photos, posts, subscriptions, users
from sandbox.meta.graph.instagram import accounts as instagram_accounts
from sandbox.meta.graph.instagram import containers as instagram_containers
from sandbox.meta.graph.instagram import media as instagram_media
from sandbox.meta.graph.instagram import publishing as instagram_publishing
from sandbox.meta.graph.nodes import (
    BUSINESS,
    CONTAINER,
    INSTAGRAM_MEDIA,
    INSTAGRAM_USER,
    PAGE_NODE,
    PERSON,
    PHOTO,
    POST,
)
from sandbox.meta.graph.request import GraphRequest

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
    """A call on a node. The handler gets the node's value, whose type its kind decides; one that fetches is async."""

    handle: Callable[[GraphRequest, Any], dict[str, Any] | Awaitable[dict[str, Any]]]
    parameters: frozenset[str] = frozenset()
    takes_file: bool = False


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
    (PHOTO, "GET", ""): Edge(photos.read),
    (PHOTO, "DELETE", ""): Edge(photos.delete),
    (POST, "GET", ""): Edge(posts.read),
    (POST, "POST", ""): Edge(posts.edit, posts.EDIT_PARAMETERS),
    (POST, "DELETE", ""): Edge(posts.delete),
    (INSTAGRAM_USER, "GET", ""): Edge(instagram_accounts.profile),
    (INSTAGRAM_USER, "POST", "media"): Edge(instagram_containers.create, instagram_containers.MEDIA_PARAMETERS),
    (INSTAGRAM_USER, "GET", "media"): Edge(instagram_media.list_media, instagram_media.LIST_PARAMETERS),
    (INSTAGRAM_USER, "POST", "media_publish"): Edge(
        instagram_publishing.publish, instagram_publishing.PUBLISH_PARAMETERS
    ),
    (INSTAGRAM_USER, "GET", "content_publishing_limit"): Edge(
        instagram_publishing.limit, instagram_publishing.LIMIT_PARAMETERS
    ),
    (CONTAINER, "GET", ""): Edge(instagram_containers.read),
    (INSTAGRAM_MEDIA, "GET", ""): Edge(instagram_media.read),
}
