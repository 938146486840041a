"""SQL of lists of posts: filters, order and pages are Postgres' work."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from core.posts.fragments import RANK, RULES, Rows, statement
from core.posts.rules import WORD_OF, PublicationState, Word

_BRIEFS: Final = statement(
    """
select p.id, p.post_id, p.account_id, a.name as account_name, a.state as account_state, a.network, p.state,
  p.needs, p.due_at, p.published_at, p.deleted_at, p.payload_sha256, {paused} as paused, {risk} as risk,
  {not_shown} as not_shown
from masthead.publication p {account_and_organization}
where p.post_id = any(:posts) and {current}
order by lower(a.name), a.id
"""
)


def briefs(session: Session, post_ids: Collection[UUID]) -> Rows:
    """The current publications of several posts, as lists show them."""
    return session.execute(_BRIEFS, {"posts": list(post_ids)}).all()


# The words and their hash from one row: what a list shows and what an approval of it is bound to can't come apart.
_ASKED: Final = statement(
    """
select p.id, p.post_id, a.name as account_name, a.network, p.payload_sha256, left(p.payload ->> 'text', 280) as text,
  p.payload ->> 'link' as link, jsonb_array_length(p.payload -> 'media') > 0 as has_image,
  coalesce(p.last_error ? 'restored', false) as restored
from masthead.publication p {account_and_organization}
where p.post_id = any(:posts) and p.state = 'in_review' and p.removed_at is null
order by lower(a.name), a.id
"""
)


def asked(session: Session, post_ids: Collection[UUID]) -> Rows:
    """What of several posts waits for approval: what each account would get."""
    return session.execute(_ASKED, {"posts": list(post_ids)}).all()


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a list is narrowed to, in instants."""

    account_id: UUID | None = None
    author_id: UUID | None = None
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """What was asked for, as the conditions name it."""
        given = {
            "account": self.account_id,
            "author": self.author_id,
            "text": self.text or None,
            "since": self.since,
            "until": self.until,
        }
        return {name: value for name, value in given.items() if value is not None}


_RARE: Final = "select p.post_id from masthead.publication p where p.state = any(:rare_states) and p.removed_at is null"
_HELD: Final = """select p.post_id from masthead.publication p
  where p.state = 'scheduled' and p.account_id = any({silent}) and p.removed_at is null"""

# Only what is asked for becomes part of a statement, so that Postgres plans for that.
_CONDITIONS: Final = {
    "account": """and exists (select 1 from masthead.publication p where p.organization_id = t.organization_id
  and p.post_id = t.id and p.account_id = :account and p.removed_at is null)""",
    "author": "and t.author_id = :author",
    "text": "and (strpos(lower(t.text), lower(:text)) > 0 or strpos(lower(t.link), lower(:text)) > 0)",
    "since": "and {at} >= :since",
    "until": "and {at} < :until",
    "wanted": "and standing.rank = any(:wanted)",
    # Among what is common the newest that fit are soon met from the newest post on. What is rare is looked up first.
    "common_states": """and t.id in (
  select p.post_id from masthead.publication p where p.state = any(:common_states) and p.removed_at is null)""",
    "of_rare": f"and t.id = any(array({_RARE}))",
    "of_held": f"and t.id = any(array({_HELD}))",
    "of_rare_or_held": f"and t.id = any(array({_RARE} union all {_HELD}))",
    "after_at": "and ({at}, t.id) < (:after_at, :after_id)",
}

_COMMON: Final = frozenset({RANK[Word.SCHEDULED], RANK[Word.PUBLISHED]})

# The page is cut before names are looked up: joined to all posts, members were multiplied with them.
_LISTED: Final = """
select t.*, author.name as author_name
from (
  select t.organization_id, t.id, left(t.text, 280) as text, t.link, t.author_id, t.slot_at, t.created_at, t.updated_at,
    t.revision, {at} as at, standing.rank
  from masthead.post t
  cross join lateral (
    select coalesce(min({rank}), :draft) as rank
    from masthead.publication p
    where p.organization_id = t.organization_id and p.post_id = t.id and {current}) standing
  where t.deleted_at is null"""
_CUT: Final = """
  order by {at} desc, t.id desc limit :limit) t {author}
order by t.at desc, t.id desc"""


