"""Accounts: connect, choose, pause, reconnect and disconnect the accounts that posts go to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import streamlit as st

from console import cached, consenting, diagnosing, feedback, navigation, pausing, places, state
from console.components.account import account_badge
from console.components.away import away
from console.components.button import button
from console.components.confirm import confirm
from console.components.dialog import dialog
from console.components.empty import empty
from console.components.header import header
from console.components.networks import network_title
from console.components.split import split
from console.components.times import Zones, ago, day
from console.identity import Visitor
from console.navigation import Badge, PageSpec
from console.plain import beginning, one_line, plain, plain_label
from core.accounts import commands, queries
from core.accounts.queries import AccountRow, Choice, OfferedRow, ProviderRow
from core.accounts.rules import AccountState
from core.infra.actor import Actor
from core.infra.clock import now
from core.infra.errors import MastheadError
from core.organizations.rules import Permission
from core.posts import queries as posts
from core.posts.rules import Word
from core.posts.views import Filters

PAGE = PageSpec(
    title="Accounts",
    icon="key",
    help="The accounts posts go to: connect, choose, pause, reconnect, disconnect; what is missing and what it breaks.",
    permission=Permission.READ,
    url_path="accounts",
    order=60,
    badge=lambda visitor: Badge(cached.menu_counts(visitor.actor).reconnect, "red"),
)

_BADGES: Final = {
    AccountState.ACTIVE: ("green", "check_circle"),
    AccountState.AUTH_BROKEN: ("red", "key_off"),
    AccountState.DISABLED: ("gray", "link_off"),
}
_PAUSED: Final = ("orange", "pause_circle")
_SOON: Final = timedelta(days=14)
AT_ONCE: Final = 24  # cards, which take a browser longer than all else here
MANY: Final = 10
STRANDED: Final = 5
ROWS_HEIGHT: Final = 420  # so that the button under a long list stays in sight


def render(visitor: Visitor) -> None:
    """Draw the page."""
    zones = Zones.of(visitor)
    rows = queries.accounts(visitor.actor)
    pauses = queries.pauses(visitor.actor)
    live = [each for each in rows if each.state is not AccountState.DISABLED]
    with header("Accounts", _how_many(live)):
        if rows:
            pausing.offer(visitor, pauses, {each.provider for each in live})
            diagnosing.setup_buttons(visitor)
            _connect(visitor, live)
    pausing.lines(visitor, pauses, zones)
    diagnosing.found(visitor)
    _choice(visitor, zones)
    if not rows:
        can = visitor.may(Permission.CONNECT)
        empty(
            "add_link",
            "No account yet",
            "Connect a Page to write for it. You choose which of your Pages come in."
            if can
            else "An admin of this organization connects the first one.",
            draw=lambda: _to_begin(visitor),
        )
        return
    shown = rows if state.value("accounts_all") else _first(rows)
    with st.grid(3, gap="small", min_column_width=300):
        for each in shown:
            _card(visitor, each, zones)
    if len(shown) < len(rows):
        st.button(
            f"Show the other {len(rows) - len(shown)} accounts",
            icon=":material/expand_more:",
            on_click=state.put,
            args=("accounts_all", True),
            key="accounts_more",
        )
    _asked(visitor, rows)


def _how_many(live: Sequence[AccountRow]) -> str | None:
    broken = sum(each.state is AccountState.AUTH_BROKEN for each in live)
    said = [f"{len(live) - broken} connected", f"{broken} to connect again" if broken else ""]
    return ", ".join(filter(None, said)) if live else None


def _first(rows: Sequence[AccountRow]) -> Sequence[AccountRow]:
    """What is drawn at once: what somebody has to do something about first, then the others in their order."""
    if len(rows) <= AT_ONCE + 1:
        return rows
    return sorted(rows, key=lambda each: not _wants_a_person(each))[:AT_ONCE]


def _wants_a_person(each: AccountRow) -> bool:
    ends_soon = each.token_expires_at is not None and each.token_expires_at - now() < _SOON
    return each.state is not AccountState.DISABLED and bool(
        each.state is AccountState.AUTH_BROKEN or each.missing_scopes or each.stranded or ends_soon
    )


def _to_begin(visitor: Visitor) -> None:
    with st.container(horizontal=True, horizontal_alignment="center", gap="small"):
        diagnosing.setup_buttons(visitor)
        _connect(visitor, ())


def _connect(visitor: Visitor, live: Sequence[AccountRow]) -> None:
    """One button; behind it all that can be connected here, each with how it stands."""
    refusal = visitor.why_not(Permission.CONNECT)
    with st.popover(
        "Connect",
        icon=":material/add_link:",
        type="primary",
        disabled=refusal is not None,
        help=plain(refusal) if refusal else None,
        key="connect",
    ):
        for provider in queries.providers(visitor.actor) if refusal is None else ():
            _connect_to(visitor, provider, sum(each.provider == provider.key for each in live))


def _connect_to(visitor: Visitor, provider: ProviderRow, connected: int) -> None:
    key = f"connect_{provider.key}"
    try:
        path = commands.connect_intent(visitor.actor, provider.key)
    except MastheadError as refusal:
        st.button(provider.title, icon=":material/add_link:", disabled=True, width="stretch", key=f"{key}_off")
        st.caption(plain(refusal.message))
        return
    away(provider.title, places.ingest_url() + path, icon="add_link", stretch=True, key=key)
    st.caption(f"{connected} connected" if connected else "Nothing connected yet")


def _card(visitor: Visitor, each: AccountRow, zones: Zones) -> None:
    color, icon = _PAUSED if each.state is AccountState.ACTIVE and each.pauses else _BADGES[each.state]
    with st.container(border=True, height="stretch", gap="small", key=f"account_{each.id}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            account_badge(each.name, each.network, key=f"account_badge_{each.id}")
            st.markdown(f":{color}-badge[:material/{icon}: {each.state_words}]", width="content")
        st.caption(f"Connected by {plain(each.connected_by_name)}, {plain(day(each.connected_at, zones.organization))}")
        # One element: a browser draws many short ones slower than all else here.
        if lines := _lines(each, zones):
            st.markdown("\n\n".join(lines))
        st.space("stretch")
        _card_actions(visitor, each)


def _lines(each: AccountRow, zones: Zones) -> list[str]:
    """What somebody should know of an account that isn't simply well."""
    lines = []
    if each.state_reason:
        lines.append(f":orange[:material/info:] {plain(each.state_reason[:1].upper() + each.state_reason[1:])}")
    for pause in each.pauses:
        own = pause is each.own_pause
        words = f"Paused. {pausing.because(pause, zones)}" if own else f"{pausing.title(pause)}, see above."
        lines.append(f":orange[:material/pause_circle:] {plain(words)}")
    lines += [
        f":orange[:material/warning:] **{plain(missing.breaks)}** :gray[({plain(missing.scope)} was not given)]"
        for missing in each.missing_scopes
    ]
    if each.token_expires_at and not each.renews and each.token_expires_at - now() < _SOON:
        lines.append(f":orange[:material/schedule:] Access ends {ago(each.token_expires_at)}. Connect again before.")
    if each.stranded:
        lines.append(f":red[:material/pause_circle:] {_waits(each.stranded)} for this account, held until it can send.")
    return lines


