"""The product's own story: one post for four accounts of three networks, from Connect to what followers see."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.sync_api import expect

from core.infra.ids import new_id
from core.posts import queries
from core.posts.rules import Word
from core.posts.views import PublicationRow
from core.publishing import commands as publishing
from tests.e2e.driving import PATIENCE_MS, Product, Someone
from tests.e2e.inside import acting, as_console
from tests.e2e.writing import Composer, connect
from tests.factories.media import picture

NORTHWIND = "Northwind Coffee Roasters"
COFFEE, CAREERS = "Northwind Coffee", "Northwind Careers"  # Pages
INSTAGRAM, ROASTERY = "northwind.coffee", "Northwind Roastery"
ACCOUNTS = (COFFEE, CAREERS, INSTAGRAM, ROASTERY)
SIZES = {COFFEE: (1200, 900), CAREERS: (900, 600), INSTAGRAM: (1000, 1000), ROASTERY: (1100, 700)}
COMMENT = "Say who may come, please."
ZONE = ZoneInfo("Europe/Berlin")
LIVE_WITHIN = timedelta(seconds=60)
LINKS_WITHIN = timedelta(seconds=90)


@dataclass
class Story:
    """Two people, what they want each account to say, and the address of the post on this site."""

    product: Product
    sara: Someone
    ivo: Someone
    texts: dict[str, str]
    path: str = ""

    @property
    def post_id(self) -> UUID:
        return UUID(self.path.rpartition("=")[2])

    def publications(self) -> Mapping[str, PublicationRow]:
        """What stands in the database for each account."""
        with as_console(self.product):
            detail = queries.detail(acting(self.product, "northwind", "Sara Lund"), self.post_id)
        return {each.account_name: each for each in detail.publications}

    def words(self) -> dict[str, Word]:
        """What each account's state is called."""
        return {name: each.shown.word for name, each in self.publications().items()}


@pytest.fixture
def story(product: Product, someone: Callable[..., Someone]) -> Story:
    maya = someone("Maya Okafor", organization=NORTHWIND)
    connect(maya, CAREERS)
    mark = uuid4().hex[:8]
    return Story(
        product,
        someone("Sara Lund"),
        someone("Ivo Brandt"),
        {
            COFFEE: f"We are opening in Leipzig. (Really) *fresh* beans & C# {mark}",
            CAREERS: f"Leipzig needs four baristas. {mark}",
            INSTAGRAM: f"Leipzig, here we come. {mark} #coffee_time",
            ROASTERY: f"A second roastery (in Leipzig): *what* it costs & why {mark} #coffee_time",
        },
    )


def test_a_post_for_four_accounts_goes_through_review_and_an_edit_to_four_live_posts(story: Story) -> None:
    write(story, datetime.now(ZONE).replace(second=0) + timedelta(days=3))
    send_back_and_mend(story)
    approve(story, added="Everybody may come.")
    assert set(story.words().values()) == {Word.SCHEDULED}

    edit_one_account(story)
    approve(story, added="Come and taste.")
    assert set(story.words().values()) == {Word.SCHEDULED}

    slots = move_to_now(story)
    await_live(story, until=max(slots.values()) + LIVE_WITHIN)
    check_what_followers_see(story, slots)
    check_the_history(story)


def write(story: Story, slot: datetime) -> None:
    """Each account gets a text, an image and a time of its own; all of it is there again after a reload."""
    sara, composer = story.sara, Composer(story.sara).open()
    composer.choose(*ACCOUNTS)
    story.path = composer.write(story.texts[COFFEE])
    sara.see("Instagram needs an image.")
    forms = sara.page.get_by_role("group", name="Form of post")
    forms.get_by_role(
        "button", name="By its files"
    ).click()  # which it is already: nothing is saved, and nothing changes
    sara.see("Instagram needs an image.")
    expect(sara.page.get_by_text("Ready: passes")).to_have_count(0)
    expect(sara.page.get_by_role("button", name="Send for approval")).to_be_disabled()
    composer.choose_image(picture("PNG", SIZES[COFFEE]), name="coffee.png")
    composer.description.fill("A cup, half red and half blue")
    for account in ACCOUNTS[1:]:
        composer.write_differently(account, story.texts[account])
        if account == CAREERS:
            composer.no_image(account)
            expect(sara.page.locator(".pic")).to_have_count(0)
        composer.choose_own_image(picture("PNG", SIZES[account]), name=f"{account.split()[-1].lower()}.png")
    composer.saved()
    composer.set_time(slot)
    for days, account in enumerate(ACCOUNTS[1:], start=1):
        composer.set_own_time(account, slot + timedelta(days=days))
    composer.saved()

    composer.open(story.path)
    for account in ACCOUNTS:
        composer.look_at(account)
        expect(composer.text).to_have_value(story.texts[account])
        shown = sara.page.locator(".pic")
        expect(shown).to_be_visible()
        assert shown.evaluate("each => each.decode().then(() => each.naturalWidth)") == SIZES[account][0]
    composer.send_for_approval()
    for seen in (*story.texts.values(), "its own time"):
        sara.see(re.compile(re.escape(seen)))


