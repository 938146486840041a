"""SQL that commands of posts use: rows, locks and moves. Takes a session in the organization; never commits.

Locks go in one order, so that two commands never wait for each other: posts by id, then publications by id. The SQL of
pages is in `reads`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, literal_column, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from core.accounts import pause_rows
from core.accounts.model import Account
from core.accounts.rules import Pause
from core.infra.actor import Role
from core.infra.ids import new_id
from core.posts.content import AS_THE_POST, Attached, Content, Files, Variant, Wanted, besides_as_json, differing
from core.posts.fragments import IS_UNPROVEN
from core.posts.model import Post, PostMedia, PostVariant, PostVersion, Publication, ReviewComment
from core.posts.rules import TWIN_WITHIN, CommentKind, PublicationState
from core.posts.views import OrganizationFacts, Who


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What of an account matters to a post."""

    id: UUID
    network: str
    provider_account_id: str
    name: str
    picture_url: str | None
    url: str | None
    state: str
    state_reason: str | None
    window_s: int
    pauses: tuple[Pause, ...] = ()


@dataclass(frozen=True, slots=True)
class Situation:
    """The organization's rules and Postgres' time, which is the time that counts."""

    organization: OrganizationFacts
    moment: datetime


@dataclass(frozen=True, slots=True)
class Twin:
    """Another publication with the same text for the same account, at most 24 h away."""

    account_id: UUID
    text: str
    at: datetime
    state: PublicationState


_SITUATION = """
select o.name, o.timezone, o.self_approval, o.approval_days, clock_timestamp() as moment
from masthead.organization o
"""


def situation(session: Session) -> Situation:
    """This organization's rules and the time."""
    row = session.execute(text(_SITUATION)).one()
    return Situation(
        OrganizationFacts(
            name=row.name,
            timezone=row.timezone,
            self_approval=row.self_approval,
            approval_days=row.approval_days,
        ),
        row.moment,
    )


def organization_of(session: Session) -> UUID:
    """The organization this session works in."""
    organization_id: UUID = session.info["organization_id"]
    return organization_id


# Posts


def post(session: Session, post_id: UUID) -> Post | None:
    """One post as it is now, deleted ones too."""
    return session.scalars(select(Post).where(Post.id == post_id)).one_or_none()


def lock_posts(session: Session, post_ids: Collection[UUID]) -> dict[UUID, Post]:
    """Posts by id, held until the end of the transaction, so that commands on one post happen one after the other."""
    query = select(Post).where(Post.id.in_(post_ids)).order_by(Post.id).with_for_update(key_share=True)
    return {each.id: each for each in session.scalars(query.execution_options(populate_existing=True))}


def add_post(session: Session, author_id: UUID, wanted: Wanted) -> Post:
    """A new post without publications."""
    made = Post(organization_id=organization_of(session), id=new_id(), author_id=author_id, updated_by=author_id)
    session.add(made)
    write(session, made, wanted)
    return made


def write(session: Session, post: Post, wanted: Wanted) -> None:
    """Make a post say what is wanted; its publications are another matter."""
    said = wanted.content
    post.text, post.link, post.slot_at = said.text, said.link, wanted.slot_at
    post.cover_id, post.format, post.options, post.comment = said.cover, said.format, dict(said.options), said.comment
    session.flush()
    listed = _files(session, post.id)
    before = _variants(session, post.id, listed)
    _write_files(session, post, None, listed.get(None, ()), said.files)
    for account_id in {*before, *said.variants}:
        variant, was = said.variants.get(account_id, AS_THE_POST), before.get(account_id, AS_THE_POST)
        if variant != was:
            _write_files(session, post, account_id, listed.get(account_id, ()), variant.files or ())
            _write_variant(session, post, account_id, variant)


def _write_variant(session: Session, post: Post, account_id: UUID, variant: Variant) -> None:
    values = {
        "text": variant.text,
        "own_files": variant.files is not None,
        "cover_id": variant.cover,
        "format": variant.format,
        "options": dict(variant.options),
        "comment": variant.comment,
    }
    key = {"organization_id": post.organization_id, "post_id": post.id, "account_id": account_id}
    written = insert(PostVariant).values(**key, **values)
    session.execute(written.on_conflict_do_update(index_elements=list(key), set_=values))


def _write_files(session: Session, post: Post, account_id: UUID | None, before: Files, after: Files) -> None:
    """One list of files as it should be; what isn't in it any more keeps its row, without a place."""
    if before == after:
        return
    owner = {"organization_id": post.organization_id, "post_id": post.id, "account_id": account_id}
    gone = {each.media_id for each in before} - {each.media_id for each in after}
    if gone:
        of_it = (PostMedia.post_id == post.id, PostMedia.account_id.is_not_distinct_from(account_id))
        session.execute(update(PostMedia).where(*of_it, PostMedia.media_id.in_(gone)).values(place=None))
    if after:
        rows = [
            {**owner, "id": new_id(), "media_id": each.media_id, "place": place, "alt": each.alt}
            for place, each in enumerate(after)
        ]
        written = insert(PostMedia).values(rows)
        session.execute(
            written.on_conflict_do_update(
                index_elements=[*owner, "media_id"],
                set_={"place": written.excluded.place, "alt": written.excluded.alt},
            )
        )


