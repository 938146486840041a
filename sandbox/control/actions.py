"""What the control interface does to the world."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sandbox import people
from sandbox.clock import iso
from sandbox.control.bodies import (
    AccountsBody,
    ClockBody,
    FaultBody,
    OptionsBody,
    PersonBody,
    ResetBody,
    TokenBody,
    Unknown,
)
from sandbox.faults.model import Fault
from sandbox.port import App, Publishing, StandIn
from sandbox.world import World


def describe(world: World) -> dict[str, Any]:
    """The seeded world: applications with their secrets, people, accounts."""
    apps = []
    accounts = []
    for stand_in in world.stand_ins:
        apps += [
            {
                "provider": app.provider,
                "client_id": app.client_id,
                "client_secret": app.client_secret,
                "redirect_uris": list(app.redirect_uris),
            }
            for app in stand_in.apps(world)
        ]
        accounts += stand_in.publishing.accounts(world) if stand_in.publishing else []
    return {
        "seed": world.seed,
        "smtp_url": world.settings.smtp_url,
        "apps": apps,
        "people": [
            {"id": each.id, "name": each.name, "email": each.email, "email_verified": each.email_verified}
            for each in people.everybody(world.db)
        ],
        "accounts": [
            {"network": each.network, "id": each.id, "name": each.name, "people": list(each.people)}
            for each in accounts
        ],
    }


def add_fault(world: World, body: FaultBody) -> dict[str, Any]:
    """Put a fault in force."""
    return _shown(
        world.faults.add(body.route, body.mode, body.times, body.probability, body.seed, body.args, body.about)
    )


def list_faults(world: World) -> list[dict[str, Any]]:
    """All faults with what they did."""
    return [_shown(fault) for fault in world.faults.all()]


def _shown(fault: Fault) -> dict[str, Any]:
    return {
        "id": fault.id,
        "route": fault.route,
        "about": fault.about,
        "mode": fault.mode,
        "times": fault.times,
        "probability": fault.probability,
        "seed": fault.seed,
        "args": dict(fault.args),
        "matched": fault.matched,
        "applied": fault.applied,
    }


def move_clock(world: World, body: ClockBody) -> dict[str, Any]:
    """Move the sandbox's time."""
    if body.advance_s is not None:
        offset = world.clock.offset_s + body.advance_s
    else:
        moment = body.set.timestamp() if isinstance(body.set, datetime) else float(body.set or 0)
        offset = moment - world.clock.real()
    world.move_clock(offset)
    return {"now": iso(world.now), "offset_s": offset}


def issue_token(world: World, body: TokenBody) -> Any:
    """A ready user token, as if the person had gone through the dialog."""
    stand_in, app = _app(world, body.provider)
    publishing = _publishing(stand_in)
    _person(world, body.person)
    return publishing.issue_token(world, app, body.person, body.scopes)


def make_accounts(world: World, body: AccountsBody) -> Any:
    """Accounts in bulk with their tokens."""
    publishing = _publishing(_stand_in(world, body.provider))
    _person(world, body.person)
    make = publishing.make_at.get(body.network) if body.network else publishing.make_accounts
    if make is None:
        raise Unknown(f"'{body.provider}' makes accounts at {sorted(publishing.make_at)}, not at '{body.network}'")
    return make(world, body.count, body.person, body.prefix)


def add_person(world: World, body: PersonBody) -> dict[str, Any]:
    """One more person."""
    with world.write():
        people.add(world.db, people.Person(body.id, body.name, body.email, body.email_verified))
    return body.model_dump()


def list_options(world: World) -> dict[str, dict[str, str]]:
    """The options of every stand-in, as they stand."""
    return {
        stand_in.key: {name: world.option(stand_in.key, name) for name in stand_in.options}
        for stand_in in world.stand_ins
    }


def set_options(world: World, body: OptionsBody) -> dict[str, dict[str, str]]:
    """Change options of a stand-in."""
    stand_in = _stand_in(world, body.provider)
    if unknown := body.options.keys() - stand_in.options.keys():
        raise Unknown(f"{stand_in.key} has the options {sorted(stand_in.options)}, not {sorted(unknown)}")
    with world.write():
        for name, value in body.options.items():
            world.set_fact(f"{stand_in.key}.option.{name}", str(value).lower())
    return list_options(world)


def reset(world: World, body: ResetBody) -> dict[str, Any]:
    """Begin again."""
    world.reset(body.seed)
    return {"seed": world.seed}


def _stand_in(world: World, key: str) -> StandIn:
    for stand_in in world.stand_ins:
        if stand_in.key == key:
            return stand_in
    raise Unknown(f"there is no provider '{key}'")


def _app(world: World, provider: str) -> tuple[StandIn, App]:
    for stand_in in world.stand_ins:
        for app in stand_in.apps(world):
            if app.provider == provider:
                return stand_in, app
    raise Unknown(f"there is no provider '{provider}'")


def _publishing(stand_in: StandIn) -> Publishing:
    if stand_in.publishing is None:
        raise Unknown(f"'{stand_in.key}' has no accounts")
    return stand_in.publishing


def _person(world: World, person_id: str) -> people.Person:
    person = people.find(world.db, person_id)
    if person is None:
        raise Unknown(f"there is no person '{person_id}'")
    return person
