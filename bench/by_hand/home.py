"""Home and the figures of the menu."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from bench.reads import Read, Sample, filled
from core.posts import home_reads
from core.posts.home_reads import Reader

_RECENT: Final = timedelta(days=14)
_LINES: Final = 20

_NETWORKS: Final = """(select array_agg(distinct a.network order by a.network) from masthead.publication p
  join masthead.account a on a.organization_id = {organization} and a.id = p.account_id
  where p.organization_id = {organization} and p.post_id = q.id and"""
_SAID_BY: Final = """join masthead.member m on m.organization_id = {organization} and m.id ="""
_MINE: Final = "t.author_id <> {member} and t.submitted_by <> {member} and {member} <> all(t.writers)"
_ASKED: Final = """from (select p.post_id, min(p.due_at) as first_due_at from masthead.publication p
    where p.organization_id = {organization} and p.state = 'in_review' group by p.post_id) asked
  join masthead.post t on t.organization_id = {organization} and t.id = asked.post_id and t.deleted_at is null"""
_RETURNED: Final = """from masthead.review_comment said
  join masthead.post t on t.organization_id = {organization} and t.id = said.post_id
    and t.submitted_version = said.version and t.deleted_at is null
    and (t.author_id = {member} or t.submitted_by = {member})
  where said.organization_id = {organization} and said.kind = 'changes_requested'
    and not exists (select 1 from masthead.review_comment c where c.organization_id = {organization}
      and c.post_id = said.post_id and c.version = said.version and c.kind <> 'comment'
      and (c.at, c.id) > (said.at, said.id))
    and exists (select 1 from masthead.publication p where p.organization_id = {organization} and p.post_id = t.id
      and p.removed_at is null and p.state in ('draft','changes_requested'))"""
_WAITING: Final = """select p.id, p.post_id, left(t.text, 140) as text, a.name as account_name, a.network, p.state,
  p.needs, a.state as account_state, p.last_error, p.due_at, p.published_at, p.updated_at, p.deleted_at,
  case when p.deleted_at is null then l.url end as live_url, l.not_shown, o.timezone as zone,
  case when p.state = 'scheduled' then [pauses] end as pauses, [risk] as risk, [late_unproven] as late_unproven
from masthead.publication p
join masthead.organization o on o.id = {organization}
join masthead.account a on a.organization_id = {organization} and a.id = p.account_id
join masthead.post t on t.organization_id = {organization} and t.id = p.post_id and t.deleted_at is null
left join masthead.publication_link l on l.organization_id = {organization} and l.publication_id = p.id
where p.organization_id = {organization} and [current] and"""
_STRANDED: Final = """(select count(*) from masthead.publication p
  where p.organization_id = {organization} and p.account_id = a.id and p.state = 'scheduled')"""
_COUNTED: Final = """(select count(*) from masthead.publication p
  join masthead.post t on t.organization_id = {organization} and t.id = p.post_id and t.deleted_at is null
  where p.organization_id = {organization} and [current] and"""


def _reader(sample: Sample) -> Reader:
    return Reader(sample.member, approves=True, any_reviewer=True, self_approval=False)


def _between(session: Any, sample: Sample) -> object:
    return home_reads.between(session, sample.day, sample.next_day, 100)


READS: Final = filled(
    {
        "networks": _NETWORKS,
        "said_by": _SAID_BY,
        "mine": _MINE,
        "asked": _ASKED,
        "returned": _RETURNED,
        "waiting": _WAITING,
        "stranded": _STRANDED,
        "counted": _COUNTED,
    },
    Read(
        "home_to_approve",
        lambda session, sample: home_reads.to_decide(session, _reader(sample), _LINES),
        """select q.*, person.name, [networks] p.state = 'in_review') as networks, exists (
            select 1 from masthead.publication p where p.organization_id = {organization} and p.post_id = q.id
              and p.state = 'in_review' and p.last_error ? 'restored') as restored
        from (select t.organization_id, t.id, left(t.text, 140) as text, t.submitted_by, t.submitted_at as at,
            asked.first_due_at [asked] where [mine]
          order by asked.first_due_at nulls last, t.submitted_at, t.id limit 20) q
        [said_by] q.submitted_by join masthead.person on person.id = m.person_id
        order by q.first_due_at nulls last, q.at, q.id""",
    ),
    Read(
        "home_sent_back",
        lambda session, sample: home_reads.returned(session, _reader(sample), _LINES),
        """select q.*, person.name, [networks] p.removed_at is null) as networks
        from (select t.organization_id, t.id, left(t.text, 140) as text, t.slot_at as first_due_at, said.text as words,
            said.author_id, said.at [returned] order by said.at desc, t.id limit 20) q
        [said_by] q.author_id join masthead.person on person.id = m.person_id order by q.at desc, q.id""",
    ),
    Read(
        "home_failed",
        lambda session, _: home_reads.failed(session, _RECENT, _LINES),
        """[waiting] p.state = 'failed' and p.updated_at > clock_timestamp() - interval '14 days'
        order by p.updated_at desc, p.id limit 20""",
    ),
    Read(
        "home_not_shown",
        lambda session, _: home_reads.not_shown(session, _RECENT, _LINES),
        """[waiting] l.not_shown is not null and l.updated_at > clock_timestamp() - interval '14 days'
        and p.deleted_at is null order by l.updated_at desc, p.id limit 20""",
    ),
    Read(
        "home_needs_you",
        lambda session, _: home_reads.needing(session, _LINES),
        "[waiting] p.state = 'needs_human' order by p.updated_at, p.id limit 20",
    ),
    Read(
        "home_at_risk",
        lambda session, _: home_reads.at_risk(session, _LINES),
        """[waiting] p.state = 'scheduled' and p.account_id <> all([silent])
          and (p.id, p.version) in (select f.publication_id, f.version from masthead.preflight f
            where f.organization_id = {organization} and f.findings <> '[]' and f.due_at > clock_timestamp()
              and jsonb_path_exists(f.findings, '$[*] ? (@.mend != "resume")'))
        order by p.due_at, p.id limit 20""",
    ),
    Read(
        "home_untimed",
        lambda session, _: home_reads.untimed(session, _LINES),
        "[waiting] p.state = 'approved' and p.due_at is null order by p.approved_until, p.id limit 20",
    ),
    Read(
        "home_held",
        lambda session, _: home_reads.held(session, _LINES),
        "[waiting] p.state = 'scheduled' and p.account_id = any([silent]) order by p.due_at, p.id limit 20",
    ),
    Read(
        "home_today",
        _between,
        """select q.*, count(*) filter (where q.state in ('queued','claimed','sending','published')
            or (q.state = 'scheduled' and q.pauses is null and q.account_state = 'active')) over () as going_out,
          count(*) filter (where q.state = 'published') over () as gone_out
        from ([waiting] p.due_at >= {day} - interval '1 day' and p.due_at < {next_day}
          and ((p.due_at >= {day} and p.state not in ('draft','changes_requested','cancelled'))
            or (p.state = 'published' and p.published_at >= {day} and p.published_at < {next_day}))) q
        order by q.due_at, q.id limit 100""",
    ),
    Read(
        "home_to_reconnect",
        lambda session, _: home_reads.to_reconnect(session, _LINES),
        """select * from (select a.id, a.name, a.network, a.state, a.state_reason, [stranded] as publications
          from masthead.account a
          where a.organization_id = {organization} and a.state in ('auth_broken','disabled')) q
        where q.state = 'auth_broken' or q.publications > 0
        order by q.publications desc, lower(q.name), q.id limit 20""",
    ),
    Read(
        "home_figures",
        lambda session, sample: home_reads.counts(session, _reader(sample), _RECENT),
        """select (select count(*) [asked] where [mine]) as to_approve,
          (select count(*) [returned]) as changes_requested,
          (select count(*) from masthead.account a where a.organization_id = {organization}
            and (a.state = 'auth_broken' or (a.state = 'disabled' and [stranded] > 0))) as reconnect,
          [counted] p.state = 'failed' and p.updated_at > clock_timestamp() - interval '14 days') as failed,
          (select count(*) from masthead.publication_link l
            join masthead.publication p on p.organization_id = {organization} and p.id = l.publication_id
            join masthead.post t on t.organization_id = {organization} and t.id = p.post_id and t.deleted_at is null
            where l.organization_id = {organization} and l.not_shown is not null
              and l.updated_at > clock_timestamp() - interval '14 days' and p.deleted_at is null) as not_shown,
          [counted] p.state = 'needs_human') as needs_person,
          [counted] p.state = 'needs_human' and p.needs = 'outcome') as unclear, [counted] p.state = 'scheduled'
            and p.account_id = any([silent])) as held,
          (select count(*) from masthead.preflight f
            join masthead.publication p on p.organization_id = {organization} and p.id = f.publication_id
              and p.version = f.version
            where f.organization_id = {organization} and f.findings <> '[]' and f.due_at > clock_timestamp()
              and jsonb_path_exists(f.findings, '$[*] ? (@.mend != "resume")')
              and p.state = 'scheduled' and p.account_id <> all([silent])) as at_risk""",
    ),
)