def send_back_and_mend(story: Story) -> None:
    """The approver asks for changes; the author reads why, mends the text that is for all, and asks again."""
    sara, ivo = story.sara, story.ivo
    open_review(story)
    ivo.page.get_by_label("Comment", exact=True).fill(COMMENT)
    ivo.page.get_by_role("button", name="Request changes").click()
    ivo.see("Sent back")
    assert set(story.words().values()) == {Word.CHANGES_REQUESTED}

    composer = Composer(sara).open(story.path)
    sara.see("Ivo Brandt asked for changes")
    sara.see(COMMENT)
    story.texts[COFFEE] += " Everybody may come."
    composer.look_at(None)
    composer.text.fill(story.texts[COFFEE])
    composer.saved()
    composer.send_for_approval()


def approve(story: Story, *, added: str) -> None:
    """The approver sees what was added since they last looked, and approves."""
    ivo = story.ivo
    open_review(story)
    if ivo.page.get_by_text("Never approved before").count():
        ivo.page.get_by_text("Since the last round").first.click()
    expect(ivo.page.locator("ins:visible", has_text=added)).to_have_count(1, timeout=PATIENCE_MS)
    ivo.page.get_by_role("button", name="Approve and schedule").click()
    ivo.see("Approved and scheduled")


def open_review(story: Story) -> None:
    story.ivo.go("/approvals")
    story.ivo.page.get_by_role("link").filter(has_text=story.texts[COFFEE][:40]).first.click()
    story.ivo.page.wait_for_url(f"**/approvals?post={story.post_id}")
    story.ivo.settled()


def edit_one_account(story: Story) -> None:
    """Before a word is changed the page says whose approval it costs; it costs that one's and no other's."""
    sara, composer = story.sara, Composer(story.sara).open(story.path)
    costs = sara.key("costs")
    for account in ACCOUNTS:
        expect(costs).to_contain_text(f"{account} loses its approval and leaves the schedule.")
    expect(composer.text).not_to_be_editable()
    sara.page.get_by_role("button", name="Edit anyway").click()
    sara.settled()
    composer.look_at(CAREERS)
    expect(composer.price).to_contain_text(f"{CAREERS} loses its approval and leaves the schedule.")
    for account in (COFFEE, INSTAGRAM, ROASTERY):
        expect(composer.price).not_to_contain_text(account)
    assert set(story.words().values()) == {Word.SCHEDULED}

    story.texts[CAREERS] += " Come and taste."
    composer.text.fill(story.texts[CAREERS])
    composer.saved()
    sara.see(f"{CAREERS} loses its approval and leaves the schedule")
    others = dict.fromkeys((COFFEE, INSTAGRAM, ROASTERY), Word.SCHEDULED)
    assert story.words() == {**others, CAREERS: Word.DRAFT}
    composer.send_for_approval()
    assert story.words() == {**others, CAREERS: Word.IN_REVIEW}