def _files(session: Session, post_id: UUID) -> dict[UUID | None, Files]:
    """Account (None: the post itself) -> its list of files."""
    query = select(PostMedia.__table__).where(PostMedia.post_id == post_id, PostMedia.place.is_not(None))
    found: dict[UUID | None, Files] = {}
    for row in session.execute(query.order_by(PostMedia.place)):
        found[row.account_id] = (*found.get(row.account_id, ()), Attached(row.media_id, row.alt))
    return found


def _variants(session: Session, post_id: UUID, listed: Mapping[UUID | None, Files]) -> dict[UUID, Variant]:
    """Account -> what it gets instead of the post's own."""
    rows = session.execute(select(PostVariant.__table__).where(PostVariant.post_id == post_id)).all()
    return differing(
        {
            row.account_id: Variant(
                text=row.text,
                files=listed.get(row.account_id, ()) if row.own_files else None,
                cover=row.cover_id,
                format=row.format,
                options=row.options,
                comment=row.comment,
            )
            for row in rows
        }
    )


def content(session: Session, post: Post | Row[Any]) -> Content:
    """What a post says everywhere; `post` is its row, with all columns."""
    listed = _files(session, post.id)
    return Content(
        text=post.text,
        link=post.link,
        files=listed.get(None, ()),
        cover=post.cover_id,
        format=post.format,
        options=post.options,
        comment=post.comment,
        variants=_variants(session, post.id, listed),
    )


def move_slot(session: Session, post: Post, slot_at: datetime | None, member_id: UUID, moment: datetime) -> None:
    """Change the time wished for a post. The revision moves, so that an open composer doesn't put the old time back."""
    post.slot_at = slot_at
    post.revision += 1
    post.updated_at = moment
    post.updated_by = member_id
    session.flush()


# Publications


def publications(session: Session, post_ids: Collection[UUID]) -> list[Publication]:
    """All publications of posts, unchosen and superseded ones too, by account and occurrence."""
    query = select(Publication).where(Publication.post_id.in_(post_ids))
    return list(session.scalars(query.order_by(Publication.account_id, Publication.occurrence)))


def lock_publications(session: Session, post_ids: Collection[UUID]) -> list[Publication]:
    """As `publications`, held until the end of the transaction; waits for a sender that has just taken one."""
    query = select(Publication).where(Publication.post_id.in_(post_ids)).order_by(Publication.id).with_for_update()
    found = session.scalars(query.execution_options(populate_existing=True)).all()
    return sorted(found, key=lambda each: (each.account_id, each.occurrence))


