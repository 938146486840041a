"""Lists of posts, their figures and their export, and what waits for approval."""

from __future__ import annotations

from typing import Any, Final

from bench.reads import Read, Sample, written
from core.posts import list_reads
from core.posts.fragments import RANK
from core.posts.list_reads import Narrowed
from core.posts.rules import Word

_PAGE: Final = 51
_BATCH: Final = 1000

# The rank of a post, and the rank of posts that are in hand already.
_RANK_OF: Final = """(select coalesce(min([rank]), [draft]) from masthead.publication p
  where p.organization_id = {organization} and p.post_id = t.id and [current])"""
_NAMED: Final = """join masthead.member m on m.organization_id = {organization} and m.id = t.author_id
join masthead.person author on author.id = m.person_id"""


_COLUMNS: Final = """t.organization_id, t.id, left(t.text, 280) as text, t.link, t.author_id, t.slot_at, t.created_at,
  t.updated_at, t.revision, [at] as at"""
_LISTED: Final = """select t.*, [rank_of] as rank, author.name as author_name
from (select [columns] from masthead.post t
  where t.organization_id = {organization} and t.deleted_at is null [condition] [after]
  order by [at] desc, t.id desc limit [limit]) t [named]
order by t.at desc, t.id desc"""
_LISTED_WITH: Final = """select t.*, author.name as author_name
from (select [columns], [rank_of] as rank from masthead.post t
  where t.organization_id = {organization} and t.deleted_at is null [condition] [after] and [rank_of] in ([wanted])
  order by [at] desc, t.id desc limit [limit]) t [named]
order by t.at desc, t.id desc"""
_COUNTED: Final = """select [rank_of] as rank, count(*) as posts from masthead.post t
where t.organization_id = {organization} and t.deleted_at is null [condition] group by 1"""
_COUNTED_ALL: Final = """select coalesce(standing.rank, [draft]) as rank, count(*) as posts
from (select t.id from masthead.post t where t.organization_id = {organization} and t.deleted_at is null) t
left join (select p.post_id, min([rank]) as rank from masthead.publication p
  where p.organization_id = {organization} and [current] group by p.post_id) standing on standing.post_id = t.id
group by 1"""


def _listed(
    narrowed: Any = lambda _: Narrowed(),
    condition: str = "",
    *,
    ranks: list[int] | None = None,
    far_down: bool = False,
    limit: int = _PAGE,
) -> dict[str, Any]:
    """A page of the list. With `ranks` the ranks of posts are looked at before the cut, else only those of the page."""

    def ours(session: Any, sample: Sample) -> object:
        after = (sample.far_at, sample.far_id) if far_down else None
        return list_reads.listed(session, narrowed(sample), ranks, after, limit)

    by_hand = written(
        _LISTED if ranks is None else _LISTED_WITH,
        condition=condition,
        after="and ([at], t.id) < ({far_at}, {far_id})" if far_down else "",
        wanted=",".join(map(str, ranks or ())),
        limit=str(limit),
        columns=_COLUMNS,
        rank_of=_RANK_OF,
        named=_NAMED,
    )
    return {"ours": ours, "by_hand": by_hand}


def _counted(narrowed: Any = lambda _: Narrowed(), condition: str = "", *, each: bool = True) -> dict[str, Any]:
    """Figures beside the words. `each`: a look for each post that fits, else one pass over all publications."""
    return {
        "ours": lambda session, sample: list_reads.counted(session, narrowed(sample)),
        "by_hand": written(_COUNTED if each else _COUNTED_ALL, condition=condition, rank_of=_RANK_OF),
        "unordered": True,
    }


def _by_words(_: Sample) -> Narrowed:
    return Narrowed(text="hiring")


def _by_account(sample: Sample) -> Narrowed:
    return Narrowed(account_id=sample.account)


def _by_author(sample: Sample) -> Narrowed:
    return Narrowed(author_id=sample.member)


def _by_days(sample: Sample) -> Narrowed:
    return Narrowed(since=sample.month, until=sample.next_month)


_WITH_FAILURE: Final = """and t.id = any(array(select p.post_id from masthead.publication p
  where p.organization_id = {organization} and p.state = 'failed' and p.removed_at is null))"""
_HELD: Final = """and t.id = any(array(select p.post_id from masthead.publication p
  where p.organization_id = {organization} and p.state = 'scheduled' and p.removed_at is null
    and p.account_id = any([silent])))"""
_HAS_WORDS: Final = "and (strpos(lower(t.text), 'hiring') > 0 or strpos(lower(t.link), 'hiring') > 0)"
_ON_ACCOUNT: Final = """and t.id in (select p.post_id from masthead.publication p
  where p.organization_id = {organization} and p.account_id = {account} and p.removed_at is null)"""