def listed(
    session: Session,
    narrowed: Narrowed,
    ranks: Sequence[int] | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Rows:
    """Posts, newest slot or making first, after a place in that order; `ranks` are the words a post may show."""
    parameters = narrowed.parameters
    if ranks is not None:
        parameters["wanted"] = list(ranks)
        if RANK[Word.DRAFT] not in ranks:  # which a post without publications shows too
            parameters |= _states_of(set(ranks))
    if after is not None:
        parameters["after_at"], parameters["after_id"] = after
    asked = statement(_LISTED, *_conditions(parameters), _CUT)
    return session.execute(asked, {**RULES, **parameters, "limit": limit}).all()


_TEXTS: Final = statement("select t.id, t.text from masthead.post t where t.id = any(:posts)")


def texts(session: Session, post_ids: Collection[UUID]) -> dict[UUID, str]:
    """Post -> its whole text."""
    return {row.id: row.text for row in session.execute(_TEXTS, {"posts": list(post_ids)})}


# Over a whole organization one pass over its publications is cheaper than a look for each post, and needs nothing but
# one index (`publication_of_post`). Of what fits a filter Postgres chooses by how many posts it expects.
_COUNTED: Final = statement(
    """
select coalesce(standing.rank, :draft) as rank, count(*) as posts
from masthead.post t
left join (select p.post_id, min({rank}) as rank from masthead.publication p
  where {current} group by p.post_id) standing on standing.post_id = t.id
where t.deleted_at is null group by 1
"""
)
_FITTING: Final = "with fitting as materialized (select t.id from masthead.post t where t.deleted_at is null"
_FITTING_COUNTED: Final = """)
select coalesce(standing.rank, :draft) as rank, count(*) as posts
from fitting
left join (select p.post_id, min({rank}) as rank from fitting join masthead.publication p on p.post_id = fitting.id
  where {current} group by p.post_id) standing on standing.post_id = fitting.id
group by 1"""


def counted(session: Session, narrowed: Narrowed) -> dict[int, int]:
    """Rank -> how many posts show that word."""
    parameters = narrowed.parameters
    asked = statement(_FITTING, *_conditions(parameters), _FITTING_COUNTED) if parameters else _COUNTED
    return {row.rank: row.posts for row in session.execute(asked, {**RULES, **parameters})}


def _states_of(ranks: set[int]) -> dict[str, Any]:
    """Where posts that show these words are looked for, by the names of conditions."""
    states = [state.value for state in PublicationState if RANK[WORD_OF[state]] in ranks]
    held = RANK[Word.HELD] in ranks
    if ranks & _COMMON:
        return {"common_states": states + [PublicationState.SCHEDULED.value] * held}
    if not held:
        return {"of_rare": True, "rare_states": states}
    return {"of_rare_or_held": True, "rare_states": states} if states else {"of_held": True}


def _conditions(parameters: Collection[str]) -> list[str]:
    return [condition for name, condition in _CONDITIONS.items() if name in parameters]


_AUTHORS: Final = statement(
    """
select m.id, person.name from masthead.member m join masthead.person on person.id = m.person_id
where exists (select 1 from masthead.post t
  where t.organization_id = m.organization_id and t.author_id = m.id and t.deleted_at is null)
order by lower(person.name), m.id
"""
)


def authors(session: Session) -> Rows:
    """Members who wrote a post, by name."""
    return session.execute(_AUTHORS).all()


_REVIEWED: Final = """
select q.*, author.name as author_name, submitter.name as submitter_name, reviewer.name as reviewer_name
from (
  select t.organization_id, t.id, left(t.text, 280) as text, t.link, t.author_id, t.submitted_version, t.submitted_by,
    t.submitted_at, t.reviewer_id, t.writers, asked.first_due_at,
    coalesce(asked.first_due_at, timestamptz '9999-01-01 00:00Z') as urgency {in_review}) q
join masthead.member am on am.organization_id = q.organization_id and am.id = q.author_id
join masthead.person author on author.id = am.person_id
join masthead.member sm on sm.organization_id = q.organization_id and sm.id = q.submitted_by
join masthead.person submitter on submitter.id = sm.person_id
left join masthead.member rm on rm.organization_id = q.organization_id and rm.id = q.reviewer_id
left join masthead.person reviewer on reviewer.id = rm.person_id"""
_AFTER: Final = "where (q.urgency, q.submitted_at, q.id) > (:after_urgency, :after_at, :after_id)"
_BY_URGENCY: Final = "order by q.urgency, q.submitted_at, q.id limit :limit"
_QUEUE: Final = statement(_REVIEWED, _BY_URGENCY)
_QUEUE_AFTER: Final = statement(_REVIEWED, _AFTER, _BY_URGENCY)


def in_review(session: Session, after: tuple[datetime, datetime, UUID] | None, limit: int) -> Rows:
    """Posts with something in review, soonest slot first, after a place in that order."""
    if after is None:
        return session.execute(_QUEUE, {"limit": limit}).all()
    urgency, at, post_id = after
    parameters = {"limit": limit, "after_urgency": urgency, "after_at": at, "after_id": post_id}
    return session.execute(_QUEUE_AFTER, parameters).all()
