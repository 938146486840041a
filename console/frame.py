"""What surrounds every page: sign-in, menu, organization, banner, and what the page says back."""

from __future__ import annotations

from functools import partial
from typing import Final

import streamlit as st

from console import cached, entrance, feedback, identity, menu, navigation, pausing, state
from console.brand import MARK, logo
from console.components.bell import bell
from console.components.empty import empty
from console.components.split import STYLE as SPLIT_STYLE
from console.identity import Outside, Visitor
from console.menu import Found
from console.plain import plain
from core import providers
from core.infra import logs
from core.infra.actor import Actor
from core.infra.errors import NotFound, Refused
from core.organizations import commands

LOOK_AGAIN_S: Final = 15  # an idle tab goes blank within twice this after its sign-in ended (PRODUCT 3: 30 s)
SANDBOX: Final = "Sandbox: nothing reaches a real network"

# Only what the theme can't say. Everything else is in .streamlit/config.toml.
_STYLE: Final = """
.stMainBlockContainer{padding-inline:2.5rem;max-width:1480px}
.st-key-page_header{min-height:44px}
[data-testid=stLayoutWrapper]:has(>.st-key-sandbox_banner){position:absolute;height:0}
.st-key-sandbox_banner{position:fixed;top:15px;right:64px;z-index:1000000;width:auto;pointer-events:none}
/* Beside the sidebar, or the button that unfolds it, there may be little room for what somebody gave as a reason. */
.st-key-sandbox_banner{max-width:calc(100vw - 160px)}
.st-key-sandbox_banner p{display:flex;gap:.4rem;justify-content:flex-end}
.st-key-sandbox_banner .stMarkdownBadge{min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
@media(min-width:641px){.st-key-sandbox_banner{max-width:calc(100vw - 350px)}}
[data-testid=stElementContainer]:has(style){position:absolute}
.st-key-entrance{min-height:72vh;justify-content:center}
.st-key-entrance_card{padding:10px 14px;box-shadow:0 1px 2px rgb(16 24 40/.05),0 12px 32px -12px rgb(16 24 40/.16)}
.st-key-undo_bar,.st-key-trouble_bar{background:var(--st-background-color)}
.st-key-person{margin-top:auto}
.st-key-person :is([data-testid=stCaptionContainer],.stButton){padding-left:.5rem}
/* A link to a page has room on its sides for when it is pointed at, but its words begin where all else does. */
.stMainBlockContainer [data-testid=stPageLink]{margin-inline:-.5rem}
/* Streamlit tints a link that has the focus so little that nobody sees it. */
:is([data-testid=stPageLink-NavLink],[data-testid=stSidebarNavLink]):focus-visible{
outline:2px solid light-dark(#3451D1,#7D93F5);outline-offset:-2px}
/* Streamlit lays how much of a field is used over what is written in it: it goes beside the label. */
[data-testid=stTextInput]:has(>label)>:has(>[data-testid=InputInstructions]){top:1.5rem;bottom:auto}
/* Streamlit writes code within a sentence in three quarters of its size, which is too small to read. */
[data-testid=stMarkdownContainer] :not(pre)>code{font-size:.9em}
/* A heading has room above it, unless it is what a card begins with. */
[data-testid=stVerticalBlock]>[data-testid=stElementContainer]:first-child h2{padding-top:0}
/* All twelve states in one line of a laptop's screen. */
[class*=_states] [data-testid=stButtonGroup] button{padding-inline:.5rem}
/* Streamlit lays a toast over the page's own buttons, where it stays under a resting mouse: it goes above the foot. */
div[data-testid=stToastContainer]{top:auto;bottom:9.5rem}
/* One colour can't be both text on a dark ground and ground for white text: Streamlit uses the primary one for both. */
button:is([kind=primary],[kind=primaryFormSubmit]):enabled{background-color:light-dark(#3451D1,#4660DE);border-color:light-dark(#3451D1,#4660DE)}
button:is([kind=primary],[kind=primaryFormSubmit]):enabled:hover{background-color:light-dark(#2A44B8,#5670E8);border-color:light-dark(#2A44B8,#5670E8)}
button:is([kind=primary],[kind=primaryFormSubmit]):enabled kbd{color:#fff!important;opacity:1!important}
/* Parts of a day and a time, and what empties a choice, are small for a finger: 24 px at least (WCAG 2.2, 2.5.8). */
[data-testid=stSelectbox] button{min-width:24px;min-height:24px}
[data-testid=stDateInput] [role=spinbutton],[data-testid=stTimeInput] [role=spinbutton]{
display:inline-grid;place-items:center;min-width:24px;min-height:24px}
@media(max-width:820px){.stMainBlockContainer{padding-inline:1.25rem}}
"""


