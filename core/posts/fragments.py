"""Parts of SQL that the reads of posts share, and `store` and `publishing.overdue_rows` with them.

Row-level security keeps every one of them in the organization of the transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Integer, Row, TextClause, bindparam, text

from core.accounts.pause_rows import PAUSED, PAUSES
from core.posts.rules import ACCOUNT_SENDS, GRAVEST_FIRST, WORD_OF, PublicationState, Word

Rows = Sequence[Row[Any]]

# Whether of a try of `p` only a person says that it isn't live, and nobody approved it anew since. What reads back for
# us (`core.publishing.rules.CHECKER`) has the network's word.
IS_UNPROVEN: Final = """exists (
  select 1 from masthead.attempt t where t.organization_id = p.organization_id and t.publication_id = p.id
    and t.state = 'proven_absent' and t.verdict_by is distinct from 'program:checker'
    and t.closed_at >= p.approved_at)"""

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
    # A publication's account, for the word it shows, and its organization, whose zone rules.
    "account_and_organization": """
join masthead.account a on a.organization_id = p.organization_id and a.id = p.account_id
join masthead.organization o on o.id = p.organization_id""",
    # The rank of the word that `p` shows; smaller is graver.
    "rank": """case when p.state = 'scheduled' and p.account_id = any({silent}) then :held
    else (cast(:ranks as int[]))[array_position(cast(:states as text[]), p.state)] end""",
    # Scheduled on an account that sends, and its last look ahead found something.
    "threatened": """p.account_id <> all({silent}) and (p.id, p.version) in (
    select f.publication_id, f.version from masthead.preflight f
    where f.findings <> '[]' and f.due_at > clock_timestamp()
      and jsonb_path_exists(f.findings, '$[*] ? (@.mend != "resume")'))""",
    # Accounts that send nothing at this moment: looked up once for a statement, by a join it were for each publication.
    "silent": f"array(select a.id from masthead.account a where a.state <> :sends or {PAUSED})",  # noqa: S608 - the parts are our own words
    # Whether `p` is held by a pause, and by which, for `pause_rows.read`: null when by none.
    "paused": f"(p.state = 'scheduled' and {PAUSED})",
    "pauses": f"case when p.state = 'scheduled' then {PAUSES} end",
    # What the last look ahead found against `p` as it stands, in words; null when nothing. A pause holds it and says so
    # itself; when it is over, what was found of it is old.
    "risk": """(
  select string_agg(concat_ws(' ', found.value->>'words', nullif(found.value->>'fix', '')), ' '
    order by found.ordinality)
  from masthead.preflight f cross join jsonb_array_elements(f.findings) with ordinality as found
  where f.organization_id = p.organization_id and f.publication_id = p.id and f.version = p.version
    and p.state = 'scheduled' and found.value->>'mend' <> 'resume')""",
    # Late, though an earlier try may be live after all.
    "late_unproven": f"case when p.needs = 'late' then {IS_UNPROVEN} else false end",
    # Why nobody sees what the network of `p` accepted, in words; null when it is seen.
    "not_shown": """(
  select l.not_shown from masthead.publication_link l
  where l.organization_id = p.organization_id and l.publication_id = p.id)""",
    # Lists go by the slot; a post without one counts from when it was made.
    "at": "case when t.slot_at is null then t.created_at else t.slot_at end",
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
    "mine_to_decide": """(:self_approval
    or (t.author_id <> :member and t.submitted_by <> :member and :member <> all(t.writers)))
  and (:any_reviewer or t.reviewer_id is null or t.reviewer_id = :member
    -- who was asked may have left since, or lost the role
    or not exists (select 1 from masthead.member r where r.organization_id = t.organization_id
      and r.id = t.reviewer_id and r.disabled_at is null and r.role in ('approver','admin')))""",
    # The last word on the current version asks for changes, and it hasn't been submitted anew. The first edit makes
    # the publications drafts; the request stands until then.
    "returned": """
from masthead.review_comment said
join masthead.post t on t.organization_id = said.organization_id and t.id = said.post_id
  and t.submitted_version = said.version
where said.kind = 'changes_requested' and not exists (select 1 from masthead.review_comment c
    where c.organization_id = said.organization_id and c.post_id = said.post_id and c.version = said.version
      and c.kind <> 'comment' and (c.at, c.id) > (said.at, said.id))
  and t.deleted_at is null and (t.author_id = :member or t.submitted_by = :member)
  and exists (select 1 from masthead.publication p where p.organization_id = t.organization_id and p.post_id = t.id
    and p.removed_at is null and p.state in ('draft','changes_requested'))""",
}


def statement(*lines: str) -> TextClause:
    """SQL with its {parts} filled in. Lines and parts are written in these modules; data comes by parameters alone.

    But `:limit` becomes part of the SQL when it runs: Postgres plans a prepared statement once for all parameters only
    when that costs no more, and takes an unknown limit for a tenth of all rows, so that it would plan anew every time.
    """
    sql = "\n".join(lines)
    for name, part in _PARTS.items():
        sql = sql.replace(f"{{{name}}}", part)
    limits = [bindparam("limit", type_=Integer, literal_execute=True)] if ":limit" in sql else []
    return text(sql).bindparams(*limits)