def post_ids_of(session: Session, publication_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Publication -> its post, of those that exist here."""
    query = select(Publication.id, Publication.post_id).where(Publication.id.in_(publication_ids))
    return {row.id: row.post_id for row in session.execute(query)}


def add_publication(session: Session, **values: Any) -> Publication:
    """A new publication; the caller says everything but organization and id."""
    made = Publication(organization_id=organization_of(session), id=new_id(), **values)
    session.add(made)
    session.flush()
    return made


def change(session: Session, publication: Publication, *, because: str = "", **values: Any) -> None:
    """Write columns of one publication that this transaction holds; `because` goes into the event of a new state.

    One UPDATE per publication: the database compares its bytes, state and approval as a whole.
    """
    if because and values.get("state", publication.state) is not publication.state:
        set_because(session, because)
    for name, value in values.items():
        setattr(publication, name, value)
    session.flush()


def set_because(
    session: Session, because: str, *, waits: bool = False, trouble: Mapping[str, Any] | None = None
) -> None:
    """Why the next state of a publication comes about, for its event; the trigger forgets it after one.

    `waits` marks a wait for the network in which nothing went wrong; `trouble` is what the network said when it did.
    """
    session.execute(
        text(
            "select set_config('app.why', jsonb_strip_nulls(jsonb_build_object('because', cast(:because as text),"
            " 'waits', nullif(cast(:waits as boolean), false), 'error', cast(:trouble as jsonb)))::text, true)"
        ),
        {"because": because, "waits": waits, "trouble": None if trouble is None else json.dumps(dict(trouble))},
    )


_UNPROVEN = text(f"select p.id from masthead.publication p where p.id = any(:ids) and {IS_UNPROVEN}")  # noqa: S608 - our own words


def unproven(session: Session, publication_ids: Collection[UUID]) -> frozenset[UUID]:
    """Those that may be live by a try of which only a person says that it isn't, and weren't approved anew since.

    They are sent again where the account is read and the risk is said, or approved anew; by no other press.
    """
    return frozenset(session.scalars(_UNPROVEN, {"ids": list(publication_ids)})) if publication_ids else frozenset()


# Accounts and members


def accounts(session: Session, account_ids: Collection[UUID] | None = None) -> dict[UUID, AccountFacts]:
    """Accounts of the organization by id, in the order of their names; `account_ids` None: all."""
    a = aliased(Account, name="a")
    pauses_over: ColumnElement[Any] = literal_column(pause_rows.PAUSES).label("pauses")
    query = select(a, pauses_over).order_by(func.lower(a.name), a.id)
    if account_ids is not None:
        query = query.where(a.id.in_(account_ids))
    return {
        each.id: AccountFacts(
            id=each.id,
            network=each.network,
            provider_account_id=each.provider_account_id,
            name=each.name,
            picture_url=each.picture_url,
            url=each.url,
            state=each.state,
            state_reason=each.state_reason,
            window_s=each.window_s,
            pauses=pause_rows.read(pauses),
        )
        for each, pauses in session.execute(query)
    }


_MEMBERS = """
select m.id, p.name from masthead.member m join masthead.person p on p.id = m.person_id
where m.disabled_at is null and p.disabled_at is null and m.role = any(:roles)
order by lower(p.name), m.id
"""


def members(session: Session, roles: Collection[Role]) -> tuple[Who, ...]:
    """Active members with one of these roles, by name."""
    rows = session.execute(text(_MEMBERS), {"roles": [role.value for role in roles]})
    return tuple(Who(row.id, row.name) for row in rows)


def names(session: Session, member_ids: Collection[UUID | None]) -> dict[UUID, str]:
    """Member -> name, of disabled members too."""
    rows = session.execute(
        text(
            "select m.id, p.name from masthead.member m join masthead.person p on p.id = m.person_id"
            " where m.id = any(:ids)"
        ),
        {"ids": [each for each in set(member_ids) if each is not None]},
    )
    return {row.id: row.name for row in rows}


# Review


def add_version(session: Session, post: Post, said: Content, member_id: UUID) -> None:
    """Keep what was submitted, under the post's current version."""
    session.add(
        PostVersion(
            organization_id=organization_of(session),
            post_id=post.id,
            version=post.submitted_version,
            text=said.text,
            link=said.link,
            besides=besides_as_json(said),
            submitted_by=member_id,
        )
    )
    session.flush()


def add_comment(session: Session, post: Post, kind: CommentKind, words: str, member_id: UUID) -> None:
    """A line of the review, under the post's current version."""
    session.add(
        ReviewComment(
            organization_id=organization_of(session),
            id=new_id(),
            post_id=post.id,
            version=post.submitted_version,
            kind=kind,
            text=words,
            author_id=member_id,
        )
    )
    session.flush()


_TWINS = """
select distinct on (q.account_id) q.account_id, q.payload->>'text' as text, q.state,
  coalesce(q.published_at, q.due_at, q.updated_at) as at
from masthead.publication q
join unnest(cast(:accounts as uuid[]), cast(:texts as text[]), cast(:since as timestamptz[]),
  cast(:until as timestamptz[])) as mine(account_id, text, since, until)
  on mine.account_id = q.account_id and mine.text = q.payload->>'text'
where q.post_id <> :post and q.removed_at is null
  and q.state in ('published','scheduled','approved','in_review','queued','claimed','sending','unknown')
  and coalesce(q.published_at, q.due_at, q.updated_at) > mine.since
  and coalesce(q.published_at, q.due_at, q.updated_at) < mine.until
order by q.account_id, at desc
"""


_PLANNED = """
select mine.account_id, count(q.id) as planned
from unnest(cast(:accounts as uuid[]), cast(:times as timestamptz[])) as mine(account_id, at)
left join masthead.publication q on q.account_id = mine.account_id and q.post_id <> :post and q.removed_at is null
  and q.due_at > mine.at - interval '24 hours' and q.due_at <= mine.at
  and q.state in ('scheduled','queued','claimed','sending','unknown','needs_human','published')
group by mine.account_id
"""


def planned(session: Session, post_id: UUID, wanted: Sequence[tuple[UUID, datetime]]) -> dict[UUID, int]:
    """Account -> how many publications of other posts go there in the 24 hours up to a time, for (account, time)."""
    if not wanted:
        return {}
    accounts_, times = zip(*wanted, strict=True)
    rows = session.execute(text(_PLANNED), {"post": post_id, "accounts": list(accounts_), "times": list(times)})
    return {row.account_id: row.planned for row in rows}


def twins(session: Session, post_id: UUID, wanted: Sequence[tuple[UUID, str, datetime]]) -> dict[UUID, Twin]:
    """Account -> the other post's publication with the same text within 24 h, for (account, text, time) as wanted."""
    if not wanted:
        return {}
    parameters: Mapping[str, Any] = {
        "post": post_id,
        "accounts": [account_id for account_id, _, _ in wanted],
        "texts": [words for _, words, _ in wanted],
        "since": [at - TWIN_WITHIN for _, _, at in wanted],
        "until": [at + TWIN_WITHIN for _, _, at in wanted],
    }
    rows = session.execute(text(_TWINS), parameters)
    return {row.account_id: Twin(row.account_id, row.text, row.at, PublicationState(row.state)) for row in rows}
