"""Members, accounts, notices and the audit trail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from bench.reads import Read, Sample, written
from core.accounts import store as accounts
from core.audit import store as audit
from core.notices import store as notices
from core.organizations import store as organizations

_TRAIL: Final = """select e.organization_id, e.id, e.at, e.actor, e.action, e.subject_kind, e.subject_id, e.before,
  e.after, e.correlation_id from masthead.audit_event e where e.organization_id = {organization}"""
_EVERYTHING: Final[dict[str, Any]] = {
    "actor": None,
    "areas": (),
    "reference": "",
    "since": None,
    "until": None,
    "before": None,
    "limit": 51,
}


def _trail(condition: str, **narrowed: Any) -> dict[str, Any]:
    """Ours and the one by hand; a function in `narrowed` takes its value from the sample."""

    def ours(session: Any, sample: Sample) -> object:
        asked = {name: value(sample) if callable(value) else value for name, value in narrowed.items()}
        return audit.narrowed(session, **{**_EVERYTHING, **asked})

    return {
        "ours": ours,
        "by_hand": written("[trail] [condition] order by e.id desc limit 51", trail=_TRAIL, condition=condition),
    }


READS: Final = (
    Read(
        "standing",
        lambda session, sample: organizations.standing(session, sample.person),
        """select m.id, m.role, o.id as id_1, o.name, o.timezone, o.self_approval, o.approval_days,
          o.created_at from masthead.member m, masthead.organization o
        where m.organization_id = {organization} and m.person_id = {person} and m.disabled_at is null
          and o.id = {organization}""",
    ),
    Read(
        "members",
        lambda session, _: organizations.members(session),
        """select m.organization_id, m.id, m.person_id, m.role, m.created_at, m.disabled_at, m.last_seen_at, p.name,
          p.email, p.disabled_at as disabled_at_1 from masthead.member m join masthead.person p on p.id = m.person_id
        where m.organization_id = {organization} order by lower(p.name), m.id""",
    ),
    Read(
        "invitations",
        lambda session, _: organizations.open_invitations(session),
        """select i.*, p.name from masthead.invitation i
        left join masthead.member m on m.organization_id = i.organization_id and m.id = i.invited_by
        left join masthead.person p on p.id = m.person_id
        where i.organization_id = {organization} and i.accepted_at is null and i.expires_at > clock_timestamp()
        order by i.created_at desc, i.id""",
    ),
    Read(
        "sign_ins",
        lambda session, sample: organizations.sign_ins(session, sample.person),
        """select s.* from masthead.console_session s join masthead.person p on p.id = s.person_id
        where s.person_id = {person} and s.revoked_at is null and s.expires_at > clock_timestamp()
          and s.signed_in_at >= p.sessions_valid_from order by s.last_seen_at desc, s.id""",
    ),
    Read(
        "accounts",
        lambda session, _: accounts.listed(session),
        """select a.id, a.network, a.provider, a.name, a.url, a.picture_url, a.state, a.state_reason,
          a.provider_account_id, a.connection_id, a.created_at, a.window_s, c.scopes, c.state as connection_state,
          c.created_at as connected_at, p.name as connected_by_name,
          coalesce(own.expires_at, case when own.id is null then c.expires_at end) as expires_at,
          c.data_access_expires_at, own.id is null and exists (select 1 from masthead.token_care t
            where t.organization_id = {organization} and t.connection_id = c.id and t.next_renewal_at is not null
              and t.renewal_failures < 3) as renews, [pauses] as pauses,
          case when a.state = 'active' and not [paused] then 0 else (select count(*) from masthead.publication q
              where q.organization_id = {organization} and q.account_id = a.id and q.state = 'scheduled')
            + (select count(*) from masthead.publication q
              where q.organization_id = {organization} and q.account_id = a.id and q.state in ('queued','claimed'))
            end as stranded
        from masthead.account a
        join masthead.connection c on c.organization_id = {organization} and c.id = a.connection_id
        join masthead.member m on m.organization_id = {organization} and m.id = c.connected_by
        join masthead.person p on p.id = m.person_id
        left join masthead.credential own on own.organization_id = {organization} and own.account_id = a.id
          and own.connection_id = a.connection_id and own.purpose = 'account' and own.state = 'current'
        where a.organization_id = {organization} order by a.state = 'disabled', lower(a.name), a.id""",
    ),
    Read(
        "notices",
        lambda session, sample: notices.listed(session, sample.member, 50),
        """select n.* from masthead.notice n where n.organization_id = {organization} and n.member_id = {member}
        order by n.at desc, n.id desc limit 50""",
    ),
    Read(
        "notices_unseen",
        lambda session, sample: notices.unseen(session, sample.member, 100),
        """select count(*) as count_1 from (select 1 from masthead.notice n
        where n.organization_id = {organization} and n.member_id = {member} and n.seen_at is null limit 100) few""",
    ),
    Read(
        "notice_preferences",
        lambda session, sample: notices.preferences(session, [sample.member]),
        """select n.* from masthead.notice_preference n
        where n.organization_id = {organization} and n.member_id = {member}""",
        unordered=True,
    ),
    Read(
        "mail_trouble",
        lambda session, _: notices.trouble(session),
        """select count(*) filter (where state = 'waiting') as waiting,
          count(*) filter (where state = 'given_up') as given_up,
          (array_agg(last_error order by created_at desc))[1] as last_error
        from masthead.mail where organization_id = {organization} and created_at > clock_timestamp() - interval '7 days'
          and (state = 'given_up' or (state = 'waiting' and tries > 0 and last_error is not null))""",
    ),
    Read("audit", **_trail("")),
    Read("audit_far_down", **_trail("and e.id < 1000", before=1000)),
    Read(
        "audit_by_person",
        **_trail("and e.actor = 'person:' || {person}::text", actor=lambda sample: f"person:{sample.person}"),
    ),
    Read(
        "audit_by_area",
        **_trail("and split_part(e.action, '.', 1) in ('account','connection')", areas=("account", "connection")),
    ),
    Read(
        "audit_by_id",
        **_trail(
            "and (e.subject_id = {published}::text or e.correlation_id = {published}::text)",
            reference=lambda sample: str(sample.published),
        ),
    ),
    Read(
        "audit_by_days",
        **_trail(
            "and e.at >= {far_at} and e.at < {far_at} + interval '1 day'",
            since=lambda sample: sample.far_at,
            until=lambda sample: sample.far_at + timedelta(days=1),
        ),
    ),
    Read(
        "history_of_a_post",
        lambda session, sample: audit.events_of(session, "post", [str(sample.published)], 500),
        written(
            "[trail] and e.subject_id = {published}::text and e.subject_kind = 'post' order by e.id desc limit 500",
            trail=_TRAIL,
        ),
    ),
)
