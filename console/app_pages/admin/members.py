"""Members: who is in the organization, with which role, who is invited, and what each role may do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import pandas as pd
import streamlit as st

from console import feedback, places, state
from console.components.button import button
from console.components.confirm import confirm
from console.components.dialog import dialog
from console.components.header import header
from console.components.split import split
from console.components.times import Zones, ago
from console.identity import Visitor
from console.navigation import PageSpec
from console.plain import plain, plain_label
from core.infra.actor import Actor, Role
from core.notices import commands as notices
from core.notices.commands import InvitationMail
from core.organizations import commands, queries
from core.organizations.commands import Invited
from core.organizations.queries import InvitationRow, MemberRow
from core.organizations.rules import Permission

PAGE = PageSpec(
    title="Members",
    icon="group",
    help="Who works here and with which role; invite, change, disable; what each role may do.",
    permission=Permission.READ,
    url_path="members",
    order=70,
)

_ROLES: Final = [role.value for role in Role]
_LINK: Final = "members_link"
_SHOWN_AT_MOST: Final = 50  # a thousand rows took ten seconds to draw


class _Link(NamedTuple):
    """An invitation's link, for whom it is, and whether it was mailed too."""

    email: str
    link: str
    mail: InvitationMail


def render(visitor: Visitor) -> None:
    """Draw the page."""
    zones = Zones.of(visitor)
    rows = queries.members(visitor.actor)
    why_not = visitor.why_not(Permission.MANAGE_MEMBERS)
    with header("Members", f"{sum(each.active for each in rows)} active"):
        asked = ("members_asked", True)
        button("Invite", "person_add", why_not, state.put, asked, key="members_invite", kind="primary")
    _new_link()
    shown = _found(rows)
    with st.container(border=True, gap="small", key="members_list"):
        for each in shown[:_SHOWN_AT_MOST]:
            _member(visitor, each, why_not)
        if not shown:
            st.caption("Nobody here has that in their name or address.")
    if len(shown) > _SHOWN_AT_MOST:
        st.caption(f"The first {_SHOWN_AT_MOST} of {len(shown):,}. Find the others by name or address.")
    if why_not is None:
        _invitations(queries.invitations(visitor.actor), zones)
    _permissions()
    if state.value("members_asked"):
        state.put("members_asked", False)
        _invite()


def _found(rows: Sequence[MemberRow]) -> Sequence[MemberRow]:
    """Those with what is looked for in their name or address; a field to look by only where there are many."""
    if len(rows) <= _SHOWN_AT_MOST:
        return rows
    wanted = str(st.text_input("Find a member", placeholder="Name or address", key="members_find") or "")
    words = wanted.casefold().split()
    return [each for each in rows if all(word in f"{each.name} {each.email}".casefold() for word in words)]


def _member(visitor: Visitor, each: MemberRow, why_not: str | None) -> None:
    who, role, seen, action = split(f"member_{each.id}", [2.6, 1.1, 1.1, 0.9], middle=True)
    myself = each.person_id == visitor.actor.person_id
    you = " :gray-badge[you]" if myself else ""
    who.markdown(f"**{plain(each.name)}**{you}  \n:gray[{plain(each.email) or 'no address known'}]")
    with role:
        key = f"member_role_{each.id}"
        state.put(key, each.role.value)
        st.selectbox(
            f"Role of {plain_label(each.name)}",
            _ROLES,
            format_func=str.capitalize,
            key=key,
            on_change=_change_role,
            args=(each, key),
            disabled=why_not is not None or not each.active,
            label_visibility="collapsed",
        )
    with seen:
        if not each.active:
            st.markdown(":gray-badge[:material/block: Disabled]")
        else:
            st.caption(f"Seen {ago(each.last_seen_at)}" if each.last_seen_at else "Never seen yet")
    with action:
        verb, icon = ("Disable", "block") if each.active else ("Enable", "check_circle")
        change = _disable if each.active else _enable
        button(verb, icon, why_not, change, (each,), key=f"member_{verb.lower()}_{each.id}", kind="tertiary")


