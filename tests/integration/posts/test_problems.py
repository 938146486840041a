"""An error-level problem refuses every command that takes a post further, by whatever route (PRODUCT 5).

Each route is tried against each problem on a post that stood every check so far: what is wrong comes about afterwards,
as when a network lowers a limit, an account breaks or time passes. So nothing can be relied on but the command itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text as sql

from core.accounts import store as accounts
from core.accounts.rules import AccountState
from core.infra import db
from core.infra.errors import Invalid, Refused
from core.posts import commands, queries
from core.posts.content import Attached, Variant
from core.posts.rules import PublicationState
from core.provider_kit.types import Format, ImageRules, Network, Option, TextRules
from core.publishing import commands as publishing
from tests.factories.media import make_kept_image
from tests.factories.networks import declare
from tests.factories.posts import Team, attached, hashes, make_team, publication, soon

TAKES = ImageRules(("image/jpeg", "image/png"), 1_000_000, max_alt=100)
NETWORK = Network(
    "facebook",
    "Facebook",
    "",
    "",
    TextRules("codepoints", 500),
    takes_link=True,
    images=TAKES,
    comments=TextRules("codepoints", 100),
)
SLOT = timedelta(days=1)


@dataclass(frozen=True)
class Trouble:
    """What is wrong by then, and what is said of it."""

    words: str
    network: Network | None = NETWORK
    account: AccountState = AccountState.ACTIVE
    with_image: bool = True
    passed: bool = False


def images(**rules: Any) -> Network:
    return replace(NETWORK, images=replace(TAKES, **rules))


def form(**rules: Any) -> Network:
    """The network with one form of post, which is the plain one but for these rules."""
    plain: dict[str, Any] = {"key": "feed", "title": "Post", "files": (0, 1), "images": TAKES, "takes_link": True}
    return replace(NETWORK, formats=(Format(**{**plain, **rules}),))


TROUBLES = {
    "text too long": Trouble("characters too long for", replace(NETWORK, text=TextRules("codepoints", 5))),
    "text too long in bytes": Trouble("bytes too long for", replace(NETWORK, text=TextRules("utf8", 5))),
    "no image where one is needed": Trouble("needs an image", replace(NETWORK, needs_media=True), with_image=False),
    "an image where none is taken": Trouble("can't carry an image", replace(NETWORK, images=None)),
    "image of another kind": Trouble("this image is another kind", images(mimes=("image/png",))),
    "image too large": Trouble("takes at most 0 MB", images(max_bytes=1_000)),
    "image too wide": Trouble("takes 4:5 to 1:1", images(ratio=(0.8, 1.0))),
    "image too tall": Trouble("takes 1.91:1 to 3.00:1", images(ratio=(1.91, 3.0))),
    "image too narrow": Trouble("needs at least 2000", images(min_width=2_000)),
    "too many pixels": Trouble("pixels; Facebook takes at most", images(max_pixels=1_000)),
    "description too long": Trouble("description of the image is .* too long", images(max_alt=2)),
    "a link where none is taken": Trouble("takes no separate link", replace(NETWORK, takes_link=False)),
    "the form of post is gone": Trouble("no form of post called feed", form(key="story", title="Story")),
    "too few files for the form": Trouble("needs at least 2 images", form(files=(2, 10))),
    "a kind of file that the form doesn't take": Trouble("can't carry an image", form(images=None)),
    "image outside the form's ratio": Trouble("takes 4:5 to 1:1", form(images=replace(TAKES, ratio=(0.8, 1.0)))),
    "text too long for the form": Trouble("characters too long for", form(text=TextRules("codepoints", 5))),
    "an option that is needed": Trouble(
        "needs: Title", form(options=(Option("title", "Title", "line", required=True),))
    ),
    "first comment too long": Trouble(
        "first comment is .* too long", replace(NETWORK, comments=TextRules("codepoints", 5))
    ),
    "a first comment where none is taken": Trouble("takes no first comment", replace(NETWORK, comments=None)),
    "unknown network": Trouble("can't publish to", None),
    "account to be connected again": Trouble("must be connected again", account=AccountState.AUTH_BROKEN),
    "account disconnected": Trouble("is disconnected", account=AccountState.DISABLED),
    "slot passed": Trouble("passed", passed=True),
}


@dataclass(frozen=True)
class Case:
    """One post of a team, and what a route needs to know of it."""

    team: Team
    post_id: UUID
    slot: datetime

    @property
    def publication_id(self) -> UUID:
        return publication(self.team.author, self.post_id).id


def draft(case: Case) -> None:
    """As it was written."""


def in_review(case: Case) -> None:
    revision = queries.draft(case.team.author, case.post_id).post.revision
    commands.submit(case.team.author, uuid4(), case.post_id, revision)


def scheduled(case: Case) -> None:
    in_review(case)
    commands.approve(case.team.approver, uuid4(), case.post_id, hashes(case.team.author, case.post_id))


def approved(case: Case) -> None:
    save_slot(case, None)
    scheduled(case)


def cancelled(case: Case) -> None:
    scheduled(case)
    publishing.cancel(case.team.author, uuid4(), post_id=case.post_id)


def save_slot(case: Case, slot: datetime | None) -> Any:
    post = queries.draft(case.team.author, case.post_id).post
    return commands.save(
        case.team.author,
        case.post_id,
        post.revision,
        text=post.text,
        link=post.link,
        account_ids=[case.team.account_id],
        slot_at=slot,
    )


def submit(case: Case) -> Any:
    revision = queries.draft(case.team.author, case.post_id).post.revision
    return commands.submit(case.team.author, uuid4(), case.post_id, revision)


def approve_several(case: Case) -> None:
    decided = commands.approve_all(case.team.approver, uuid4(), hashes(case.team.author, case.post_id))
    if not decided.approved:
        raise Invalid([each.words for each in decided.refused])


def move(case: Case) -> Any:
    was = publication(case.team.author, case.post_id).due_at
    assert was is not None
    return publishing.move(case.team.author, uuid4(), case.post_id, was=was, to=case.slot)


BY_SAVING = "schedule by saving a slot"
ROUTES: dict[str, tuple[Callable[[Case], None], Callable[[Case], Any]]] = {
    "submit": (draft, submit),
    "approve": (
        in_review,
        lambda case: commands.approve(
            case.team.approver, uuid4(), case.post_id, hashes(case.team.author, case.post_id)
        ),
    ),
    "approve several": (in_review, approve_several),
    BY_SAVING: (approved, lambda case: save_slot(case, case.slot)),
    "reschedule a post": (
        approved,
        lambda case: publishing.reschedule(case.team.author, uuid4(), case.slot, post_id=case.post_id),
    ),
    "reschedule one publication": (
        scheduled,
        lambda case: publishing.reschedule(case.team.author, uuid4(), case.slot, publication_id=case.publication_id),
    ),
    "move what stands at one time": (scheduled, move),
    "publish a post now": (
        approved,
        lambda case: publishing.publish_now(case.team.approver, uuid4(), post_id=case.post_id),
    ),
    "publish one publication now": (
        scheduled,
        lambda case: publishing.publish_now(case.team.approver, uuid4(), publication_id=case.publication_id),
    ),
    "try again": (
        cancelled,
        lambda case: publishing.try_again(case.team.approver, uuid4(), case.publication_id),
    ),
}
# What a save makes anew without the part that isn't taken any more: other bytes, which nobody approved.
LEFT_OUT_BY_A_SAVE = {
    "an image where none is taken",
    "a link where none is taken",
    "a first comment where none is taken",
    "the form of post is gone",
    "a kind of file that the form doesn't take",
}
# Which have no slot that could pass: they send now.
AT_ONCE = {"publish a post now", "publish one publication now", "try again"}


@pytest.fixture
def team(database: db.Database, kept_files: Path, monkeypatch: pytest.MonkeyPatch) -> Team:
    declare(monkeypatch, {"facebook": NETWORK})
    return make_team()


def make_case(team: Team, *, with_image: bool) -> Case:
    post_id = commands.create(
        team.author,
        uuid4(),
        text="Fresh beans on Monday.",
        link="https://example.com/beans",
        account_ids=[team.account_id],
        slot_at=soon(24),
        files=attached((make_kept_image(team.author), "Beans in a bowl")) if with_image else (),
        comment="The recipe comes tomorrow.",
    )
    return Case(team, post_id, soon(48))


@contextmanager
def brought_about(trouble: Trouble, case: Case) -> Iterator[Case]:
    """The trouble, for as long as the block lasts."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        declare(monkeypatch, {} if trouble.network is None else {"facebook": trouble.network})
        set_account(case.team, trouble.account)
        if trouble.passed:
            shift_slot(case, -1)
        yield replace(case, slot=soon(-1)) if trouble.passed else case
        if trouble.passed:
            shift_slot(case, 1)
        set_account(case.team, AccountState.ACTIVE)


