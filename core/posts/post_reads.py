"""SQL of the pages about one post."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from core.posts.fragments import Rows, statement

# The names by one look at the members: a join for each of the four took longer to plan than all of it takes to run.
_POST: Final = statement(
    """
select t.*, known.names ->> t.author_id::text as author_name, known.names ->> t.updated_by::text as editor_name,
  known.names ->> t.submitted_by::text as submitter_name, known.names ->> t.reviewer_id::text as reviewer_name
from masthead.post t
cross join lateral (
  select jsonb_object_agg(m.id, person.name) as names
  from masthead.member m join masthead.person on person.id = m.person_id
  where m.organization_id = t.organization_id
    and m.id in (t.author_id, t.updated_by, t.submitted_by, t.reviewer_id)) known
where t.id = :post
"""
)

_PUBLICATIONS: Final = statement(
    """
select p.*, a.name as account_name, a.picture_url, a.url as account_url, a.state as account_state, a.network,
  o.timezone as zone, {pauses} as pauses, approver.name as approver_name,
  case when p.deleted_at is null then l.url end as live_url, l.not_shown, changed.text as live_text, changed.deleted_by,
  case when p.payload->>'media' like '%video/%' then (
    select jsonb_object_agg(encode(f.sha256, 'hex'), encode(f.poster_sha256, 'hex')) from masthead.media f
    where f.organization_id = p.organization_id and f.poster_sha256 is not null and f.sha256 = any(array(
      select decode(item->>'sha256', 'hex') from jsonb_array_elements(p.payload->'media') item))) end as posters,
  coalesce(p.approved_sha256 = p.payload_sha256 and p.approved_until > clock_timestamp(), false) as holds,
  {current} as current, {risk} as risk, {late_unproven} as late_unproven
from masthead.publication p {account_and_organization}
left join masthead.member m on m.organization_id = p.organization_id and m.id = p.approved_by
left join masthead.person approver on approver.id = m.person_id
left join masthead.publication_link l on l.organization_id = p.organization_id and l.publication_id = p.id
left join lateral (
  select (array_agg(w.text order by w.closed_at desc) filter (where w.kind = 'edit'))[1] as text,
    max(deleter.name) filter (where w.kind = 'delete') as deleted_by
  from masthead.live_work w
  left join masthead.member d on d.organization_id = w.organization_id and d.id = w.asked_by
  left join masthead.person deleter on deleter.id = d.person_id
  where w.organization_id = p.organization_id and w.publication_id = p.id and w.kind <> 'comment'
    and w.state = 'done') changed on p.state = 'published'
where p.post_id = :post and p.removed_at is null
order by lower(a.name), a.id, p.occurrence desc
"""
)

_COMMENTS: Final = statement(
    """
select c.id, c.version, c.kind, c.text, c.author_id, c.at, person.name
from masthead.review_comment c
join masthead.member m on m.organization_id = c.organization_id and m.id = c.author_id
join masthead.person on person.id = m.person_id
where c.post_id = :post order by c.at, c.id
"""
)

_VERSIONS: Final = statement(
    """
select v.version, v.text, v.link, v.besides, v.at, person.name
from masthead.post_version v
join masthead.member m on m.organization_id = v.organization_id and m.id = v.submitted_by
join masthead.person on person.id = m.person_id
where v.post_id = :post order by v.version desc limit 20
"""
)

# A run of saves by one person that changed the same things is one line: autosave writes many. So is a run of waits for
# the same thing at the network, which is asked again and again.
_TIMELINE: Final = statement(
    """
with parts as (
  select p.id, p.account_id, a.name from masthead.publication p
  join masthead.account a on a.organization_id = p.organization_id and a.id = p.account_id
  where p.post_id = :post),
