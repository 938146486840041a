"""One approved image, in three networks at once: what was approved is what followers see."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx

from core.accounts import queries as accounts
from core.infra.actor import Actor
from core.infra.ids import new_id
from core.posts import commands as posts
from core.posts import queries
from core.posts.content import Variant
from core.posts.rules import PublicationState
from core.publishing import commands as publishing
from tests.e2e.driving import Product
from tests.e2e.inside import acting, as_console
from tests.factories.media import make_media, picture

ACCOUNTS = {"facebook": "Northwind Coffee", "instagram": "northwind.coffee", "linkedin": "Northwind Roastery"}
WITHIN = timedelta(seconds=60)
LINKS_WITHIN = timedelta(seconds=90)


def test_an_approved_image_is_live_on_three_networks_within_a_minute(product: Product) -> None:
    words = f"Fresh (really) *fresh* beans & C# {uuid4().hex[:8]}"
    own = {network: f"{words} for {network} #coffee_time" for network in ("instagram", "linkedin")}
    with as_console(product):
        sara, ivo = acting(product, "northwind", "Sara Lund"), acting(product, "northwind", "Ivo Brandt")
        found = {(each.network, each.name): each.id for each in accounts.accounts(sara)}
        ids = {network: found[network, name] for network, name in ACCOUNTS.items()}
        image = make_media(sara, picture("PNG", (1200, 900)))
        post_id = posts.create(
            sara,
            new_id(),
            text=words,
            account_ids=list(ids.values()),
            media=image.id,
            alt="Half red, half blue",
            variants={ids[network]: Variant(text) for network, text in own.items()},
        )
        posts.submit(sara, new_id(), post_id, 1)
        posts.approve(ivo, new_id(), post_id, queries.review(ivo, post_id).hashes)
        began = datetime.now(UTC)
        publishing.publish_now(ivo, new_id(), post_id=post_id)
        await_live(sara, post_id, until=began + WITHIN)
        addresses = permalinks(sara, post_id, until=datetime.now(UTC) + LINKS_WITHIN)

    live = {post["network"]: post for post in product.live_posts() if words in (post["text"] or "")}
    assert {network: post["text"] for network, post in live.items()} == {"facebook": words, **own}
    assert all(datetime.fromisoformat(post["created_at"]) - began < WITHIN for post in live.values())
    sent = {each.network: each.sha256 for each in image.renditions}
    assert {network: [each["sha256"] for each in post["media"]] for network, post in live.items()} == {
        network: [sent[network]] for network in ACCOUNTS
    }
    for network, address in addresses.items():  # what Masthead links to is the sandbox's page of that very post
        assert address.startswith(f"{product.sandbox_url}/www.{network}.com/")
        assert words.split()[-1] in httpx.get(address, follow_redirects=True, timeout=10).text
    assert product.malformed_requests() == []


def await_live(actor: Actor, post_id: UUID, *, until: datetime) -> None:
    """Return when every publication is published."""
    states: dict[str, PublicationState] = {}
    while datetime.now(UTC) < until:
        states = {each.network: each.state for each in queries.detail(actor, post_id).publications}
        if set(states.values()) == {PublicationState.PUBLISHED}:
            return
        time.sleep(0.5)
    raise AssertionError(f"not all live in time: {states}")


def permalinks(actor: Actor, post_id: UUID, *, until: datetime) -> dict[str, str]:
    """Network -> address of the live post, when all are found."""
    found: dict[str, str | None] = {}
    while datetime.now(UTC) < until:
        found = {each.network: each.url for each in queries.detail(actor, post_id).publications}
        if all(found.values()):
            return {network: address for network, address in found.items() if address}
        time.sleep(0.5)
    raise AssertionError(f"not all addresses found in time: {found}")
