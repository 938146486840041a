"""A small network with a consent that asks nothing, halls, and cries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sandbox import ledger
from sandbox.answers import Answer, Kind, as_json, as_page, redirect
from sandbox.call import Call
from sandbox.faults.model import Fault, Mode
from sandbox.ledger import NewPost
from sandbox.port import Account, App, Publishing, StandIn

if TYPE_CHECKING:
    from sandbox.world import World

HOST = "town.example"
SECRET = "town-secret-of-the-sandbox"
HALL = "hall-1"
TOKEN = "town-token-of-maya"


def apps(world: World) -> Sequence[App]:
    """The one application."""
    return (App("town", "town-app", SECRET, (f"{world.settings.ingest_url}/oauth/town/callback",)),)


async def answer(world: World, call: Call) -> Answer:
    """Answer one call."""
    match (call.method, call.rest.partition("?")[0]):
        case ("GET", "/consent"):
            query = {"code": "maya-says-yes", "state": call.query["state"]}
            return redirect(f"{call.query['redirect_uri']}?{urlencode(query)}")
        case ("POST", "/token"):
            good = call.form == {"code": "maya-says-yes", "client_secret": SECRET}
            said = {"access_token": TOKEN, "user": "p-maya", "name": "Maya Okafor"}
            return as_json(said) if good else as_json({}, 403, Kind.REFUSED)
        case ("GET", "/halls"):
            return as_json({"halls": [{"id": HALL, "name": "Old Town Hall"}]})
        case ("POST", "/revoke"):
            return as_json({})
        case ("POST", "/cries"):
            return _cry(world, call)
        case ("GET", "/cries"):
            return as_json({"cries": _cries(world)})
        case ("GET", path) if path.startswith("/cries/"):
            return as_page("<p>Hear ye</p>")
        case _:
            return as_json({}, 404, Kind.PROTOCOL)


def _cry(world: World, call: Call) -> Answer:
    if call.headers.get("authorization") != f"Bearer {TOKEN}" or call.form.get("hall") != HALL:
        return as_json({}, 403, Kind.REFUSED)
    post_id = f"cry-{call.number}"
    with world.write():
        ledger.add(
            world.db,
            NewPost(
                id=post_id,
                provider="town",
                network="town",
                account_id=HALL,
                app_id="town-app",
                text=str(call.form["text"]),
                link=None,
                detail="{}",
                created_at=world.now,
                live_at=world.now,
                listed_at=world.now,
            ),
        )
    return as_json({"id": post_id}, 201)


def _cries(world: World) -> list[dict[str, Any]]:
    posts = ledger.followed(world.db, world.now, HALL, 100)
    return [
        {"id": each.id, "text": each.text, "at": datetime.fromtimestamp(each.created_at, UTC).isoformat()}
        for each in posts
    ]


def _issue(world: World, app: App, person: str, scopes: Sequence[str]) -> Mapping[str, Any]:
    return {"access_token": TOKEN}


def _lost(world: World, call: Call, fault: Fault) -> Answer:
    return as_json({}, 500, Kind.FAULT)


STAND_IN = StandIn(
    key="town",
    hosts=(HOST,),
    tables="",
    make=lambda world: None,
    apps=apps,
    answer=answer,
    spoil={Mode.ERROR_AFTER: _lost, Mode.ERROR_BEFORE: _lost},
    publishing=Publishing(
        accounts=lambda world: [Account("town", HALL, "Old Town Hall", ("p-maya",))],
        permalink=lambda world, post_id: f"/{HOST}/cries/{post_id}",
        issue_token=_issue,
        make_accounts=lambda world, count, person, prefix: [],
    ),
)
