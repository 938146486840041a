"""The dialog step by step: who you are, what you allow, for which Pages; then back to the app (meta 2.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sandbox import people
from sandbox.answers import Answer, Kind, as_page, redirect
from sandbox.call import Call
from sandbox.encoding import BadEncoding, read_all_pairs
from sandbox.look.templates import render
from sandbox.meta import app_mode, consent, directory, instagram
from sandbox.meta.dialog.request import BadDialog, DialogRequest, read_dialog
from sandbox.meta.facts import BASIC_SCOPES, CODE_LIFETIME_S, SCOPES
from sandbox.people import Person
from sandbox.seeding import opaque

if TYPE_CHECKING:
    from sandbox.world import World

COOKIE = "sandbox_facebook"
COOKIE_ATTRIBUTES = "Path=/www.facebook.com; HttpOnly; SameSite=Lax"
FRAGMENT = "#_=_"  # [G] Facebook appends it to a successful redirect
Form = Mapping[str, Sequence[str]]


def dialog(world: World, call: Call) -> Answer:
    """GET shows the next step, POST is what the person did on it."""
    try:
        request = read_dialog(world, call)
        form = _read_form(call)
    except BadDialog as problem:
        page = render("meta/notice.html", title="Sorry, something went wrong", text=str(problem), site="Facebook")
        return as_page(page, 400, Kind.PROTOCOL)
    if call.method == "POST":
        return _act(world, call, request, form)
    person = people.find(world.db, call.cookies.get(COOKIE, ""))
    # reauthenticate asks for the password again (meta 2.1): here, for the person.
    if person is None or "reauthenticate" in request.auth_types:
        return as_page(render("meta/login.html", people=people.everybody(world.db)))
    return _ask(world, request, person) if app_mode.works_for(world, person.id) else _inactive()


def _inactive() -> Answer:
    """An app in development mode is for people with a role on it [G]."""
    text = "This app is not active: it is in development mode, and you have no role on it."
    page = render("meta/notice.html", title="App not active", text=text, site="Facebook")
    return as_page(page, 400, Kind.REFUSED)


def _read_form(call: Call) -> Form:
    form: dict[str, list[str]] = {}
    try:
        for name, value in read_all_pairs(call.body):
            form.setdefault(name, []).append(value)
    except BadEncoding as problem:
        raise BadDialog(str(problem)) from problem
    return form


def _act(world: World, call: Call, request: DialogRequest, form: Form) -> Answer:
    action = form.get("action", [""])[0]
    if action == "cancel":
        return redirect(_cancelled(request))
    if action == "switch":
        return _stay(call, f"{COOKIE}=; Max-Age=0; {COOKIE_ATTRIBUTES}")
    person = people.find(world.db, form.get("person", [""])[0])
    if person is None:
        return as_page(render("meta/login.html", people=people.everybody(world.db)))
    if not app_mode.works_for(world, person.id):
        return _inactive()
    if action == "continue":
        return redirect(_granted(world, request, person, form))
    if "reauthenticate" in request.auth_types:
        return _ask(world, request, person)
    return _stay(call, f"{COOKIE}={person.id}; {COOKIE_ATTRIBUTES}")


def _stay(call: Call, cookie: str) -> Answer:
    """Come back to this same dialog with another cookie."""
    answer = redirect(f"{call.path}?{call.query_string.decode('latin-1')}")
    answer.headers.append(("Set-Cookie", cookie))
    return answer


def _ask(world: World, request: DialogRequest, person: Person) -> Answer:
    """The consent page. Its automation: POST action=continue with person, scope (many), pages=all|some, page (many)."""
    chosen = consent.pages(world, request.app_id, person.id)
    known = consent.exists(world, request.app_id, person.id)
    page = render(
        "meta/consent.html",
        app=directory.APP_NAME,
        person=person,
        known=known,
        scopes=[(scope, SCOPES[scope]) for scope in _offered(world, request, person)],
        pages=[(page, instagram.of_page(world, page.id)) for page in directory.pages_of(world, person.id)],
        chosen=chosen or (),
        all_pages=not known or chosen is consent.ALL_PAGES,
    )
    return as_page(page)


def _offered(world: World, request: DialogRequest, person: Person) -> list[str]:
    """What is still to be decided; declined permissions come again with auth_type=rerequest only."""
    decided = consent.permissions(world, request.app_id, person.id)
    again = "rerequest" in request.auth_types
    return [
        scope
        for scope in request.scopes
        if scope != BASIC_SCOPES[0] and (scope not in decided or (again and decided[scope] != consent.GRANTED))
    ]


def _granted(world: World, request: DialogRequest, person: Person, form: Form) -> str:
    """Remember the decision and make a code (meta 2.1, 2.2)."""
    offered = _offered(world, request, person)
    ticked = [scope for scope in offered if scope in form.get("scope", ())]
    everywhere = form.get("pages", ["some"])[0] == "all"
    own = {page.id for page in directory.pages_of(world, person.id)}
    pages = consent.ALL_PAGES if everywhere else [page for page in form.get("page", ()) if page in own]
    with world.write():
        consent.grant(
            world, request.app_id, person.id, ticked, [scope for scope in offered if scope not in ticked], pages
        )
        code = "AQB" + opaque(world.seed, f"meta code {world.count('meta code')}")
        world.db.execute(
            "insert into meta_code values (?, ?, ?, ?, ?, null)",
            (code, request.app_id, person.id, request.redirect_uri, world.now + CODE_LIFETIME_S),
        )
    return _back(request, {"code": code, "state": request.state}) + FRAGMENT


def _cancelled(request: DialogRequest) -> str:
    """The person pressed Cancel (meta 2.1)."""
    return _back(
        request,
        {
            "error": "access_denied",
            "error_code": "200",
            "error_reason": "user_denied",
            "error_description": "Permissions error",
            "state": request.state,
        },
    )


def _back(request: DialogRequest, parameters: Mapping[str, str]) -> str:
    separator = "&" if "?" in request.redirect_uri else "?"
    return f"{request.redirect_uri}{separator}{urlencode(parameters)}"
