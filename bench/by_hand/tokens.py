"""Token health: how each access stands, and what became of it."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import text

from bench.reads import Read, Sample, written
from core.accounts import token_rows
from core.accounts.token_history import KINDS
from core.audit import store as audit

_ACTIONS: Final = tuple(action for actions in KINDS.values() for action in actions)
_NEWEST: Final = 500


def _history(kind: str) -> dict[str, Any]:
    """Lines about all accounts, or all connections: few subjects with many lines, among those of a hundred thousand."""

    def ours(session: Any, _: Sample) -> object:
        subjects = session.scalars(text(f"select id::text from masthead.{kind}")).all()  # noqa: S608 - our own words
        return audit.events_of(session, kind, subjects, _NEWEST, _ACTIONS)

    by_hand = """select e.organization_id, e.id, e.at, e.actor, e.action, e.subject_kind, e.subject_id, e.before,
      e.after, e.correlation_id
    from masthead.audit_event e where e.organization_id = {organization} and e.subject_kind = '[kind]'
      and e.subject_id = any(array(select s.id::text from masthead.[kind] s where s.organization_id = {organization}))
      and e.action in ([actions])
    order by e.id desc limit 500"""
    actions = ",".join(f"'{action}'" for action in _ACTIONS)
    return {"ours": ours, "by_hand": written(by_hand, kind=kind, actions=actions)}


READS: Final = (
    Read(
        "token_health",
        lambda session, _: token_rows.health(session),
        """select a.id, c.name as person, c.scopes, c.consented_at, c.consent_ends_at, c.expires_at as token_ends_at,
          care.next_check_at, care.next_renewal_at, care.checked_at, care.check_error, care.renewed_at,
          care.renewal_failures, care.renewal_error, care.renewal_refused_at, used.last_used_at,
          used.has_own_token, used.has_refresh_token, (select count(*) from masthead.publication q
            where q.organization_id = {organization} and q.account_id = a.id and q.state = 'scheduled')
          + coalesce(going.going_out, 0) as posts
        from masthead.account a
        join masthead.connection c on c.organization_id = {organization} and c.id = a.connection_id
        left join masthead.token_care care on care.organization_id = {organization} and care.connection_id = c.id
        cross join lateral (select max(k.last_used_at) as last_used_at,
            count(*) filter (where k.account_id = a.id and k.purpose = 'account') > 0 as has_own_token,
            count(*) filter (where k.account_id is null and k.purpose = 'refresh' and k.state = 'current') > 0
              as has_refresh_token
          from masthead.credential k where k.organization_id = {organization} and k.connection_id = a.connection_id
            and (k.account_id = a.id or k.account_id is null)) used
        left join (select q.account_id, count(*) as going_out from masthead.publication q
          where q.organization_id = {organization} and q.state in ('queued','claimed') group by q.account_id) going
          on going.account_id = a.id
        where a.organization_id = {organization} and a.state <> 'disabled'""",
        unordered=True,
    ),
    Read("token_history_of_accounts", **_history("account")),
    Read("token_history_of_connections", **_history("connection")),
)
