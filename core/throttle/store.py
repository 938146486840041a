"""All SQL of budgets and breakers. Takes a session; never commits.

Budgets of accounts are the organization's. Those of apps, the breakers and their counts are the installation's: every
program may write them in whatever transaction it has, and nothing in them says whose call it was.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from core.provider_kit.throttle import Limits, Route, Scope, Usage
from core.throttle import rules
from core.throttle.rules import BreakerState, Hold, WholeHold, Why

Key = tuple[str, str, Route]  # provider, network, route

# A hold is never shortened by an answer that was under way when it began. One that has to guess its end goes up a step
# only when the one before is over: of sixteen answers in one second each says the same.
_KEEP: Final = """
insert into masthead.{table} as b ({columns}, percent, exact, said_at, held_until, holds, gap)
values ({values}, :percent, :exact, clock_timestamp(),
  case when :stops then clock_timestamp()
    + make_interval(secs => coalesce(:regain_s, (cast(:guesses as float8[]))[1])) end,
  case when :guessed then 1 else 0 end, :gap)
on conflict ({columns}) do update set percent = excluded.percent, exact = excluded.exact, said_at = excluded.said_at,
  gap = excluded.gap,
  held_until = case when not :stops or (:guessed and b.held_until > clock_timestamp()) then b.held_until
    else greatest(b.held_until, clock_timestamp() + make_interval(secs => coalesce(:regain_s,
      (cast(:guesses as float8[]))[least(b.holds + 1, cardinality(cast(:guesses as float8[])))]))) end,
  holds = case when not :guessed then 0 when b.held_until > clock_timestamp() then b.holds else b.holds + 1 end
"""
_KEEP_ACCOUNT: Final = text(
    _KEEP.format(
        table="account_budget",
        columns="organization_id, account_id, route",
        values="masthead.ctx_organization(), :account_id, :route",
    )
)
_KEEP_APP: Final = text(
    _KEEP.format(table="app_budget", columns="provider, network, route", values=":provider, :network, :route")
)


def keep_account(session: Session, account_id: UUID, route: Route | None, usage: Usage, limits: Limits) -> None:
    """What the network said last of one of an account's budgets."""
    session.execute(_KEEP_ACCOUNT, {"account_id": account_id, "route": route or "", **_said(usage, limits)})


def keep_app(session: Session, provider: str, network: str, route: Route | None, usage: Usage, limits: Limits) -> None:
    """What the network said last of one of our app's budgets. What counts every call counts all networks' together."""
    key = {"provider": provider, "network": network if route else "", "route": route or ""}
    session.execute(_KEEP_APP, {**key, **_said(usage, limits)})


def has_room(
    session: Session,
    scope: Scope,
    account_id: UUID,
    provider: str,
    network: str,
    routes: Sequence[Route | None],
) -> None:
    """Nothing is said of these budgets any more: calls that draw on them need not be spread."""
    whose = (
        "account_budget b set percent = 0, gap = '0', holds = 0, said_at = clock_timestamp()"
        " where b.account_id = :account_id"
        if scope is Scope.ACCOUNT
        else "app_budget b set percent = 0, gap = '0', holds = 0, said_at = clock_timestamp()"
        " where b.provider = :provider and b.network in ('', :network)"
    )
    session.execute(
        text(
            f"update masthead.{whose} and b.route = any(:routes) and b.gap > '0'"
            " and coalesce(b.held_until <= clock_timestamp(), true)"
        ),
        {
            "account_id": account_id,
            "provider": provider,
            "network": network,
            "routes": [route or "" for route in routes],
        },
    )


def _said(usage: Usage, limits: Limits) -> dict[str, Any]:
    regain_s = rules.regain_s(usage)
    return {
        "percent": usage.percent,
        "exact": usage.exact,
        "stops": usage.stops,
        "regain_s": regain_s,
        "guessed": usage.stops and regain_s is None,
        "guesses": list(limits.regain_after_s),
        "gap": timedelta(seconds=rules.gap_s(usage, limits)),
    }


