"""Calls of posts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from core.infra.actor import Role
from core.posts import calendar_reads, home_reads, library_reads, list_reads, post_reads, preflight_rows, queries, store
from core.posts.calendar_reads import Span
from core.posts.content import Content, Variant, Wanted
from core.posts.fragments import RANK
from core.posts.home_reads import Reader
from core.posts.list_reads import Narrowed
from core.posts.rules import CommentKind, PublicationState, Word
from core.posts.views import Filters
from tests.scale.calls import Calls
from tests.scale.world import World, alone, inside, outside, post, publication, sha256_of

_NOW: Final = datetime.now(UTC)
_MONTH: Final = timedelta(days=31)
_RECENT: Final = timedelta(days=14)
_RANKS: Final = list(RANK.values())
_TEAM: Final = (Role.APPROVER, Role.ADMIN)
_SPAN: Final = Span(_NOW, _NOW + _MONTH, "Europe/Berlin", 5, 1000)
_PAGE: Final = 51
_LINES: Final = 20
_SHELF: Final[dict[str, Any]] = {"words": "", "kinds": (), "used": None, "after": None, "limit": _PAGE}
_LAST: Final = UUID(int=2**128 - 1)


def _author(world: World) -> UUID:
    found: UUID = world.one("select author_id from masthead.post order by id limit 1")
    return found


def _account(world: World) -> UUID:
    found: UUID = world.one("select account_id from masthead.publication order by id limit 1")
    return found


def _reader(world: World, *, admin: bool = True) -> Reader:
    return Reader(world.actor.member_id, approves=True, any_reviewer=admin, self_approval=not admin)


def _wanted(world: World) -> Wanted:
    account_id = _account(world)
    return Wanted(Content(text="New words.", variants={account_id: Variant(text="For one.")}), (account_id,))


def _posts(world: World) -> list[UUID]:
    return [world.post_id(state.value) for state in PublicationState]


def _new_publication(session: Session, world: World) -> None:
    words = {"network": "facebook", "account": "1", "text": "New.", "link": None, "media": [], "options": {}}
    store.add_publication(
        session,
        post_id=world.post_id(),
        account_id=_account(world),
        occurrence=2,
        intent_key=str(uuid4()),
        payload=words,
        payload_sha256=sha256_of("New."),
    )


def _twins(session: Session, world: World) -> object:
    words = world.one("select text from masthead.post where text like 'We are%' limit 1")
    accounts = list(store.accounts(session))
    return store.twins(session, world.post_id(), [(account_id, words, _NOW) for account_id in accounts[:5]])


def _scheduled(world: World) -> UUID:
    found: UUID = world.one("select id from masthead.publication where state = 'scheduled' order by id limit 1")
    return found


def _look(session: Session, world: World) -> None:
    (found,) = preflight_rows.scheduled(session, [_scheduled(world)])
    preflight_rows.keep(session, found, _NOW, [])


def _month(world: World, filters: Filters) -> object:
    return queries.calendar(world.actor, _NOW.date(), (_NOW + _MONTH).date(), filters)


def _listed(narrowed: Narrowed, ranks: list[int] | None = None, *, further: bool = False) -> Any:
    after = (_NOW - _MONTH, _LAST) if further else None
    return inside(lambda session, _: list_reads.listed(session, narrowed, ranks, after, _PAGE))


CALLS: Final[Calls] = {
    calendar_reads.chips: (
        inside(lambda session, _: calendar_reads.chips(session, _SPAN, _RANKS, None, None)),
        inside(lambda session, world: calendar_reads.chips(session, _SPAN, _RANKS, _account(world), None)),
        inside(lambda session, world: calendar_reads.chips(session, _SPAN, _RANKS, None, _author(world))),
    ),
    calendar_reads.publications: (inside(lambda session, world: calendar_reads.publications(session, _posts(world))),),
    home_reads.to_decide: (
        inside(lambda session, world: home_reads.to_decide(session, _reader(world), _LINES)),
        inside(lambda session, world: home_reads.to_decide(session, _reader(world, admin=False), _LINES)),
    ),
    home_reads.returned: (inside(lambda session, world: home_reads.returned(session, _reader(world), _LINES)),),
    home_reads.failed: (inside(lambda session, _: home_reads.failed(session, _RECENT, _LINES)),),
    home_reads.not_shown: (inside(lambda session, _: home_reads.not_shown(session, _RECENT, _LINES)),),
    home_reads.needing: (inside(lambda session, _: home_reads.needing(session, _LINES)),),
    home_reads.at_risk: (inside(lambda session, _: home_reads.at_risk(session, _LINES)),),
    home_reads.untimed: (inside(lambda session, _: home_reads.untimed(session, _LINES)),),
    home_reads.held: (inside(lambda session, _: home_reads.held(session, _LINES)),),
    home_reads.between: (
        inside(
            lambda session, _: home_reads.between(session, _NOW - timedelta(hours=12), _NOW + timedelta(hours=12), 100)
        ),
    ),
    home_reads.to_reconnect: (inside(lambda session, _: home_reads.to_reconnect(session, _LINES)),),
    home_reads.counts: (
        inside(lambda session, world: home_reads.counts(session, _reader(world), _RECENT)),
        inside(lambda session, world: home_reads.counts(session, _reader(world, admin=False), _RECENT)),
    ),
    library_reads.listed: (
        inside(lambda session, world: library_reads.listed(session, **_SHELF)),
        inside(lambda session, world: library_reads.listed(session, **_SHELF | {"words": "tree", "kinds": ["image"]})),
        inside(lambda session, world: library_reads.listed(session, **_SHELF | {"used": True})),
        inside(lambda session, world: library_reads.listed(session, **_SHELF | {"used": False})),
        inside(
            lambda session, world: library_reads.listed(session, **_SHELF | {"after": (_NOW, world.any_id("media"))})
        ),
    ),
    library_reads.carriers: (
        inside(lambda session, world: library_reads.carriers(session, world.any_id("media"), _PAGE)),
    ),
    library_reads.is_used: (inside(lambda session, world: library_reads.is_used(session, world.any_id("media"))),),
    queries.library: (alone(lambda world: queries.library(world.actor)),),
    queries.carriers: (alone(lambda world: queries.carriers(world.actor, world.any_id("media"))),),
    list_reads.briefs: (inside(lambda session, world: list_reads.briefs(session, _posts(world))),),
    list_reads.asked: (inside(lambda session, world: list_reads.asked(session, _posts(world))),),
    list_reads.listed: (
        _listed(Narrowed()),
        _listed(Narrowed(), further=True),
        _listed(Narrowed(), [RANK[Word.FAILED]]),
        _listed(Narrowed(), [RANK[Word.DRAFT], RANK[Word.HELD]]),
        _listed(Narrowed(text="hiring", since=_NOW - _MONTH, until=_NOW)),
        inside(
            lambda session, world: list_reads.listed(
                session, Narrowed(account_id=_account(world), author_id=_author(world)), None, None, _PAGE
            )
        ),
    ),
    list_reads.counted: (
        inside(lambda session, _: list_reads.counted(session, Narrowed())),
        inside(lambda session, _: list_reads.counted(session, Narrowed(text="hiring", since=_NOW - _MONTH))),
        inside(
            lambda session, world: list_reads.counted(
                session, Narrowed(account_id=_account(world), author_id=_author(world))
            )
        ),
    ),
    list_reads.texts: (inside(lambda session, world: list_reads.texts(session, _posts(world))),),
    list_reads.authors: (inside(lambda session, _: list_reads.authors(session)),),
    list_reads.in_review: (
        inside(lambda session, _: list_reads.in_review(session, None, _PAGE)),
        inside(lambda session, world: list_reads.in_review(session, (_NOW, _NOW, world.post_id()), _PAGE)),
    ),
    post_reads.post: (inside(lambda session, world: post_reads.post(session, world.post_id())),),
    post_reads.publications: (inside(lambda session, world: post_reads.publications(session, world.post_id())),),
    post_reads.comments: (inside(lambda session, world: post_reads.comments(session, world.post_id())),),
    post_reads.versions: (inside(lambda session, world: post_reads.versions(session, world.post_id())),),
    post_reads.timeline: (inside(lambda session, world: post_reads.timeline(session, world.post_id("published"))),),
    queries.calendar: (
        alone(lambda world: _month(world, Filters())),
        alone(lambda world: _month(world, Filters(words=(Word.SCHEDULED,), account_id=_account(world)))),
    ),
    queries.authors: (alone(lambda world: queries.authors(world.actor)),),
    queries.listing: (
        alone(lambda world: queries.listing(world.actor)),
        alone(lambda world: queries.listing(world.actor, Filters(words=(Word.NEEDS_YOU, Word.FAILED)))),
    ),
    queries.review_queue: (alone(lambda world: queries.review_queue(world.actor)),),
    queries.approvers: (alone(lambda world: queries.approvers(world.actor, world.post_id())),),
    queries.detail: (alone(lambda world: queries.detail(world.actor, world.post_id("published"))),),
    queries.draft: (alone(lambda world: queries.draft(world.actor, world.post_id("draft"))),),
    queries.review: (alone(lambda world: queries.review(world.actor, world.post_id())),),
    queries.counts: (alone(lambda world: queries.counts(world.actor)),),
    queries.home: (alone(lambda world: queries.home(world.actor)),),
    store.situation: (inside(lambda session, _: store.situation(session)),),
    store.post: (inside(lambda session, world: store.post(session, world.post_id())),),
    store.lock_posts: (inside(lambda session, world: store.lock_posts(session, _posts(world))),),
    store.add_post: (inside(lambda session, world: store.add_post(session, world.actor.member_id, _wanted(world))),),
    store.write: (inside(lambda session, world: store.write(session, post(session, world), _wanted(world))),),
    store.content: (inside(lambda session, world: store.content(session, post(session, world))),),
    store.move_slot: (
        inside(
            lambda session, world: store.move_slot(session, post(session, world), _NOW, world.actor.member_id, _NOW)
        ),
    ),
    store.publications: (inside(lambda session, world: store.publications(session, _posts(world))),),
    store.lock_publications: (inside(lambda session, world: store.lock_publications(session, _posts(world))),),
    store.post_ids_of: (
        inside(
            lambda session, world: store.post_ids_of(session, [world.publication_id(), world.publication_id("draft")])
        ),
    ),
    store.add_publication: (inside(_new_publication),),
    store.change: (
        inside(
            lambda session, world: store.change(
                session, publication(session, world, "in_review"), because="Why.", state=PublicationState.DRAFT
            )
        ),
    ),
    store.unproven: (inside(lambda session, world: store.unproven(session, [world.publication_id()])),),
    store.set_because: (inside(lambda session, _: store.set_because(session, "Why.")),),
    store.accounts: (
        inside(lambda session, _: store.accounts(session)),
        inside(lambda session, world: store.accounts(session, [_account(world)])),
    ),
    store.members: (inside(lambda session, _: store.members(session, _TEAM)),),
    store.names: (inside(lambda session, world: store.names(session, [world.actor.member_id, None])),),
    store.add_version: (
        inside(
            lambda session, world: store.add_version(
                session, post(session, world, "draft"), Content(text="Words."), world.actor.member_id
            )
        ),
    ),
    store.add_comment: (
        inside(
            lambda session, world: store.add_comment(
                session, post(session, world), CommentKind.COMMENT, "Words.", world.actor.member_id
            )
        ),
    ),
    store.twins: (inside(_twins),),
    store.planned: (inside(lambda session, world: store.planned(session, world.post_id(), [(_account(world), _NOW)])),),
    preflight_rows.due: (outside(lambda session, _: preflight_rows.due(session, 20, timedelta(minutes=5)), "worker"),),
    preflight_rows.scheduled: (
        inside(lambda session, world: preflight_rows.scheduled(session, [_scheduled(world)]), "worker"),
    ),
    preflight_rows.keep: (inside(_look, "worker"),),
}
WITHOUT_SQL: Final = (store.organization_of,)