def _invitations(rows: Sequence[InvitationRow], zones: Zones) -> None:
    if not rows:
        return
    st.header("Invited", anchor=False)
    with st.container(border=True, gap="small", key="invitations"):
        for each in rows:
            who, role, until, actions = split(f"invitation_{each.id}", [2.2, 0.9, 1.4, 1.6], middle=True)
            by = plain(each.invited_by) if each.invited_by else "the operator"
            who.markdown(f"**{plain(each.email)}**  \n:gray[by {by}, {ago(each.created_at)}]")
            role.caption(each.role.value.capitalize())
            until.caption(f"Ends {ago(each.expires_at)}")
            with actions, st.container(horizontal=True, gap="small"):
                st.button(
                    "New link",
                    icon=":material/link:",
                    type="tertiary",
                    on_click=_renew,
                    args=(each,),
                    help="The link before ends.",
                    key=f"invitation_renew_{each.id}",
                )
                st.button(
                    "Withdraw",
                    icon=":material/close:",
                    type="tertiary",
                    on_click=_withdraw,
                    args=(each,),
                    key=f"invitation_withdraw_{each.id}",
                )


def _permissions() -> None:
    with st.expander("What each role may do", icon=":material/checklist:", key="permissions"):
        table = queries.permission_table()
        frame = pd.DataFrame(
            {
                "": [each.words[:1].upper() + each.words[1:] for each in table],
                **{role.value.capitalize(): ["Yes" if role in each.roles else "" for each in table] for role in Role},
            }
        )
        st.table(frame.set_index(""))


def _new_link() -> None:
    made: _Link | None = state.value(_LINK)
    if made is None:
        return
    email, link, mail = made
    with st.container(border=True, gap="small", key="invitation_link"):
        st.markdown(
            f":green[:material/mail:] **{plain(email)}** can come in by this link, once, within 7 days, signed in with"
            f" that address. {_sent(mail)}"
        )
        st.code(link, language=None)
        st.button("Done", on_click=state.forget, args=(_LINK,), key="invitation_done")


def _sent(mail: InvitationMail) -> str:
    if mail.sent:
        return "It was mailed to them just now, and is shown here only now."
    if mail.trouble:
        return f"It could not be mailed ({plain(mail.trouble)}). It is shown only now: copy it and send it."
    return "It is shown only now: copy it and send it."


def _mailed(actor: Actor, made: Invited, email: str) -> _Link:
    """The link as this page shows it, mailed as well where mail is set up; after the commit that made it."""
    mail = notices.mail_invitation(actor, made.invitation_id, made.link_path)
    return _Link(email, places.console_url() + made.link_path, mail)


@dialog("Invite somebody", icon="person_add")
def _invite() -> None:
    email = st.text_input("Email address", type="email", max_chars=254, required=True, live=True, key="invite_email")
    role = st.selectbox("Role", _ROLES, index=1, format_func=str.capitalize, key="invite_role")

    def run(actor: Actor) -> _Link:
        action = feedback.action_id(actor, "invite", email, role, state.writes())
        return _mailed(actor, commands.invite(actor, action, email, Role(role)), email.strip())

    if confirm("Invite", None, key="invite", why_not=None if email else "Give their address first."):
        made = feedback.act("organizations.invite", run)
        if made is not None:
            state.put(_LINK, made)
        feedback.close_dialog()


def _renew(each: InvitationRow) -> None:
    def run(actor: Actor) -> _Link:
        return _mailed(actor, commands.renew_invitation(actor, each.id), each.email)

    made = feedback.act("organizations.renew_invitation", run)
    if made is not None:
        state.put(_LINK, made)


def _withdraw(each: InvitationRow) -> None:
    def run(actor: Actor) -> bool:
        commands.withdraw_invitation(actor, feedback.action_id(actor, "withdraw", each.id), each.id)
        return True

    feedback.act("organizations.withdraw_invitation", run, done=f"{each.email} can't come in by that link any more.")


def _change_role(each: MemberRow, key: str) -> None:
    role = Role(state.value(key))

    def run(actor: Actor) -> bool:
        action = feedback.action_id(actor, "change_role", each.id, each.role, role, state.writes())
        commands.change_role(actor, action, each.id, role)
        return True

    feedback.act("organizations.change_role", run, done=f"{each.name} is {role.value} now.")


def _disable(each: MemberRow) -> None:
    def run(actor: Actor) -> bool:
        commands.disable_member(actor, feedback.action_id(actor, "disable", each.id, state.writes()), each.id)
        return True

    feedback.act(
        "organizations.disable_member",
        run,
        undo=lambda _: state.Undo(f"{each.name} is disabled: every click of theirs is refused.", lambda: _enable(each)),
    )


def _enable(each: MemberRow) -> None:
    def run(actor: Actor) -> bool:
        commands.enable_member(actor, feedback.action_id(actor, "enable", each.id, state.writes()), each.id)
        return True

    feedback.act("organizations.enable_member", run, done=f"{each.name} is a member again.")
