"""SQL of pauses: what is paused, and the two writes there are. Takes a session in the organization; never commits.

A pause is a row, and the only thing that says so: senders, lists and pages all look at it (decision 0020).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from core import providers
from core.accounts.rules import Pause, PauseScope
from core.infra.ids import new_id

# Which pauses are over the account `a`. Parts of statements here and in higher nouns.
COVERS: Final = (
    "x.organization_id = a.organization_id"
    " and (x.scope = 'organization' or x.provider = a.provider or x.account_id = a.id)"
)
# Whether anything is paused over the account `a` now.
PAUSED: Final = f"exists (select 1 from masthead.pause x where {COVERS} and x.ended_at is null)"  # noqa: S608 - the parts are our own words
_AS_JSON: Final = """jsonb_build_object('id', x.id, 'scope', x.scope, 'provider', x.provider,
    'account_id', x.account_id, 'name', named.name, 'network', named.network, 'reason', x.reason,
    'by', coalesce(person.name, 'the operator'), 'since', x.began_at)"""
# Nobody began what the operator of the installation did.
_WHO: Final = """left join masthead.member on member.organization_id = x.organization_id and member.id = x.began_by
  left join masthead.person on person.id = member.person_id
  left join masthead.account named on named.organization_id = x.organization_id and named.id = x.account_id"""
# What is paused over the account `a` now, for `read`; null when nothing is.
PAUSES: Final = f"(select jsonb_agg({_AS_JSON}) from masthead.pause x {_WHO} where {COVERS} and x.ended_at is null)"  # noqa: S608 - the parts are our own words

_WIDEST_FIRST: Final = {scope: rank for rank, scope in enumerate(PauseScope)}


def read(stored: Iterable[Mapping[str, Any]] | None) -> tuple[Pause, ...]:
    """What `PAUSES` gave, the widest first."""
    return tuple(sorted(map(_pause, stored or ()), key=lambda each: (_WIDEST_FIRST[each.scope], each.since)))


def _pause(stored: Mapping[str, Any]) -> Pause:
    return Pause(
        id=UUID(stored["id"]),
        scope=PauseScope(stored["scope"]),
        provider=stored["provider"],
        account_id=UUID(stored["account_id"]) if stored["account_id"] else None,
        name=_name(stored),
        reason=stored["reason"],
        by=stored["by"],
        since=datetime.fromisoformat(stored["since"]),
    )


def _name(stored: Mapping[str, Any]) -> str:
    provider, account = stored["provider"], stored["name"]
    if provider:
        known = providers.providers().get(provider)
        return known.title if known else str(provider)
    return providers.named(account, stored["network"]) if account else ""


_IN_FORCE: Final = text(
    f"select jsonb_agg({_AS_JSON}) from masthead.pause x {_WHO} where x.ended_at is null"  # noqa: S608 - the parts are our own words
)


def in_force(session: Session) -> tuple[Pause, ...]:
    """Everything that is paused in the organization now, the widest first."""
    return read(session.execute(_IN_FORCE).scalar_one())


_BEGIN: Final = text("""
insert into masthead.pause(organization_id, id, scope, provider, account_id, reason, began_by)
values (masthead.ctx_organization(), :id, :scope, :provider, :account, :reason, :by)
on conflict do nothing returning id
""")


def begin(
    session: Session, scope: PauseScope, *, provider: str | None, account_id: UUID | None, reason: str, by: UUID | None
) -> UUID | None:
    """A pause from now on; None when there is one of the same thing already. `by` None: the operator."""
    values = {"scope": scope, "provider": provider, "account": account_id, "reason": reason, "by": by}
    begun: UUID | None = session.execute(_BEGIN, {"id": new_id(), **values}).scalar_one_or_none()
    return begun


_END: Final = text("""
update masthead.pause set ended_at = clock_timestamp(), ended_by = :by where id = :id and ended_at is null
returning ended_at
""")


def end(session: Session, pause_id: UUID, by: UUID) -> datetime | None:
    """End a pause now; gives the instant, None when it isn't in force (any more)."""
    ended: datetime | None = session.execute(_END, {"id": pause_id, "by": by}).scalar_one_or_none()
    return ended


_ENDED_BY: Final = text("""
select person.name from masthead.pause x
join masthead.member on member.organization_id = x.organization_id and member.id = x.ended_by
join masthead.person on person.id = member.person_id
where x.id = :id
""")


def ended_by(session: Session, pause_id: UUID) -> str | None:
    """Who ended a pause; None when it never was, or is in force."""
    return session.execute(_ENDED_BY, {"id": pause_id}).scalar_one_or_none()


_BEING_SENT: Final = text("""
select count(*) from masthead.publication p
join masthead.account a on a.organization_id = p.organization_id and a.id = p.account_id
join masthead.pause x on x.id = :id and x.organization_id = a.organization_id
  and (x.scope = 'organization' or x.provider = a.provider or x.account_id = a.id)
where p.state = 'sending'
""")


def being_sent(session: Session, pause_id: UUID) -> int:
    """How many publications under a pause have passed the last look before their call: nobody can stop them."""
    return int(session.execute(_BEING_SENT, {"id": pause_id}).scalar_one())