def set_account(team: Team, state: AccountState) -> None:
    with db.transaction(team.admin) as session:
        accounts.change_account(session, team.account_id, state=state)


def shift_slot(case: Case, times: int) -> None:
    with db.transaction(case.team.admin) as session:
        session.execute(
            sql(
                "update masthead.publication set due_at = due_at + :by, not_after = not_after + :by"
                " where post_id = :post"
            ),
            {"post": case.post_id, "by": times * 2 * SLOT},
        )


def standing(case: Case) -> object:
    row = publication(case.team.author, case.post_id)
    lines = len(queries.detail(case.team.author, case.post_id).timeline)
    return row.state, row.due_at, row.payload_sha256, row.approved_sha256, lines


@pytest.mark.parametrize("route", ROUTES)
def test_every_problem_refuses_every_route(team: Team, route: str) -> None:
    bring_to, ask = ROUTES[route]
    cases = {with_image: make_case(team, with_image=with_image) for with_image in (True, False)}
    for case in cases.values():
        bring_to(case)
    missed = []
    for name, trouble in TROUBLES.items():
        if (trouble.passed and route in AT_ONCE) or (name in LEFT_OUT_BY_A_SAVE and route == BY_SAVING):
            continue
        before = standing(cases[trouble.with_image])
        with brought_about(trouble, cases[trouble.with_image]) as case:
            try:
                with pytest.raises(Refused, match=trouble.words):
                    ask(case)
            except BaseException as other:
                missed.append(f"{name}: {other!r}")
        if standing(cases[trouble.with_image]) != before:
            missed.append(f"{name}: something changed")
    assert missed == []


