"""The list of posts: the address is the view."""

from __future__ import annotations

from uuid import uuid4

import pytest

from console.app_pages.publish import posts as page
from console.components.times import day, hour
from core.infra.actor import Role
from core.posts import queries
from core.posts.rules import Word
from core.publishing import commands as publishing
from tests.console.days import ahead, today
from tests.console.driving import Tab
from tests.console.people import someone
from tests.factories.accounts import make_account
from tests.factories.posts import Team, make_approved, make_post, make_submitted, soon


@pytest.fixture
def reader(team: Team) -> Tab:
    sign_in, _ = someone(team.organization_id, Role.VIEWER)
    return Tab(sign_in)


def test_posts_stand_under_their_days_with_their_state(team: Team, reader: Tab) -> None:
    make_post(team.author, [team.account_id], text="A draft", slot_at=soon(48))
    make_submitted(team.author, [team.account_id], text="Waits", slot_at=soon(24))
    groups = reader.open("posts").component("posts_list")["groups"]
    rows = [row for group in groups for row in group["rows"]]
    assert [(row["text"], row["shown"]["label"]) for row in rows] == [("A draft", "Draft"), ("Waits", "In review")]
    assert all(group["title"] for group in groups)
    assert rows[0]["accounts"][0]["name"] == "Acme Coffee"
    assert rows[0]["href"].startswith("/post?post=")


def test_a_post_without_a_time_of_its_own_shows_that_of_its_accounts(team: Team, reader: Tab) -> None:
    at = soon(48)
    made = make_approved(team.author, team.approver, [team.account_id], text="Moved by itself")
    (row,) = queries.detail(team.author, made).publications
    publishing.reschedule(team.author, uuid4(), slot_at=at, publication_id=row.id)
    alone = make_approved(team.author, team.approver, [team.account_id], text="Moved alone", slot_at=at)
    (row,) = queries.detail(team.author, alone).publications
    earlier = soon(24)
    publishing.reschedule(team.author, uuid4(), slot_at=earlier, publication_id=row.id)
    make_post(team.author, [team.account_id], text="No time at all")
    groups = reader.open("posts").component("posts_list")["groups"]
    shown = {row["text"]: (row["time"], row["ago"]) for group in groups for row in group["rows"]}
    assert shown == {
        "Moved by itself": (hour(at, "Europe/Berlin"), day(at, "Europe/Berlin")),
        "Moved alone": (hour(earlier, "Europe/Berlin"), day(earlier, "Europe/Berlin")),
        "No time at all": ("No time", ""),
    }


def test_chips_count_every_state_whatever_is_chosen(team: Team, reader: Tab) -> None:
    make_post(team.author, [team.account_id])
    make_submitted(team.author, [team.account_id])
    reader.open("posts", state="in-review")
    assert reader.app.get_by_key("posts_states").value == [Word.IN_REVIEW]
    assert list(reader.app.get_by_key("posts_states").options) == [
        ":gray[:material/edit_note:] Draft 1",
        ":yellow[:material/rate_review:] In review 1",
    ]
    assert len(reader.listed) == 1


def test_a_chip_goes_into_the_address(team: Team, reader: Tab) -> None:
    make_post(team.author, [team.account_id])
    make_submitted(team.author, [team.account_id])
    reader.open("posts")
    reader.app.get_by_key("posts_states").set_value([Word.DRAFT])
    reader.again()
    assert reader.address == {"state": "draft"}
    assert reader.listed == ["Fresh beans on Monday."]


def test_every_filter_comes_from_the_address_and_goes_there(team: Team, reader: Tab) -> None:
    other = make_account(team.admin, name="Acme Tea")
    make_post(team.author, [team.account_id], text="Coffee", slot_at=soon(24))
    make_post(team.admin, [other.id], text="Tea", slot_at=soon(24))
    for parameters in (
        {"q": "tea"},
        {"account": str(other.id)},
        {"author": str(team.admin.member_id)},
    ):
        assert reader.open("posts", **parameters).listed == ["Tea"]
    reader.press("posts_clear")
    assert reader.address == {}
    reader.app.text_input(key="posts_q").set_value("coffee")
    assert reader.again().listed == ["Coffee"]
    reader.app.selectbox(key="posts_author").set_value(str(team.author.member_id))
    reader.again()
    assert reader.address == {"q": "coffee", "author": str(team.author.member_id)}


