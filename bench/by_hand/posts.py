"""One post: in the composer, under review, and with everything that happened to it."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import select

from bench.reads import Read, Sample, filled
from core.infra.actor import Role
from core.posts import post_reads, store
from core.posts.model import PostVariant
from core.publishing import store as publishing

_OF: Final = "p.organization_id = {organization} and p.post_id ="
_NAME: Final = """left join masthead.member {0}m on {0}m.organization_id = {{organization}} and {0}m.id = t.{1}
left join masthead.person {0} on {0}.id = {0}m.person_id"""
_NAMES: Final = " ".join(
    _NAME.format(*each)
    for each in (
        ("author", "author_id"),
        ("editor", "updated_by"),
        ("submitter", "submitted_by"),
        ("reviewer", "reviewer_id"),
    )
)
_BY: Final = """join masthead.member m on m.organization_id = {organization} and m.id ="""


def _twins(session: Any, sample: Sample) -> object:
    return store.twins(session, sample.asked, [(sample.account, "We are hiring in organization 1.", sample.now)])


READS: Final = filled(
    {"of": _OF, "names": _NAMES, "by": _BY},
    Read(
        "situation",
        lambda session, _: store.situation(session),
        """select o.name, o.timezone, o.self_approval, o.approval_days,
          clock_timestamp() as moment from masthead.organization o where o.id = {organization}""",
        moment=frozenset({"moment"}),
    ),
    Read(
        "post",
        lambda session, sample: post_reads.post(session, sample.published),
        """select t.*, author.name as author_name, editor.name as editor_name, submitter.name as submitter_name,
          reviewer.name as reviewer_name from masthead.post t [names]
        where t.organization_id = {organization} and t.id = {published}""",
    ),
    Read(
        "post_publications",
        lambda session, sample: post_reads.publications(session, sample.published),
        """select p.*, a.name as account_name, a.picture_url, a.url as account_url, a.state as account_state, a.network,
          o.timezone as zone, case when p.state = 'scheduled' then [pauses] end as pauses,
          approver.name as approver_name, case when p.deleted_at is null then l.url end as live_url, l.not_shown,
          changed.text as live_text, changed.deleted_by,
          case when p.payload->>'media' like '%%video/%%' then (
            select jsonb_object_agg(encode(f.sha256, 'hex'), encode(f.poster_sha256, 'hex'))
            from jsonb_array_elements(p.payload->'media') item
            join masthead.media f on f.organization_id = {organization} and f.poster_sha256 is not null
              and f.sha256 = decode(item->>'sha256', 'hex')) end as posters,
          coalesce(p.approved_sha256 = p.payload_sha256 and p.approved_until > clock_timestamp(), false) as holds,
          [current] as current, [risk] as risk, [late_unproven] as late_unproven
        from masthead.publication p
        join masthead.organization o on o.id = {organization}
        join masthead.account a on a.organization_id = {organization} and a.id = p.account_id
        left join masthead.member m on m.organization_id = {organization} and m.id = p.approved_by
        left join masthead.person approver on approver.id = m.person_id
        left join masthead.publication_link l on l.organization_id = {organization} and l.publication_id = p.id
        left join lateral (
          select (array_agg(w.text order by w.closed_at desc) filter (where w.kind = 'edit'))[1] as text,
            max(deleter.name) filter (where w.kind = 'delete') as deleted_by
          from masthead.live_work w
          left join masthead.member d on d.organization_id = {organization} and d.id = w.asked_by
          left join masthead.person deleter on deleter.id = d.person_id
          where w.organization_id = {organization} and w.publication_id = p.id and w.kind <> 'comment'
            and w.state = 'done') changed on p.state = 'published'
        where p.organization_id = {organization} and p.post_id = {published} and p.removed_at is null
        order by lower(a.name), a.id, p.occurrence desc""",
    ),
    Read(
        "post_comments",
        lambda session, sample: post_reads.comments(session, sample.published),
        """select c.id, c.version, c.kind, c.text, c.author_id, c.at, person.name from masthead.review_comment c
        [by] c.author_id join masthead.person on person.id = m.person_id
        where c.organization_id = {organization} and c.post_id = {published} order by c.at, c.id""",
    ),
    Read(
        "post_versions",
        lambda session, sample: post_reads.versions(session, sample.asked),
        """select v.version, v.text, v.link, v.besides, v.at, person.name
        from masthead.post_version v [by] v.submitted_by join masthead.person on person.id = m.person_id
        where v.organization_id = {organization} and v.post_id = {asked} order by v.version desc limit 20""",
    ),
    Read(
        "post_timeline",
        lambda session, sample: post_reads.timeline(session, sample.published),
        """with parts as materialized (
          select p.id, p.account_id, a.name from masthead.publication p
          join masthead.account a on a.organization_id = {organization} and a.id = p.account_id
          where p.organization_id = {organization} and p.post_id = {published}),
        done as (
          select 'person' as kind, e.at, e.id, e.actor, e.action, coalesce(e.after, '{{}}') as after, e.correlation_id,
            parts.id as publication_id, parts.name as account_name,
            lead(array[e.action, e.actor, e.after->>'changed', e.after->>'voided']) over (order by e.id) as following
          from masthead.audit_event e
          left join parts on e.subject_kind = 'publication' and e.subject_id = parts.id::text
          where e.organization_id = {organization} and e.subject_kind in ('post','publication')
            and e.subject_id = any(array(select {published}::text union all select id::text from parts))),
        moves as (
          select 'program' as kind, e.at, e.id, e.actor, e.to_state as action, coalesce(e.why, '{{}}') as after,
            e.correlation_id, parts.id as publication_id, parts.name as account_name,
            lead(e.why) over (partition by e.publication_id order by e.id) as following
          from parts join masthead.publication_event e on e.publication_id = parts.id
          where e.organization_id = {organization} and e.actor not like 'person:%%'
            and e.to_state not in ('queued','claimed') and e.from_state is not null)
        select every.*, person.name as person_name
        from ((select kind, at, id, actor, action, after, correlation_id, publication_id, account_name from done
            where action <> 'post.save'
              or following is distinct from array[action, actor, after->>'changed', after->>'voided']
            order by id desc limit 500)
          union all
          (select 'person', e.at, e.id, e.actor,
            case when e.after->'publications'->>parts.id::text = 'drop' then 'publication.dropped'
              else 'publication.resumed' end,
            jsonb_build_object('slot_at', nullif(e.after->'publications'->>parts.id::text, 'drop')),
            e.correlation_id, parts.id, parts.name
          from masthead.audit_event e join parts on e.after->'publications'->>parts.id::text is not null
          where e.organization_id = {organization}
            and e.action in ('organization.resumed','provider.resumed','account.resumed')
            and e.subject_id = any(array(select {organization}::text union all select account_id::text from parts)))
          union all
          (select kind, at, id, actor, action, after, correlation_id, publication_id, account_name from moves
            where not coalesce((after->>'waits')::boolean, false) or following is distinct from after
            order by id desc limit 500)
          union all
          (select 'live', e.at, e.id, e.actor, w.kind || '.' || e.to_state,
            coalesce(e.why, '{{}}') || jsonb_build_object('text', w.text, 'was', w.text_before), e.correlation_id,
            parts.id, parts.name
          from parts join masthead.live_event e on e.organization_id = {organization} and e.publication_id = parts.id
          join masthead.live_work w on w.organization_id = {organization} and w.id = e.work_id
          where e.actor not like 'person:%%' and e.from_state is not null and e.to_state <> 'sending'
          order by e.id desc limit 500)) every
        left join (select m.person_id, p.name from masthead.member m join masthead.person p on p.id = m.person_id
          where m.organization_id = {organization}) person on person.person_id =
            case when every.actor like 'person:%%' then cast(substr(every.actor, 8) as uuid) end
        order by every.at, every.kind, every.id""",
    ),
    Read(
        "post_twins",
        _twins,
        """select distinct on (q.account_id) q.account_id, q.payload->>'text' as text, q.state,
          coalesce(q.published_at, q.due_at, q.updated_at) as at
        from (values ({account}::uuid, 'We are hiring in organization 1.', {now}::timestamptz))
          mine(account_id, text, at)
        join masthead.publication q on q.account_id = mine.account_id and q.payload->>'text' = mine.text
        where q.organization_id = {organization} and q.post_id <> {asked} and q.removed_at is null
          and q.state in ('published','scheduled','approved','in_review','queued','claimed','sending','unknown')
          and coalesce(q.published_at, q.due_at, q.updated_at) > mine.at - interval '24 hours'
          and coalesce(q.published_at, q.due_at, q.updated_at) < mine.at + interval '24 hours'
        order by q.account_id, at desc""",
    ),
    Read(
        "post_variants",
        lambda session, sample: session.execute(select(PostVariant).where(PostVariant.post_id == sample.asked)).all(),
        """select v.* from masthead.post_variant v
        where v.organization_id = {organization} and v.post_id = {asked}""",
        unordered=True,
    ),
    Read(
        "post_as_stored",
        lambda session, sample: store.publications(session, [sample.asked]),
        "select [stored] from masthead.publication p where [of] {asked} order by p.id",
    ),
    Read(
        "accounts_to_choose",
        lambda session, _: store.accounts(session),
        """select a.organization_id, a.id, a.connection_id, a.provider, a.network, a.provider_account_id, a.name, a.url,
          a.picture_url, a.state, a.state_reason, a.heals, a.window_s, a.next_send_at, a.usage, a.created_at,
          a.updated_at, [pauses] as pauses
        from masthead.account a where a.organization_id = {organization} order by lower(a.name), a.id""",
    ),
    Read(
        "approvers",
        lambda session, sample: store.members(session, tuple(map(Role, sample.roles))),
        """select m.id, p.name from masthead.member m join masthead.person p on p.id = m.person_id
        where m.organization_id = {organization} and m.disabled_at is null and p.disabled_at is null
          and m.role = any({roles}) order by lower(p.name), m.id""",
    ),
    Read(
        "publication",
        lambda session, sample: publishing.publication(session, sample.publication),
        "select [stored] from masthead.publication p where p.organization_id = {organization} and p.id = {publication}",
    ),
    Read(
        "publication_attempts",
        lambda session, sample: publishing.attempts(session, sample.publication),
        """select a.* from masthead.attempt a
        where a.organization_id = {organization} and a.publication_id = {publication} order by a.id""",
    ),
    Read(
        "publication_events",
        lambda session, sample: publishing.events(session, sample.publication),
        """select e.* from masthead.publication_event e
        where e.organization_id = {organization} and e.publication_id = {publication} order by e.id""",
    ),
)
