"""The authorization page: who you are, whether you allow all of it, then back to the app (linkedin 2.1).

Its automation: POST `action=continue` with `person`, or `action=cancel` (with `step=login` before anybody is known).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sandbox import people
from sandbox.answers import Answer, Kind, as_page, redirect
from sandbox.call import Call
from sandbox.encoding import BadEncoding
from sandbox.linkedin import apps
from sandbox.linkedin.facts import CODE_LIFETIME_S, SCOPES, WWW
from sandbox.linkedin.oauth.request import Authorization, BadAuthorization, read_authorization
from sandbox.look.templates import render
from sandbox.people import Person
from sandbox.seeding import opaque

if TYPE_CHECKING:
    from sandbox.world import World

COOKIE = "sandbox_linkedin"
COOKIE_ATTRIBUTES = f"Path=/{WWW}; HttpOnly; SameSite=Lax"
FORGET = ("Set-Cookie", f"{COOKIE}=; Max-Age=0; {COOKIE_ATTRIBUTES}")


def authorize(world: World, call: Call) -> Answer:
    """GET shows the next step, POST is what the person did on it."""
    try:
        request = read_authorization(world, call)
        form = call.form
    except (BadAuthorization, BadEncoding) as problem:
        page = render("linkedin/notice.html", title="Bummer, something went wrong.", text=str(problem))
        return as_page(page, 401, Kind.PROTOCOL)
    if request.unauthorized is not None:
        described = f'Scope "{request.unauthorized}" is not authorized for your application'
        return redirect(_refused(request, "unauthorized_scope_error", described), Kind.PROTOCOL)
    if call.method == "POST":
        return _act(world, call, request, form)
    person = people.find(world.db, call.cookies.get(COOKIE, ""))
    if person is None:
        return _login(world)
    if _agreed_already(world, request, person):
        return redirect(_granted(world, request, person))
    return _consent(request, person)


def sign_out(world: World, call: Call) -> Answer:
    """Forget who the browser belongs to, so that another member can connect."""
    page = as_page(render("linkedin/notice.html", title="You have signed out", text="You can close this window."))
    page.headers.append(FORGET)
    return page


def _act(world: World, call: Call, request: Authorization, form: Mapping[str, str]) -> Answer:
    action = form.get("action", "")
    if action == "cancel":
        if form.get("step") == "login":
            described = "The user cancelled LinkedIn login"
            return redirect(_refused(request, "user_cancelled_login", described))
        described = "The user cancelled the authorization"
        return redirect(_refused(request, "user_cancelled_authorize", described))
    if action == "switch":
        return _stay(call, FORGET)
    person = people.find(world.db, form.get("person", ""))
    if person is None:
        return _login(world)
    if action == "continue":
        return redirect(_granted(world, request, person))
    return _stay(call, ("Set-Cookie", f"{COOKIE}={person.id}; {COOKIE_ATTRIBUTES}"))


def _login(world: World) -> Answer:
    return as_page(render("linkedin/login.html", people=people.everybody(world.db)))


def _consent(request: Authorization, person: Person) -> Answer:
    """All or nothing: there is nothing to untick."""
    words = dict.fromkeys(SCOPES[scope] for scope in request.scopes)
    return as_page(
        render("linkedin/consent.html", app=apps.NAME, person=person, words=list(words), scopes=request.scopes)
    )


def _stay(call: Call, cookie: tuple[str, str]) -> Answer:
    """Come back to this same page with another cookie."""
    answer = redirect(f"{call.path}?{call.query_string.decode('latin-1')}")
    answer.headers.append(cookie)
    return answer


def _agreed_already(world: World, request: Authorization, person: Person) -> bool:
    """The page is skipped for an identical grant that hasn't expired (2.1)."""
    row = world.db.execute(
        "select 1 from linkedin_grant where app_id = ? and person_id = ? and scopes = ? and expires_at > ?",
        (request.app.client_id, person.id, ",".join(sorted(request.scopes)), world.now),
    ).fetchone()
    return row is not None


def _granted(world: World, request: Authorization, person: Person) -> str:
    """Remember the consent and make a code, good for 30 minutes."""
    scopes = ",".join(sorted(request.scopes))
    key = (request.app.client_id, person.id)
    with world.write():
        code = "AQ" + opaque(world.seed, f"linkedin code {world.count('linkedin code')}")
        world.db.execute(
            "insert or replace into linkedin_grant values (?, ?, ?, ?)",
            (*key, scopes, world.now + float(world.option("linkedin", "access_lifetime_s"))),
        )
        world.db.execute(
            "insert into linkedin_code values (?, ?, ?, ?, ?, ?, null)",
            (code, *key, scopes, request.redirect_uri, world.now + CODE_LIFETIME_S),
        )
    return _back(request, {"code": code, "state": request.state})


def _refused(request: Authorization, error: str, description: str) -> str:
    return _back(request, {"error": error, "error_description": description, "state": request.state})


def _back(request: Authorization, parameters: Mapping[str, str]) -> str:
    separator = "&" if "?" in request.redirect_uri else "?"
    return f"{request.redirect_uri}{separator}{urlencode(parameters)}"