_OF_AUTHOR: Final = "and t.author_id = {member}"
_IN_DAYS: Final = "and [at] >= {month} and [at] < {next_month}"
_BRIEFS: Final = """select p.id, p.post_id, p.account_id, a.name as account_name, a.state as account_state, a.network,
  p.state, p.needs, p.due_at, p.published_at, p.deleted_at, p.payload_sha256,
  p.state = 'scheduled' and [paused] as paused, [risk] as risk, [not_shown] as not_shown
from masthead.publication p
join masthead.organization o on o.id = {organization}
join masthead.account a on a.organization_id = {organization} and a.id = p.account_id
where p.organization_id = {organization} and [current] and p.post_id = any({__}) order by lower(a.name), a.id"""
_QUEUE: Final = """select q.*, author.name as author_name, submitter.name as submitter_name,
  reviewer.name as reviewer_name
from (select t.organization_id, t.id, left(t.text, 280) as text, t.link, t.author_id, t.submitted_version,
    t.submitted_by, t.submitted_at, t.reviewer_id, t.writers, asked.first_due_at,
    coalesce(asked.first_due_at, timestamptz '9999-01-01 00:00Z') as urgency
  from (select p.post_id, min(p.due_at) as first_due_at from masthead.publication p
    where p.organization_id = {organization} and p.state = 'in_review' group by p.post_id) asked
  join masthead.post t on t.organization_id = {organization} and t.id = asked.post_id and t.deleted_at is null
  __ order by urgency, t.submitted_at, t.id limit 51) q
join masthead.member am on am.organization_id = {organization} and am.id = q.author_id
join masthead.person author on author.id = am.person_id
join masthead.member sm on sm.organization_id = {organization} and sm.id = q.submitted_by
join masthead.person submitter on submitter.id = sm.person_id
left join masthead.member rm on rm.organization_id = {organization} and rm.id = q.reviewer_id
left join masthead.person reviewer on reviewer.id = rm.person_id
order by q.urgency, q.submitted_at, q.id"""
_QUEUE_AFTER: Final = """where (coalesce(asked.first_due_at, timestamptz '9999-01-01 00:00Z'), t.submitted_at, t.id)
  > ({queue_due_at}, {queue_at}, {queue_id})"""

READS: Final = (
    Read("posts", **_listed()),
    Read("posts_far_down", **_listed(far_down=True)),
    Read("posts_failed", **_listed(condition=_WITH_FAILURE, ranks=[RANK[Word.FAILED]])),
    Read("posts_held", **_listed(condition=_HELD, ranks=[RANK[Word.HELD]])),
    Read("posts_published", **_listed(ranks=[RANK[Word.PUBLISHED]])),
    Read("posts_draft", **_listed(ranks=[RANK[Word.DRAFT]])),
    Read("posts_by_words", **_listed(_by_words, _HAS_WORDS)),
    Read("posts_of_account", **_listed(_by_account, _ON_ACCOUNT)),
    Read("posts_of_author", **_listed(_by_author, _OF_AUTHOR)),
    Read("posts_of_days", **_listed(_by_days, _IN_DAYS)),
    Read("posts_figures", **_counted(each=False)),
    Read("posts_figures_by_words", **_counted(_by_words, _HAS_WORDS)),
    Read("posts_figures_of_account", **_counted(_by_account, _ON_ACCOUNT)),
    Read("posts_figures_of_author", **_counted(_by_author, _OF_AUTHOR)),
    Read("posts_figures_of_days", **_counted(_by_days, _IN_DAYS)),
    Read(
        "posts_publications",
        lambda session, sample: list_reads.briefs(session, sample.page),
        _BRIEFS.replace("__", "page"),
        unordered=True,
    ),
    Read(
        "posts_authors",
        lambda session, _: list_reads.authors(session),
        """select m.id, person.name from masthead.member m join masthead.person on person.id = m.person_id
        where m.organization_id = {organization} and exists (select 1 from masthead.post t
          where t.organization_id = {organization} and t.author_id = m.id and t.deleted_at is null)
        order by lower(person.name), m.id""",
    ),
    Read("export_posts", **_listed(limit=_BATCH)),
    Read(
        "export_texts",
        lambda session, sample: list_reads.texts(session, sample.batch),
        "select t.id, t.text from masthead.post t where t.organization_id = {organization} and t.id = any({batch})",
        unordered=True,
    ),
    Read(
        "export_publications",
        lambda session, sample: list_reads.briefs(session, sample.batch),
        _BRIEFS.replace("__", "batch"),
        unordered=True,
    ),
    Read("approvals", lambda session, _: list_reads.in_review(session, None, _PAGE), _QUEUE.replace("__", "")),
    Read(
        "approvals_next_page",
        lambda session, sample: list_reads.in_review(
            session, (sample.queue_due_at, sample.queue_at, sample.queue_id), _PAGE
        ),
        _QUEUE.replace("__", _QUEUE_AFTER),
    ),
)
