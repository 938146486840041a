"""Every kind of post that the networks declare, from the composer to what followers see. Minutes long: E2E=all.

What is tried comes from the registry: a form that is declared tomorrow is tried tomorrow.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import expect

from core import providers
from core.accounts import queries as accounts
from core.accounts.queries import AccountRow
from core.accounts.rules import AccountState
from core.posts import queries
from core.posts.views import PublicationRow
from core.provider_kit.types import Format, MediaKind, Network, Option
from tests.e2e.driving import Product, Someone
from tests.e2e.inside import acting, as_console
from tests.e2e.writing import Composer
from tests.factories import clips
from tests.factories.media import picture
from tests.providers.kinds import Kind, kinds

if os.environ.get("E2E") != "all":
    pytest.skip("minutes long: make e2e E2E=all", allow_module_level=True)

PREPARED_WITHIN_MS = 60_000
LIVE_WITHIN_MS = 90_000
FRAMES_PER_S = 30
LINK = "https://northwind.example/open-day"
QUESTION, ANSWERS = "Which roast?", ("Light", "Dark")


@dataclass(frozen=True)
class Case:
    """A form of post of a network, with these files, or with a link."""

    kind: Kind

    def __str__(self) -> str:
        return str(self.kind)

    @property
    def network(self) -> Network:
        return self.kind.network

    @property
    def form(self) -> Format:
        return self.kind.form

    @property
    def kinds(self) -> tuple[MediaKind, ...]:
        """Of which kinds its files are."""
        return self.kind.files

    @property
    def link(self) -> str:
        return LINK if self.kind.has_link else ""

    @property
    def options(self) -> list[Option]:
        """What has to be filled in."""
        return [
            each
            for each in self.form.options
            if each.required and each.belongs((*self.kinds, *(["link"] if self.link else [])))
        ]


def cases() -> Iterator[Case]:
    """A case for each kind."""
    yield from (Case(kind) for network in providers.networks().values() for kind in kinds(network))
    providers.providers.cache_clear()  # the product has other settings


@pytest.mark.parametrize("case", list(cases()), ids=str)
def test_a_post_of_this_kind_is_written_approved_and_seen_by_followers(
    case: Case, product: Product, someone: Callable[..., Someone]
) -> None:
    account = account_of(product, case.network)
    before = {each["id"] for each in product.live_posts()}
    words = f"Of the kind {case}: {uuid4().hex[:8]}" if case.form.takes_text else ""
    post_id = write(case, account, someone("Sara Lund"), words)
    publish(post_id, someone("Ivo Brandt"))

    with as_console(product):
        (sent,) = queries.detail(acting(product, "northwind", "Sara Lund"), post_id).publications
    assert (sent.format, len(sent.files)) == (case.form.key, len(case.kinds))
    (new,) = seen_since(before, product, account)
    assert seen(new) == written(case, sent, words)
    assert product.malformed_requests() == []


def account_of(product: Product, network: Network) -> AccountRow:
    """The demo's account of a network."""
    with as_console(product):
        known = accounts.accounts(acting(product, "northwind", "Sara Lund"))
    return next(each for each in known if each.network == network.key and each.state is AccountState.ACTIVE)


def write(case: Case, account: AccountRow, author: Someone, words: str) -> UUID:
    """Write the post for this account alone, in this form, and ask for approval."""
    composer, page = Composer(author).open(), author.page
    page.get_by_role("button", name=f"{account.name} · {case.network.title}").first.click()
    page.wait_for_url("**/compose?post=*")
    author.settled()
    if len(case.network.forms) > 1:
        forms = page.get_by_role("group", name="Form of post")
        forms.get_by_role("button", name=case.form.title, exact=True).click()
    if words:
        composer.text.fill(words)
    if case.link:
        page.get_by_role("textbox", name="Link", exact=True).fill(case.link)
    if case.kinds:
        composer.add_files(*(file_of(case.form, kind, number) for number, kind in enumerate(case.kinds)))
        expect(page.locator(".file .name")).to_have_count(len(case.kinds), timeout=PREPARED_WITHIN_MS)
    for option in case.options:
        fill(composer, option)
    composer.saved()
    composer.send_for_approval()
    return UUID(composer.path.rpartition("=")[2])