def _card_actions(visitor: Visitor, each: AccountRow) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if each.state is AccountState.AUTH_BROKEN or each.missing_scopes or each.state is AccountState.DISABLED:
            _consent_again(visitor, each)
        if each.url:
            st.link_button("Open", each.url, icon=":material/open_in_new:", type="tertiary")
        if each.own_pause is not None:
            pausing.resume_button(visitor, each.own_pause)
        elif each.state is not AccountState.DISABLED:
            _button("Pause", "pause_circle", visitor.why_not(Permission.PAUSE_ACCOUNT), "pause", each)
        if each.state is not AccountState.DISABLED:
            diagnosing.connection_button(visitor, each)
            _button("Disconnect", "link_off", visitor.why_not(Permission.DISCONNECT), "disconnect", each)


def _consent_again(visitor: Visitor, each: AccountRow) -> None:
    label = "Connect again" if each.state is not AccountState.ACTIVE else "Allow what is missing"
    consenting.again(visitor, each, label, key=f"again_{each.id}")


def _button(label: str, icon: str, why_not: str | None, verb: str, each: AccountRow) -> None:
    asked = ("account_asked", (verb, each.id))
    button(label, icon, why_not, state.put, asked, key=f"{verb}_{each.id}", kind="tertiary")


# Dialogs


def _asked(visitor: Visitor, rows: Sequence[AccountRow]) -> None:
    asked = state.value("account_asked")
    if asked is None:
        return
    state.put("account_asked", None)
    verb, account_id = asked
    for each in rows:
        if each.id == account_id:
            if verb == "pause":
                pausing.pause_account(each.id, each.name)
            else:
                _disconnect(visitor, each)


@dialog("Disconnect an account", icon="link_off")
def _disconnect(visitor: Visitor, each: AccountRow) -> None:
    st.markdown(
        f"**{plain(each.name)}** can't be posted to until somebody connects it again. Its posts and history stay."
    )
    _stranded(visitor, each)
    typed = st.text_input(f"Type {plain_label(each.name)} to confirm", key="disconnect_typed", live=True)

    def run(actor: Actor) -> commands.Disconnected:
        return commands.disconnect(
            actor, feedback.action_id(actor, "disconnect", each.id, each.connected_at), account_id=each.id
        )

    why_not = None if one_line(typed) == one_line(each.name) else "Type its name first."
    if confirm("Disconnect", "link_off", key="disconnect", why_not=why_not):
        feedback.act("accounts.disconnect", run, done=f"{each.name} is disconnected.")
        feedback.close_dialog()