# Whoever waits for somebody else's probe looks again soon: its lease ends long after its answer.
_UNTIL: Final = (
    "case when b.state = 'half_open' then least(b.until, clock_timestamp() + interval '1 s') else b.until end"
)
_HOLDS: Final = text(
    """
select said.why, said.route, said.until,
  extract(epoch from said.until - clock_timestamp())::float8 as wait_s
from (
  select 'account' as why, b.route, b.held_until as until from masthead.account_budget b
    where b.account_id = :account_id and b.route = any(:budgets) and b.held_until > clock_timestamp()
  union all
  select 'app', b.route, b.held_until from masthead.app_budget b
    where b.provider = :provider and b.network in ('', :network) and b.route = any(:budgets)
      and b.held_until > clock_timestamp()
  union all
  select 'trouble', b.route, {until} from masthead.breaker b
    where b.provider = :provider and b.network = :network and b.route = any(:routes) and b.state <> 'closed') said
order by said.until desc
""".replace("{until}", _UNTIL)
)


_LAST_HOLDS: Final = text(
    """
select distinct on (a.id) a.id, said.why, said.until
from masthead.account a
cross join lateral (
  select 'account' as why, b.held_until as until from masthead.account_budget b
    where b.organization_id = a.organization_id and b.account_id = a.id and b.route = any(:budgets)
      and b.held_until > clock_timestamp()
  union all
  select 'app', b.held_until from masthead.app_budget b
    where b.provider = a.provider and b.network in ('', a.network) and b.route = any(:budgets)
      and b.held_until > clock_timestamp()
  union all
  select 'trouble', b.until from masthead.breaker b
    where b.provider = a.provider and b.network = a.network and b.route = any(:routes) and b.state <> 'closed') said
where a.id = any(:accounts)
order by a.id, said.until desc
"""
)


def last_holds(
    session: Session, account_ids: Collection[UUID], routes: Sequence[Route]
) -> dict[UUID, tuple[Why, datetime]]:
    """Account -> what keeps calls of these routes from leaving longest, and until when; without those that are free."""
    names = [route.value for route in routes]
    found = session.execute(_LAST_HOLDS, {"accounts": list(account_ids), "routes": names, "budgets": ["", *names]})
    return {row.id: (Why(row.why), row.until) for row in found}


def holds(session: Session, account_id: UUID, provider: str, network: str, routes: Sequence[Route]) -> list[Hold]:
    """What keeps calls of these routes for an account from leaving now, longest first."""
    names = [route.value for route in routes]
    found = session.execute(
        _HOLDS,
        {
            "account_id": account_id,
            "provider": provider,
            "network": network,
            "routes": names,
            "budgets": ["", *names],
        },
    )
    return [Hold(Why(row.why), Route(row.route) if row.route else None, row.until, row.wait_s) for row in found]


# What holds whole networks, for the operator


def whole_holds(session: Session) -> tuple[WholeHold, ...]:
    """All of them, the longest first."""
    found = session.execute(
        text(
            "select provider, network, route, held_until as until, false as is_breaker from masthead.app_budget"
            " where held_until > clock_timestamp()"
            " union all select provider, network, route, until, true from masthead.breaker"
            " where state = 'open' and until > clock_timestamp() order by until desc, provider, network, route"
        )
    )
    return tuple(WholeHold(*row) for row in found)


_END_BUDGETS: Final = text("""
update masthead.app_budget b set held_until = clock_timestamp(), holds = 0
from (select * from masthead.app_budget where provider = :provider and network in ('', :network)
  and held_until > clock_timestamp() order by network, route for update) was
where (b.provider, b.network, b.route) = (was.provider, was.network, was.route)
returning b.provider, b.network, b.route, was.held_until, false
""")
_END_BREAKERS: Final = text("""
update masthead.breaker b set until = clock_timestamp()
from (select * from masthead.breaker where provider = :provider and network = :network and state = 'open'
  and until > clock_timestamp() order by route for update) was
where (b.provider, b.network, b.route) = (was.provider, was.network, was.route)
returning b.provider, b.network, b.route, was.until, true
""")