def fill(composer: Composer, option: Option) -> None:
    """Fill in what a form needs."""
    field = composer.page.get_by_role("group", name=option.title, exact=True)
    if option.shape == "poll":
        field.get_by_role("button", name=f"{option.title}: begin").click()
        field.get_by_label("Question").fill(QUESTION)
        for number, answer in enumerate(ANSWERS, start=1):
            field.get_by_label(f"Answer {number}").fill(answer)
    else:
        assert option.shape in ("line", "text"), f"nobody taught this test to fill in {option.shape}"
        field.get_by_role("textbox").fill("Beans")


def publish(post_id: UUID, approver: Someone) -> None:
    """Approve what waits, send it at once, and wait until the page says that it is published."""
    page = approver.page
    approver.go(f"/approvals?post={post_id}")
    page.locator(f"[class*=st-key-approve_{post_id}] button").click()
    approver.see("Approved: ")
    approver.go(f"/post?post={post_id}")
    page.locator(".st-key-publish_post button").click()
    page.get_by_role("dialog").get_by_role("button", name="Publish now").click()
    published = page.locator("[class*=st-key-publication_]").get_by_text(re.compile("^Published")).first
    expect(published).to_be_visible(timeout=LIVE_WITHIN_MS)


def seen_since(before: set[str], product: Product, account: AccountRow) -> list[dict[str, Any]]:
    """What followers of the account see that wasn't there; a video takes the network a moment."""
    until = time.monotonic() + LIVE_WITHIN_MS / 1000
    while time.monotonic() < until:
        live = [each for each in product.live_posts() if each["id"] not in before]
        if new := [each for each in live if each["account_id"] == account.provider_account_id]:
            return new
        time.sleep(0.5)
    return []


def seen(live: dict[str, Any]) -> dict[str, Any]:
    """A post as the network shows it."""
    poll = live["poll"]
    return {
        "network": live["network"],
        "kind": live["kind"],
        "text": live["text"] or "",
        "link": live["link"] or "",
        "files": [(each["kind"], each["sha256"]) for each in live["media"]],
        "poll": (poll["question"], tuple(poll["options"])) if poll else None,
    }


def written(case: Case, sent: PublicationRow, words: str) -> dict[str, Any]:
    """The same of what was written."""
    return {
        "network": case.network.key,
        "kind": case.form.key if case.form.key in ("reel", "story") else "post",
        "text": words,
        "link": case.link,
        "files": [(each.kind, each.sha256) for each in sent.files],
        "poll": (QUESTION, ANSWERS) if any(each.shape == "poll" for each in case.options) else None,
    }


def file_of(form: Format, kind: MediaKind, number: int) -> tuple[str, str, bytes]:
    """Name, type and content of a file that fits the form's rules, each number another."""
    if kind == "image":
        assert form.images is not None
        width = max(1080, form.images.min_width) + 2 * number
        return f"{number}.jpg", "image/jpeg", picture("JPEG", (width, round(width / ratio(form.images.ratio))))
    if kind == "document":
        return f"{number}.pdf", "application/pdf", clips.pdf(3 + number)
    rules = form.videos
    assert rules is not None
    shape = ratio(rules.ratio)
    height = max(rules.min_height, round(max(rules.min_width, 480) / shape))
    size = (even(max(rules.min_width, height * shape)), even(height))
    small = film(max(4.0, rules.duration_s[0]), size, number)
    return f"{number}.mp4", "video/mp4", small + free_box(rules.min_bytes - len(small))


@cache
def film(seconds: float, size: tuple[int, int], number: int) -> bytes:
    return clips.clip(seconds=seconds, size=size, rate=FRAMES_PER_S, shade=60 * number + 17, edit_list=False)


def free_box(size: int) -> bytes:
    """What players skip, for a network that takes no small video; nothing where none is missing."""
    return max(size, 8).to_bytes(4, "big") + b"free" + bytes(max(size - 8, 0)) if size > 0 else b""


def even(pixels: float) -> int:
    return 2 * round(pixels / 2)


def ratio(allowed: tuple[float, float] | None) -> float:
    """Square where that fits, else the middle."""
    return 1.0 if allowed is None or allowed[0] <= 1 <= allowed[1] else sum(allowed) / 2