def test_days_are_the_organizations(team: Team, reader: Tab) -> None:
    make_post(team.author, [team.account_id], text="Soon", slot_at=soon(24))
    make_post(team.author, [team.account_id], text="Later", slot_at=soon(240))
    first, last = today(), ahead(3)
    reader.open("posts")
    reader.app.date_input[0].set_value((first, last))
    reader.again()
    assert reader.address == {"from": first.isoformat(), "to": last.isoformat()}
    assert reader.listed == ["Soon"]


@pytest.mark.parametrize("parameters", [{"account": "x"}, {"author": "x"}, {"from": "x", "to": "y"}, {"state": "x"}])
def test_nonsense_in_the_address_narrows_nothing(team: Team, reader: Tab, parameters: dict[str, str]) -> None:
    make_post(team.author, [team.account_id])
    assert len(reader.open("posts", **parameters).listed) == 1


def test_an_unknown_page_of_the_list_is_told_in_words(team: Team, reader: Tab) -> None:
    make_post(team.author, [team.account_id])
    reader.open("posts", after="nonsense")
    assert "Not like this" in reader.words


def test_nothing_found_offers_to_clear(team: Team, reader: Tab) -> None:
    make_post(team.author, [team.account_id])
    reader.open("posts", q="nothing like it")
    assert "No post matches" in reader.words
    reader.press("posts_none_action")
    assert len(reader.listed) == 1


def test_pages_follow_each_other_without_gap_or_repeat(
    team: Team, reader: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "PER_PAGE", 2)
    for number in range(5):
        make_post(team.author, [team.account_id], text=f"Post {number}", slot_at=soon(24 + number))
    seen = reader.open("posts").listed
    assert reader.button("posts_first").disabled
    while not reader.button("posts_next").disabled:
        seen += reader.press("posts_next").listed
    assert seen == [f"Post {number}" for number in (4, 3, 2, 1, 0)]
    reader.press("posts_first")
    assert reader.listed == ["Post 4", "Post 3"]


def test_what_people_wrote_stays_text(team: Team, reader: Tab) -> None:
    make_post(team.author, [team.account_id], text="<img src=x onerror=alert(1)> :red[hi] [a](http://b)\nsecond")
    assert reader.open("posts").listed == ["<img src=x onerror=alert(1)> :red[hi] [a](http://b) second"]


def test_back_from_a_post_shows_the_view_it_was_opened_from(team: Team, reader: Tab) -> None:
    post = make_post(team.author, [team.account_id], text="A draft")
    make_submitted(team.author, [team.account_id], text="Waits")
    reader.open("posts", state="draft")
    reader.open("post", post=str(post))
    reader.open("posts", post=str(post))  # what Streamlit leaves in the browser's history
    assert reader.listed == ["A draft"]
    assert reader.address == {"state": "draft"}


def test_the_file_has_every_post_that_fits_and_says_how_many(
    team: Team, reader: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "PER_PAGE", 1)
    for _ in range(2):
        make_post(team.author, [team.account_id])
    make_submitted(team.author, [team.account_id])
    assert reader.open("posts").app.download_button[0].label == "CSV of 3"
    assert reader.open("posts", state="draft").app.download_button[0].label == "CSV of 2"
    assert reader.open("posts", q="nothing like it").app.download_button[0].disabled
    monkeypatch.setattr(page, "MOST_EXPORTED", 2)
    button = reader.open("posts").app.download_button[0]
    assert (button.label, button.help.startswith("The newest 2 of 3")) == ("CSV of 2", True)