lines as (
  select e.at, e.id, e.actor, e.action, coalesce(e.after, '{}') as after, e.correlation_id, parts.id as publication_id,
    parts.name as account_name,
    lead(array[e.action, e.actor, e.after->>'changed', e.after->>'voided']) over (order by e.id) as following
  from masthead.audit_event e
  left join parts on e.subject_kind = 'publication' and e.subject_id = parts.id::text
  where e.subject_id = any(array(select cast(:post as uuid)::text union all select parts.id::text from parts))
    and e.subject_kind in ('post','publication')),
resumed as (
  select e.at, e.id, e.actor, said.time, e.correlation_id, parts.id as publication_id, parts.name as account_name
  from masthead.audit_event e
  join parts on e.after->'publications'->>parts.id::text is not null
  cross join lateral (select e.after->'publications'->>parts.id::text as time) said
  where e.subject_id = any(array(
      select masthead.ctx_organization()::text union all select parts.account_id::text from parts))
    and e.action in ('organization.resumed','provider.resumed','account.resumed')),
done as (
  select 'person' as kind, at, id, actor, action, after, correlation_id, publication_id, account_name
  from lines
  where action <> 'post.save'
    or following is distinct from array[action, actor, after->>'changed', after->>'voided']
  order by id desc limit :most),
moves as (
  select e.at, e.id, e.actor, e.to_state as action, coalesce(e.why, '{}') as after,
    e.correlation_id, parts.id as publication_id, parts.name as account_name,
    lead(e.why) over (partition by e.publication_id order by e.id) as following
  from masthead.publication_event e join parts on parts.id = e.publication_id
  where e.actor not like 'person:%' and e.to_state not in ('queued','claimed') and e.from_state is not null),
happened as (
  select 'program' as kind, at, id, actor, action, after, correlation_id, publication_id, account_name
  from moves where not coalesce((after->>'waits')::boolean, false) or following is distinct from after
  order by id desc limit :most),
afterwards as (
  select 'live' as kind, e.at, e.id, e.actor, w.kind || '.' || e.to_state as action,
    coalesce(e.why, '{}') || jsonb_build_object('text', w.text, 'was', w.text_before) as after,
    e.correlation_id, parts.id as publication_id, parts.name as account_name
  from masthead.live_event e
  join parts on parts.id = e.publication_id
  join masthead.live_work w on w.organization_id = e.organization_id and w.id = e.work_id
  where e.actor not like 'person:%' and e.from_state is not null and e.to_state <> 'sending'
  order by e.id desc limit :most)
select every.*, person.name as person_name
from (
  select * from done
  union all
  select 'person', at, id, actor, case when time = 'drop' then 'publication.dropped' else 'publication.resumed' end,
    jsonb_build_object('slot_at', nullif(time, 'drop')), correlation_id, publication_id, account_name from resumed
  union all
  select * from happened
  union all
  select * from afterwards) every
left join (masthead.member m join masthead.person on person.id = m.person_id) on
  m.person_id = case when every.actor like 'person:%' then cast(substr(every.actor, 8) as uuid) end
order by every.at, every.kind, every.id
"""
)


def post(session: Session, post_id: UUID) -> Row[Any] | None:
    """One post with the names of who had a hand in it, deleted ones too."""
    return session.execute(_POST, {"post": post_id}).one_or_none()


def publications(session: Session, post_id: UUID) -> Rows:
    """The publications of one post with everything a page shows, superseded ones after what took their place."""
    return session.execute(_PUBLICATIONS, {"post": post_id}).all()


def comments(session: Session, post_id: UUID) -> Rows:
    """Everything said in the reviews of a post, oldest first."""
    return session.execute(_COMMENTS, {"post": post_id}).all()


def versions(session: Session, post_id: UUID) -> Rows:
    """The last 20 texts that were submitted, newest first."""
    return session.execute(_VERSIONS, {"post": post_id}).all()


def timeline(session: Session, post_id: UUID, most: int = 500) -> Rows:
    """What people and programs did to a post and its publications, oldest first; the newest `most` of each."""
    return session.execute(_TIMELINE, {"post": post_id, "most": most}).all()