def end_whole_holds(session: Session, provider: str, network: str) -> tuple[WholeHold, ...]:
    """End what holds a network's calls for everybody; gives it as it was. An open breaker wants its probe then."""
    key = {"provider": provider, "network": network}
    return tuple(WholeHold(*row) for each in (_END_BUDGETS, _END_BREAKERS) for row in session.execute(each, key))


# Breakers


_COUNT: Final = text("""
insert into masthead.breaker_count as c (provider, network, route, slice, lane, began_at, calls, failures)
select :provider, :network, :route, mod(slot.number, :slices + 1)::int, :lane, to_timestamp(slot.number * :slice_s),
  :calls, :failures
from (select floor(extract(epoch from clock_timestamp()) / :slice_s)::bigint as number) slot
on conflict (provider, network, route, slice, lane) do update set began_at = excluded.began_at,
  calls = excluded.calls + case when c.began_at = excluded.began_at then c.calls else 0 end,
  failures = excluded.failures + case when c.began_at = excluded.began_at then c.failures else 0 end
""")
_TRIP: Final = text("""
insert into masthead.breaker as b (provider, network, route, state, until, open_for, opened_at)
select :provider, :network, :route, 'open', clock_timestamp() + :first, :first, clock_timestamp()
from (
  select coalesce(sum(c.calls), 0) as calls, coalesce(sum(c.failures), 0) as failures
  from masthead.breaker_count c
  left join masthead.breaker k on (k.provider, k.network, k.route) = (c.provider, c.network, c.route)
  where c.provider = :provider and c.network = :network and c.route = :route
    and c.began_at > greatest(clock_timestamp() - :window, k.closed_at)) seen
where seen.failures >= :least and seen.failures >= :share * seen.calls
on conflict (provider, network, route) do update set state = 'open', opened_at = clock_timestamp(),
  open_for = case when b.closed_at > clock_timestamp() - :longest then least(b.open_for * 2, :longest) else :first end,
  until = clock_timestamp()
    + case when b.closed_at > clock_timestamp() - :longest then least(b.open_for * 2, :longest) else :first end
  where b.state = 'closed'
returning 1
""")


def count(session: Session, key: Key, *, lane: int, calls: int, failures: int, window_s: float) -> None:
    """Add calls to the last minute's. Processes with lanes of their own don't wait for each other."""
    values = {"lane": lane, "calls": calls, "failures": failures, "slices": rules.SLICES}
    session.execute(_COUNT, {**_key(key), **values, "slice_s": window_s / rules.SLICES})


def trip(session: Session, key: Key, *, window_s: float, least: int, open_s: float, longest_s: float) -> bool:
    """Open a closed breaker if enough of the window's calls failed; False when it stays as it is.

    It opens for `open_s`, and for twice as long as before when it had closed less than `longest_s` ago.
    """
    values = {
        "window": timedelta(seconds=window_s),
        "least": least,
        "share": rules.SHARE_THAT_TRIPS,
        "first": timedelta(seconds=open_s),
        "longest": timedelta(seconds=longest_s),
    }
    return session.execute(_TRIP, {**_key(key), **values}).first() is not None


def take_probe(session: Session, key: Key, *, by: str, lease_s: float) -> bool:
    """Be the one of the fleet who looks whether the network is well; False while it isn't time or another one looks."""
    taken = session.execute(
        text(
            "update masthead.breaker set state = 'half_open', probe_by = :by, until = clock_timestamp() + :lease"
            " where provider = :provider and network = :network and route = :route and state <> 'closed'"
            " and until <= clock_timestamp() returning 1"
        ),
        {**_key(key), "by": by, "lease": timedelta(seconds=lease_s)},
    )
    return taken.first() is not None


