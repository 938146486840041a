"""Parts that several statements of `post_reads`, `list_reads` and `home_reads` share.

Row-level security keeps every one of them in the organization of the transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row, TextClause, text

from core.posts.rules import ACCOUNT_SENDS, GRAVEST_FIRST, WORD_OF, PublicationState, Word

Rows = Sequence[Row[Any]]

RANK: Final = {word: rank for rank, word in enumerate(GRAVEST_FIRST)}

# The rules of `rules.words` as parameters of {rank} and {ranked}, so that SQL has no copy of its own.
RULES: Final[Mapping[str, Any]] = {
    "states": [state.value for state in PublicationState],
    "ranks": [RANK[WORD_OF[state]] for state in PublicationState],
    "held": RANK[Word.HELD],
    "draft": RANK[Word.DRAFT],
    "sends": ACCOUNT_SENDS,
}

_PARTS: Final = {
    # Not unchosen, and no later publication of the same post took its place, which only happens to what failed or was
    # cancelled: the look for it is spared all others.
    "current": """p.removed_at is null and (p.state not in ('failed','cancelled') or not exists (
    select 1 from masthead.publication later where later.organization_id = p.organization_id
      and later.post_id = p.post_id and later.account_id = p.account_id and later.occurrence > p.occurrence
      and later.removed_at is null))""",
    # A publication's account and its organization's switch, for the word it shows.
    "account_and_organization": """
join masthead.account a on a.organization_id = p.organization_id and a.id = p.account_id
join masthead.organization o on o.id = p.organization_id""",
    # The rank of the word that `p` shows; smaller is graver.
    "rank": "case when p.state = 'scheduled' and (o.publish_paused or a.state <> :sends) then :held else r.rank end",
    "ranks": """
join unnest(cast(:states as text[]), cast(:ranks as int[])) as r(state, rank) on r.state = p.state""",
    # Lists go by the slot; a post without one counts from when it was made.
    "at": "coalesce(t.slot_at, t.created_at)",
    "author": """
join masthead.member am on am.organization_id = t.organization_id and am.id = t.author_id
join masthead.person author on author.id = am.person_id""",
    "submitter": """
left join masthead.member sm on sm.organization_id = t.organization_id and sm.id = t.submitted_by
left join masthead.person submitter on submitter.id = sm.person_id""",
    "reviewer": """
left join masthead.member rm on rm.organization_id = t.organization_id and rm.id = t.reviewer_id
left join masthead.person reviewer on reviewer.id = rm.person_id""",
    # Posts with something in review, and the earliest of their slots.
    "in_review": """
from masthead.post t
join (select p.post_id, min(p.due_at) as first_due_at from masthead.publication p where p.state = 'in_review'
  group by p.post_id) asked on asked.post_id = t.id
where t.deleted_at is null""",
    # What a member may decide: not their own work unless that is allowed, not what somebody else was asked.
    "mine_to_decide": """(:self_approval or (t.author_id <> :member and t.submitted_by <> :member))
  and (:any_reviewer or t.reviewer_id is null or t.reviewer_id = :member)""",
    # The last word on the current version asks for changes, and it hasn't been submitted anew. The first edit makes
    # the publications drafts; the request stands until then.
    "returned": """
from masthead.post t
join lateral (select c.kind, c.text, c.author_id, c.at from masthead.review_comment c
  where c.organization_id = t.organization_id and c.post_id = t.id and c.version = t.submitted_version
    and c.kind <> 'comment' order by c.at desc, c.id desc limit 1) said on said.kind = 'changes_requested'
where t.deleted_at is null and (t.author_id = :member or t.submitted_by = :member)
  and exists (select 1 from masthead.publication p where p.organization_id = t.organization_id and p.post_id = t.id
    and p.removed_at is null and p.state in ('draft','changes_requested'))""",
}


def statement(*lines: str) -> TextClause:
    """SQL with its {parts} filled in. Lines and parts are written in these modules; data comes by parameters alone."""
    sql = "\n".join(lines)
    for name, part in _PARTS.items():
        sql = sql.replace(f"{{{name}}}", part)
    return text(sql)