def _stranded(visitor: Visitor, each: AccountRow) -> None:
    """The posts that would have gone out, the first of them by their words."""
    wait = posts.listing(visitor.actor, Filters(account_id=each.id, words=(Word.SCHEDULED, Word.HELD)), limit=STRANDED)
    count = sum(wait.counts.get(word, 0) for word in (Word.SCHEDULED, Word.HELD))
    if not count:
        return
    st.warning(f"{_waits(count)} for this account and will be held:", icon=":material/pause_circle:")
    for row in wait.rows:
        st.text(beginning(row.text, 80))
    navigation.link("posts", "See all of them", account=each.id)


def _waits(count: int) -> str:
    return "1 post waits" if count == 1 else f"{count} posts wait"


# The choice after a consent: /accounts?choose=<connection>


def _choice(visitor: Visitor, zones: Zones) -> None:
    asked = st.query_params.get("choose")
    if not asked:
        return
    try:
        choice = queries.choice(visitor.actor, UUID(asked))
    except ValueError:
        _close_choice()
        return
    except MastheadError as refusal:
        with st.container(border=True, horizontal=True, vertical_alignment="center", key="choice_over"):
            st.markdown(f":orange[:material/info:] {plain(refusal.message)}", width="stretch")
            st.button("Close", type="tertiary", on_click=_close_choice, key="choice_close")
        return
    with st.container(border=True, gap="small", key="choice"):
        _choose(visitor, choice, zones)


def _choose(visitor: Visitor, choice: Choice, zones: Zones) -> None:
    st.header(f"Choose what {plain(choice.name)} shares", anchor=False)
    st.caption(
        f"{plain(choice.provider_title)} gave access to these accounts. Choose within"
        f" {ago(choice.choose_until).removeprefix('in ')}, else the access is given back."
    )
    for missing in choice.missing:
        st.markdown(
            f":orange[:material/warning:] **{plain(missing.breaks)}** :gray[({plain(missing.scope)} was not given)]"
        )
    if not choice.listed:
        st.markdown("The network hasn't given the list of accounts yet.")
        st.button("Load it", icon=":material/refresh:", on_click=_load, args=(choice.connection_id,), key="choice_load")
    elif not choice.offered:
        st.markdown("This grant reaches no account. Consent again and tick the Pages that Masthead may use.")
    takable = sum(each.eligible for each in choice.offered)
    several = takable > 1
    with st.container(height=ROWS_HEIGHT if len(choice.offered) > MANY else "content", gap="xsmall", key="choice_rows"):
        for each in choice.offered:
            _offered(choice, each, ticked=each.eligible and (each.already or not several))
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Connect the chosen ones",
            type="primary",
            icon=":material/check:",
            on_click=_take,
            args=(choice,),
            disabled=not takable,
            help=None if takable else "None of these can be connected.",
            key="choice_take",
        )
        if choice.missing:
            path = commands.connect_intent(visitor.actor, choice.provider, choice.connection_id)
            away("Allow what is missing", places.ingest_url() + path, icon="key", key="choice_again")
        st.button("Not now", type="tertiary", on_click=_close_choice, key="choice_close")


def _offered(choice: Choice, each: OfferedRow, *, ticked: bool) -> None:
    # Not a row that scrolls: one whose box is disabled would be out of reach of the keyboard.
    key = f"{choice.connection_id}_{each.network}_{each.provider_account_id}"
    name, about = split(f"offered_{key}", [1, 2.2], middle=True)
    name.checkbox(
        plain_label(each.name),
        value=ticked,
        disabled=not each.eligible,
        key=f"choose_{key}",
        on_change="ignore",
    )
    about.caption(
        f"{network_title(each.network)} · {plain(each.provider_account_id)}"
        + (" · connected already, its access is renewed" if each.already else "")
        + (f" · {plain(each.reason)}" if each.reason else "")
    )


def _take(choice: Choice) -> None:
    chosen = [
        each.provider_account_id
        for each in choice.offered
        if each.eligible and state.value(f"choose_{choice.connection_id}_{each.network}_{each.provider_account_id}")
    ]

    def run(actor: Actor) -> commands.Chosen:
        action = feedback.action_id(actor, "choose", choice.connection_id, *sorted(chosen))
        return commands.choose(actor, action, choice.connection_id, chosen)

    renewed = sum(each.already and each.provider_account_id in chosen for each in choice.offered)
    if feedback.act("accounts.choose", run, done=_taken_words(len(chosen) - renewed, renewed)) is not None:
        _close_choice()


def _taken_words(connected: int, renewed: int) -> str:
    """What came of a choice: an account that stood here already was only renewed."""
    counted = connected or renewed
    said = f"{counted} account{'s' if counted != 1 else ''} {'connected' if connected else 'renewed'}"
    return f"{said}, {renewed} renewed." if connected and renewed else f"{said}."


def _load(connection_id: UUID) -> None:
    def run(actor: Actor) -> bool:
        commands.load_choice(actor, connection_id)
        return True

    feedback.act("accounts.load_choice", run)


def _close_choice() -> None:
    st.query_params.pop("choose", None)