def probed(session: Session, key: Key, *, by: str, well: bool | None, longest_s: float) -> None:
    """What the probe found: well closes the breaker, trouble opens it for twice as long, None leaves it to another."""
    state = BreakerState.CLOSED if well else BreakerState.OPEN
    session.execute(
        text(
            "update masthead.breaker set state = :state, probe_by = null,"
            " closed_at = case when :state = 'closed' then clock_timestamp() else closed_at end,"
            " open_for = case when :trouble then least(open_for * 2, :longest) else open_for end,"
            " until = clock_timestamp() + case when :trouble then least(open_for * 2, :longest) else '0' end"
            " where provider = :provider and network = :network and route = :route and state = 'half_open'"
            " and probe_by = :by"
        ),
        {
            **_key(key),
            "by": by,
            "state": state.value,
            "trouble": well is False,
            "longest": timedelta(seconds=longest_s),
        },
    )


def breaker_wait_s(session: Session, key: Key) -> float | None:
    """Seconds until a breaker wants its next probe, less than 0 when it does; None while it is closed."""
    wait_s: float | None = session.execute(
        text(
            f"select extract(epoch from {_UNTIL} - clock_timestamp())::float8 from masthead.breaker b"  # noqa: S608
            " where b.provider = :provider and b.network = :network and b.route = :route and b.state <> 'closed'"
        ),
        _key(key),
    ).scalar_one_or_none()
    return wait_s


def _key(key: Key) -> dict[str, str]:
    provider, network, route = key
    return {"provider": provider, "network": network, "route": route.value}


# Pages


def account_budgets(session: Session, *, within: timedelta) -> Sequence[Row[Any]]:
    """Every budget of the organization's accounts that was said so lately or is held, fullest first."""
    return session.execute(
        text(
            "select a.name, a.network, b.route, b.percent, b.exact, b.said_at, b.gap, b.account_id,"
            " case when b.held_until > clock_timestamp() then b.held_until end as held_until"
            " from masthead.account_budget b"
            " join masthead.account a on a.organization_id = b.organization_id and a.id = b.account_id"
            " where a.state <> 'disabled'"
            " and (b.percent > 0 and b.said_at > clock_timestamp() - :within or b.held_until > clock_timestamp())"
            " order by b.percent desc, a.name, b.route"
        ),
        {"within": within},
    ).all()


def app_budgets(session: Session, providers: Sequence[str], *, within: timedelta) -> Sequence[Row[Any]]:
    """The same of our apps at these providers."""
    return session.execute(
        text(
            "select b.provider, b.network, b.route, b.percent, b.exact, b.said_at, b.gap,"
            " case when b.held_until > clock_timestamp() then b.held_until end as held_until"
            " from masthead.app_budget b where b.provider = any(:providers)"
            " and (b.percent > 0 and b.said_at > clock_timestamp() - :within or b.held_until > clock_timestamp())"
            " order by b.percent desc, b.provider, b.network, b.route"
        ),
        {"providers": list(providers), "within": within},
    ).all()


def breakers(session: Session, providers: Sequence[str], *, within: timedelta) -> Sequence[Row[Any]]:
    """Breakers of these providers that are not closed, or closed less than `within` ago."""
    return session.execute(
        text(
            "select b.provider, b.network, b.route, b.state, b.until, b.opened_at, b.closed_at"
            " from masthead.breaker b where b.provider = any(:providers)"
            " and (b.state <> 'closed' or b.closed_at > clock_timestamp() - :within)"
            " order by b.state = 'closed', b.opened_at desc, b.network, b.route"
        ),
        {"providers": list(providers), "within": within},
    ).all()


def connected_providers(session: Session) -> list[str]:
    """Whose apps this organization uses."""
    found = session.execute(text("select distinct provider from masthead.account where state <> 'disabled'"))
    return [row.provider for row in found]
