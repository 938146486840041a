"""Token health: how long each account's access lives, what it may do, and what somebody has to mend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

import pandas as pd
import streamlit as st

from console import consenting, deeds, filters, navigation
from console.components.account import account_badge
from console.components.csv_button import csv_button
from console.components.empty import empty
from console.components.header import header
from console.components.networks import network_title
from console.components.split import split
from console.components.times import Zones, ago, when
from console.filter_bar import FilterBar
from console.identity import Visitor
from console.navigation import PageSpec
from console.plain import plain
from core.accounts.health_reads import Health, Mend, TokenHealth, health
from core.accounts.rules import AccountState
from core.accounts.token_history import KINDS, HistoryLine, export_history, history
from core.infra.clock import now
from core.organizations.rules import Permission
from core.posts.rules import Word

PAGE = PageSpec(
    title="Token health",
    icon="health_and_safety",
    help="How long each access lives, when it was used and renewed, what it may do, what waits for it; its history.",
    permission=Permission.READ,
    url_path="token_health",
    order=64,
)

_WHAT: Final = "what"
_BAR: Final = FilterBar("token_history", (filters.ACCOUNT, _WHAT))
_SOON: Final = timedelta(days=14)
_VERSION_SOON: Final = timedelta(days=60)
_MOST_CARDS: Final = 12
_MOST_SCOPES: Final = 24
_MOST_ROWS: Final = 15
_TALLEST_PX: Final = 560
_LABELS: Final[Mapping[Mend, str]] = {Mend.RECONNECT: "Reconnect", Mend.CONSENT: "Consent again"}


def render(visitor: Visitor) -> None:
    """Draw the page."""
    zones = Zones.of(visitor)
    found = health(visitor.actor)
    account_id, what = filters.uuid(filters.ACCOUNT), st.query_params.get(_WHAT)
    with header("Token health", f"Times in {plain(zones.organization)}"):
        if found.accounts:
            csv_button(
                lambda actor: export_history(actor, account_id, what),
                "The history below, as it is narrowed. The export is noted in the audit trail.",
                name="token_history",
                zone=visitor.zone,
            )
    if not found.accounts:
        empty(
            "health_and_safety",
            "No access yet",
            "Each connected account shows here how long its access lives and what it may do.",
            action="Go to Accounts",
            page="accounts",
            key="token_health_none",
        )
        return
    _cards(visitor, found.accounts, zones)
    _table(found.accounts, zones)
    _permissions_of([each for each in found.accounts if account_id in (None, each.account.id)])
    _versions(found)
    _history(visitor, found.accounts, account_id, what, zones)


# What needs somebody


def _cards(visitor: Visitor, accounts: Sequence[TokenHealth], zones: Zones) -> None:
    """Accounts that are held, lack something or end soon."""
    urgent = [each for each in accounts if each.mend is not Mend.NOTHING or _ends_soon(each) or each.renewal_failures]
    if not urgent:
        st.markdown(":green[:material/check_circle:] Every access is well. Nobody has to do anything.")
        return
    for each in urgent[:_MOST_CARDS]:
        with st.container(border=True, gap="small", key=f"token_{each.account.id}"):
            _card(visitor, each, zones)
    if len(urgent) > _MOST_CARDS:
        st.caption(f"{len(urgent) - _MOST_CARDS} more are in the table below.")


def _card(visitor: Visitor, each: TokenHealth, zones: Zones) -> None:
    account = each.account
    who, why, what = split(f"token_{account.id}", [2, 4, 1.6], middle=True)
    with who:
        account_badge(account.name, account.network, key=f"token_badge_{account.id}")
        st.caption(f"{plain(each.person)}'s consent at {plain(each.provider_title)}")
    with why:
        # One element, not one for each line: a browser draws many short ones slower than all else here.
        st.markdown("\n\n".join(_reasons(each, zones)))
    with what:
        if each.mend is not Mend.NOTHING or _ends_soon(each):
            label = _LABELS.get(each.mend, "Consent again")
            consenting.again(visitor, account, label, primary=each.mend is Mend.RECONNECT, key=f"mend_{account.id}")
        if each.posts:
            held = account.state is AccountState.AUTH_BROKEN
            words = f"{_posts(each.posts)} {'held' if held else 'scheduled'}"
            navigation.link("posts", words, account=account.id, state=(Word.HELD if held else Word.SCHEDULED).value)


def _reasons(each: TokenHealth, zones: Zones) -> list[str]:
    lines = []
    if each.account.state is AccountState.AUTH_BROKEN:
        lines.append(f":red[:material/key_off:] **Held.** {plain(_sentence(each.account.state_reason or ''))}")
    lines += [
        f":orange[:material/warning:] **{plain(missing.breaks)}** :gray[({plain(missing.scope)} was not given)]"
        for missing in each.account.missing_scopes
    ]
    if each.renewal_refused_at is not None:
        lines.append(
            ":orange[:material/sync_problem:] It can't be renewed by itself any more."
            f" {plain(_sentence(each.renewal_error or ''))}"
        )
    elif each.renewal_failures:
        times = "once" if each.renewal_failures == 1 else f"{each.renewal_failures} times in a row"
        again = f" Masthead tries again {ago(each.renews_at)}." if each.renews_at else ""
        lines.append(
            f":orange[:material/sync_problem:] Renewing it failed {times}."
            f" {plain(_sentence(each.renewal_error or ''))}{again}"
        )
    if each.end is not None and _ends_soon(each):
        at, what = each.end
        words = f"{what} {'ended' if at <= now() else 'ends'} {ago(at)}"
        lines.append(f":orange[:material/schedule:] {words}, {plain(when(at, zones))}.")
    return lines


def _ends_soon(each: TokenHealth) -> bool:
    return each.ends_at is not None and each.ends_at - now() < _SOON


# All of them


def _table(accounts: Sequence[TokenHealth], zones: Zones) -> None:
    st.header("Every access", anchor=False)
    frame = pd.DataFrame(
        {
            "Account": [each.account.name for each in accounts],
            "Network": [network_title(each.account.network) for each in accounts],
            "State": [each.account.state_words for each in accounts],
            "Ends": [_countdown(each) for each in accounts],
            "On": _moments(each.ends_at for each in accounts),
            "Renewed": [_renewed(each) for each in accounts],
            "Used": [_ago(each.last_used_at, "not yet") for each in accounts],
            "Looked at": [_ago(each.checked_at, "not yet") for each in accounts],
            "Permissions": [_permissions(each) for each in accounts],
            "Posts": [each.posts for each in accounts],
        }
    )
    st.dataframe(
        frame,
        hide_index=True,
        column_config={
            "On": st.column_config.DatetimeColumn(timezone=zones.organization, format="ddd D MMM YYYY", width=120),
            "Posts": st.column_config.NumberColumn(help="Posts that wait for their time on this account", width=70),
            "Ends": st.column_config.TextColumn(help="The first end that only a new consent moves", width=110),
        },
        height="content" if len(accounts) <= _MOST_ROWS else _TALLEST_PX,
        placeholder="",
        alt="Every account's access: when it ends, was renewed, used and looked at, its permissions and waiting posts",
        key="token_health_table",
    )


def _permissions_of(accounts: Sequence[TokenHealth]) -> None:
    with st.expander("Permissions that were given, and what is missing", icon=":material/rule:"):
        drawn = accounts[:_MOST_SCOPES]
        st.markdown("\n\n".join(f"**{plain(each.account.name)}**  \n{_scopes(each)}" for each in drawn))
        if len(accounts) > _MOST_SCOPES:
            st.caption(f"These are the first {_MOST_SCOPES}. Choose an account below to see its own.")


def _countdown(each: TokenHealth) -> str:
    if each.mend is Mend.RECONNECT:
        return "held"
    if each.ends_at is None:
        return "no end known"
    return "ended" if each.ends_at <= now() else ago(each.ends_at)


def _renewed(each: TokenHealth) -> str:
    if not each.renews or each.mend is Mend.RECONNECT:
        return "by consent only"
    if each.renewed_at is not None:
        return ago(each.renewed_at)
    return f"due {ago(each.renews_at)}" if each.renews_at else "by itself"


def _permissions(each: TokenHealth) -> str:
    missing = len(each.account.missing_scopes)
    return f"{len(each.granted)} of {len(each.granted) + missing}"


def _scopes(each: TokenHealth) -> str:
    """What was given, and what is missing with what it breaks."""
    given = ", ".join(f"`{scope.name}`" for scope in each.granted) or "none"
    missing = "".join(
        f"  \n:orange[:material/warning:] `{lack.scope}` is missing: {plain(lack.breaks)}"
        for lack in each.account.missing_scopes
    )
    return f":green[:material/check:] {given}{missing}"


def _versions(found: Health) -> None:
    """The interfaces that are spoken, with when the networks end them."""
    st.header("Interfaces of the networks", anchor=False)
    for each in found.versions:
        if each.api is None:
            st.markdown(f"**{plain(each.title)}**: :gray[the end of its version isn't announced]")
            continue
        at = datetime.combine(each.api.ends_on, time(), UTC)
        words = (
            f"**{plain(each.title)}**: version {plain(each.api.version)} ends {ago(at)}, on {each.api.ends_on:%d %b %Y}"
        )
        if at - now() < _VERSION_SOON:
            mend = f"Your operator sets `{each.api.setting}` to a newer one before that."
            st.markdown(f":orange[:material/warning:] {words}. {mend}")
        else:
            st.markdown(words)


# What became of them


def _history(
    visitor: Visitor, accounts: Sequence[TokenHealth], account_id: UUID | None, what: str | None, zones: Zones
) -> None:
    st.header("History", anchor=False)
    _filter_row(accounts)
    lines = history(visitor.actor, account_id, what)
    if not lines:
        if _BAR.is_narrowed:
            _BAR.nothing("No line fits", "Nothing that became of these tokens fits these filters.")
        else:
            empty("history", "Nothing happened yet", "Renewals, findings and uses appear here.", key="token_lines")
        return
    frame = pd.DataFrame(
        {
            "When": _moments(each.at for each in lines),
            "Account": [", ".join(account.name for account in each.accounts) for each in lines],
            "Who": [each.who for each in lines],
            "What": [deeds.words(each.action) for each in lines],
            "More": [_more(each) for each in lines],
        }
    )
    st.dataframe(
        frame,
        hide_index=True,
        column_config={
            "When": st.column_config.DatetimeColumn(
                timezone=zones.organization, format="ddd D MMM YYYY, HH:mm:ss", width=190
            ),
            "More": st.column_config.TextColumn(width="large"),
        },
        height="content" if len(lines) <= _MOST_ROWS else _TALLEST_PX,
        placeholder="",
        alt="What became of tokens, newest first: when, which account, who, what, and more about it",
        key="token_health_history",
    )


def _filter_row(accounts: Sequence[TokenHealth]) -> None:
    names = {str(each.account.id): f"{each.account.name} ({network_title(each.account.network)})" for each in accounts}
    account, what, clear = split("token_history", [2, 2, 1], filters=True)
    _BAR.choice(account, filters.ACCOUNT, "Account", names, "Every account")
    _BAR.choice(what, _WHAT, "What", {kind: kind for kind in KINDS}, "Everything")
    _BAR.clear_button(clear)


def _more(line: HistoryLine) -> str:
    """The one thing a person wants to know besides."""
    said: Mapping[str, Any] = line.after
    if said.get("why"):
        return str(said["why"])
    if "breaks" in said:
        lost = sorted({*line.before.get("scopes", ())} - {*said.get("scopes", ())})
        won = sorted({*said.get("scopes", ())} - {*line.before.get("scopes", ())})
        parts = [f"lost {', '.join(lost)}" if lost else "", f"now has {', '.join(won)}" if won else ""]
        return f"{'; '.join(filter(None, parts))}. {' '.join(said['breaks'])}".strip()
    if said.get("ends_at"):
        return f"lives until {str(said['ends_at'])[:10]}"
    return ""


# Small parts


def _moments(moments: Any) -> pd.Series:
    return pd.Series(list(moments), dtype="datetime64[us, UTC]")


def _ago(at: datetime | None, never: str) -> str:
    return ago(at) if at else never


def _sentence(words: str) -> str:
    words = words.strip()
    return words if not words or words[-1] in ".!?" else f"{words}."


def _posts(count: int) -> str:
    return "1 post" if count == 1 else f"{count} posts"