def move_to_now(story: Story) -> dict[str, datetime]:
    """Each account's time from days ahead to the next minute. A new time costs no approval.

    The page sets whole minutes, so one account gets its time there and the others seconds later by the same command.
    """
    first = datetime.now(ZONE).replace(second=0, microsecond=0) + timedelta(minutes=1)
    if first - datetime.now(ZONE) < timedelta(seconds=40):
        first += timedelta(minutes=1)
    composer = Composer(story.sara).open(story.path)
    expect(composer.own_time(CAREERS)).to_contain_text("days once approved")
    composer.move_own_time(CAREERS, first)
    expect(composer.own_time(CAREERS)).not_to_contain_text("days once approved", timeout=PATIENCE_MS)
    slots, standing = {CAREERS: first}, story.publications()
    with as_console(story.product):
        sara = acting(story.product, "northwind", "Sara Lund")
        for turn, account in enumerate((COFFEE, INSTAGRAM, ROASTERY), start=1):
            slots[account] = first + timedelta(seconds=6 * turn)
            publishing.reschedule(sara, new_id(), slots[account], publication_id=standing[account].id)
    found = story.publications()
    assert {name: each.due_at for name, each in found.items()} == slots
    assert all(each.approval_holds for each in found.values())
    return slots


def await_live(story: Story, *, until: datetime) -> None:
    """Watch the post's page until everything on it is published."""
    page = story.ivo.page
    story.ivo.go(story.path.replace("/compose", "/post"))
    for account in story.publications().values():
        shown = story.ivo.key(f"publication_{account.id}")
        left = (until - datetime.now(UTC)).total_seconds() * 1000
        expect(shown.get_by_text(re.compile("^Published ")).first).to_be_visible(timeout=max(left, 1_000))
    expect(page.get_by_text("could not be drawn")).to_have_count(0)


def check_what_followers_see(story: Story, slots: Mapping[str, datetime]) -> None:
    """Each account shows its own text and image, once, at its own time; the link leads to that very post."""
    found = permalinks(story, until=datetime.now(UTC) + LINKS_WITHIN)
    live = {each["account_id"]: each for each in story.product.live_posts() if each["text"] in story.texts.values()}
    mark = story.texts[COFFEE].split(" C# ")[1].split()[0]
    assert len([each for each in story.product.live_posts() if mark in (each["text"] or "")]) == len(ACCOUNTS)
    named = {each["id"]: each["name"] for each in story.product.world()["accounts"]}
    assert {named[account_id]: each["text"] for account_id, each in live.items()} == story.texts
    for account_id, each in live.items():
        publication = found[named[account_id]]
        (shown,) = publication.files
        assert (shown.width, shown.height) == SIZES[publication.account_name]
        assert [image["sha256"] for image in each["media"]] == [shown.sha256]
        late = datetime.fromisoformat(each["created_at"]) - slots[publication.account_name]
        assert timedelta(0) <= late < LIVE_WITHIN
        assert publication.url is not None
        assert publication.url.startswith(f"{story.product.sandbox_url}/www.{publication.network}.com/")
        assert mark in httpx.get(publication.url, follow_redirects=True, timeout=10).text
    assert len({image["sha256"] for each in live.values() for image in each["media"]}) == len(ACCOUNTS)
    assert story.product.malformed_requests() == []


def permalinks(story: Story, *, until: datetime) -> Mapping[str, PublicationRow]:
    """The publications by account, when the address of each live post is found."""
    found: Mapping[str, PublicationRow] = {}
    while datetime.now(UTC) < until:
        found = story.publications()
        if all(each.url for each in found.values()):
            return found
        time.sleep(0.5)
    raise AssertionError(f"not all addresses found in time: { ({name: each.url for name, each in found.items()}) }")


def check_the_history(story: Story) -> None:
    """The page tells who did what, and leads to what is live."""
    sara = story.sara
    sara.go(story.path.replace("/compose", "/post"))
    lines = sara.key("post_history").get_by_role("listitem")
    for account in ACCOUNTS:
        expect(lines.filter(has_text=re.compile(f"was accepted by the network · {re.escape(account)}"))).to_have_count(
            1
        )
    for who, words in (("Ivo Brandt", COMMENT), ("Ivo Brandt", "approved"), ("Sara Lund", "asked for approval")):
        expect(lines.filter(has_text=who).filter(has_text=words).first).to_be_visible()
    first = sara.key(f"publication_{story.publications()[CAREERS].id}")
    with sara.context.expect_page() as opened:
        first.get_by_role("link", name="Open live post").click()
    expect(opened.value.get_by_text(story.texts[CAREERS])).to_be_visible(timeout=PATIENCE_MS)