@pytest.mark.parametrize("name", sorted(LEFT_OUT_BY_A_SAVE))
def test_a_save_that_leaves_something_out_schedules_nothing(team: Team, name: str) -> None:
    case = make_case(team, with_image=True)
    approved(case)
    with brought_about(TROUBLES[name], case):
        assert [each.account_id for each in save_slot(case, case.slot).voided] == [team.account_id]
    assert publication(team.author, case.post_id).state is PublicationState.DRAFT


@pytest.mark.parametrize("route", ROUTES)
def test_without_a_problem_each_of_these_routes_goes_through(team: Team, route: str) -> None:
    """Without this, a mistake in the tries above would look like a refusal."""
    bring_to, ask = ROUTES[route]
    case = make_case(team, with_image=True)
    bring_to(case)
    ask(case)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"text": "", "files": ()}, "The post is empty"),
        ({"text": "x" * 501}, "1 character too long"),
        ({"alt": "x" * 101}, "1 characters too long"),
    ],
)
def test_a_problem_of_what_one_account_gets_refuses_as_well(team: Team, said: dict[str, Any], words: str) -> None:
    image = make_kept_image(team.author)
    own = {"files": (Attached(image, said["alt"]),)} if "alt" in said else said
    post_id = commands.create(
        team.author,
        uuid4(),
        text="Fresh beans on Monday.",
        account_ids=[team.account_id],
        files=[Attached(image)],
        variants={team.account_id: Variant(**own)},
    )
    with pytest.raises(Invalid, match=words):
        commands.submit(team.author, uuid4(), post_id, 1)
    (account,) = queries.draft(team.author, post_id).accounts
    assert [each.severity for each in account.problems] == ["error"]
    assert publication(team.author, post_id).state is PublicationState.DRAFT