def run() -> None:
    """Draw the page that the address names, for whoever is here."""
    st.set_page_config(page_title="Masthead", page_icon=MARK, layout="wide")
    state.note_dialog(is_open=False)
    visit = identity.visitor()
    if isinstance(visit, Outside):
        menu.menu(None, lambda found: None)
        _style()
        entrance.show(visit)
        return
    with logs.bound(
        correlation_id=visit.actor.correlation_id,
        organization_id=visit.actor.organization_id,
        actor=visit.actor.label,
    ):
        identity.note_seen(visit.actor)
        page = menu.menu(visit, partial(_page, visit))
        st.set_page_config(page_title=f"{page.title.partition('  :')[0]} · Masthead")
        _style()
        _logo()
        _banner(visit)
        _sidebar(visit)
        entrance.accept_here(visit)
        page.run()
        feedback.foot()
        feedback.show_toasts()
        _look_again(visit.actor)
        state.note_drawn()


def _page(visitor: Visitor, found: Found) -> None:
    refusal = visitor.why_not(found.spec.permission)
    if refusal is not None:
        empty("lock", f"{found.spec.title} isn't for your role", refusal, action="Go to Home", page=navigation.HOME)
        return
    try:
        found.module.render(visitor)
    except NotFound as missing:
        empty("search_off", "Not here", missing.message, action="Go to Posts", page="posts")
    except Refused as refused:
        empty("block", "Not like this", refused.message, action="Go to Posts", page="posts")
    except Exception as error:  # the menu stays, so that people can go elsewhere
        feedback.show_broken(error, found.spec.url_path)


def _style() -> None:
    st.html(f"<style>{_STYLE}{SPLIT_STYLE}</style>")


def _logo() -> None:
    st.logo(logo(dark=st.context.theme.type == "dark"), icon_image=MARK, size="large")


def _banner(visitor: Visitor) -> None:
    """What holds for everything here, above every page: nothing is real, or nothing goes out."""
    badges = [
        f":orange-badge[:material/pause_circle: {plain(words)}]"
        for words in pausing.banner(cached.pauses(visitor.actor))
    ]
    if any(each.points_elsewhere for each in providers.providers().values()):
        badges.append(f":yellow-badge[:material/science: {SANDBOX}]")
    if badges:
        with st.container(key="sandbox_banner", width="content"):
            st.markdown(" ".join(badges))


def _sidebar(visitor: Visitor) -> None:
    signed_in = visitor.signed_in
    with st.sidebar, st.container(key="person", gap="small"):
        names = {each.organization_id: each.name for each in signed_in.choices}
        if len(names) > 1:
            st.selectbox(
                "Organization",
                list(names),
                index=list(names).index(visitor.organization.id),
                format_func=lambda each: names[each],
                key=f"organization_{visitor.organization.id}",
                on_change=_choose_organization,
                args=(visitor.organization.id,),
                label_visibility="collapsed",
            )
        else:
            st.markdown(f"**{plain(visitor.organization.name)}**")
        bell(visitor.actor)
        navigation.link("profile", f"{signed_in.name} · {visitor.actor.role}", icon="person")
        st.caption(f":material/schedule: {plain(visitor.zone)}")
        st.button("Sign out", icon=":material/logout:", type="tertiary", on_click=identity.sign_out, key="sign_out")


def _choose_organization(shown: object) -> None:
    chosen = state.value(f"organization_{shown}")
    said = identity.claims()
    if said is None:
        return

    def choose(actor: Actor) -> None:
        commands.choose_organization(identity.key_of(said), chosen)

    feedback.act("organizations.choose", choose)
    # What was looked at belongs to the other organization.
    st.query_params.clear()


def _look_again(actor: Actor) -> None:
    @st.fragment(run_every=LOOK_AGAIN_S)
    def look() -> None:
        if not identity.still_here(actor):
            st.rerun()

    look()
