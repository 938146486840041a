"""Every command x every role, by the one permission table (PRODUCT 3).

The commands are found, not listed: each is asked by each role, with arguments made up by type. A role that may not is
refused before anything is looked at; one that may gets any other answer, here mostly that there is no such thing.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from importlib import import_module
from pkgutil import iter_modules
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel

import core
from core.infra import db
from core.infra.actor import Actor, Role
from core.infra.errors import MastheadError, NotAllowed
from core.organizations.rules import Permission, may
from tests.factories.organizations import make_actor, make_organization

ALLOWED = {
    "accounts.check_connection": Permission.CHECK_CONNECTION,
    "accounts.check_setup": Permission.CONNECT,
    "accounts.choose": Permission.CONNECT,
    "accounts.connect_intent": Permission.CONNECT,
    "accounts.disconnect": Permission.DISCONNECT,
    "accounts.finish_connect": Permission.CONNECT,
    "accounts.load_choice": Permission.CONNECT,
    "accounts.pause_account": Permission.PAUSE_ACCOUNT,
    "accounts.pause_organization": Permission.PAUSE_ORGANIZATION,
    "accounts.pause_provider": Permission.PAUSE_ORGANIZATION,
    "accounts.set_window": Permission.MANAGE_SETTINGS,
    "accounts.start_connect": Permission.CONNECT,
    "media.add_chunk": Permission.WRITE,
    "media.describe": Permission.WRITE,
    "media.fetch": Permission.WRITE,
    "media.finish_upload": Permission.WRITE,
    "media.start_upload": Permission.WRITE,
    "media.upload": Permission.WRITE,
    "media.uploads": Permission.WRITE,
    "notices.mail_invitation": Permission.MANAGE_MEMBERS,
    "organizations.change_role": Permission.MANAGE_MEMBERS,
    "organizations.disable_member": Permission.MANAGE_MEMBERS,
    "organizations.enable_member": Permission.MANAGE_MEMBERS,
    "organizations.invite": Permission.MANAGE_MEMBERS,
    "organizations.renew_invitation": Permission.MANAGE_MEMBERS,
    "organizations.update_settings": Permission.MANAGE_SETTINGS,
    "organizations.withdraw_invitation": Permission.MANAGE_MEMBERS,
    "posts.approve": Permission.APPROVE,
    "posts.approve_all": Permission.APPROVE,
    "posts.comment": Permission.WRITE,
    "posts.create": Permission.WRITE,
    "posts.delete": Permission.DELETE_DRAFT,
    "posts.delete_file": Permission.WRITE,
    "posts.duplicate": Permission.WRITE,
    "posts.export": Permission.READ,
    "posts.request_changes": Permission.REQUEST_CHANGES,
    "posts.save": Permission.WRITE,
    "posts.submit": Permission.SUBMIT,
    "posts.undelete": Permission.DELETE_DRAFT,
    "posts.undelete_file": Permission.WRITE,
    "posts.withdraw": Permission.WITHDRAW,
    "posts.would_void": Permission.READ,
    "publishing.cancel": Permission.CANCEL,
    "publishing.close_live": Permission.RESOLVE,
    "publishing.delete_live": Permission.CHANGE_LIVE,
    "publishing.edit_live": Permission.CHANGE_LIVE,
    "publishing.move": Permission.RESCHEDULE,
    "publishing.publish_now": Permission.PUBLISH_NOW,
    "publishing.reschedule": Permission.RESCHEDULE,
    "publishing.resolve_live": Permission.RESOLVE,
    "publishing.resolve_not_live": Permission.RESOLVE,
    "publishing.resume": Permission.PAUSE_ACCOUNT,
    "publishing.retry_live": Permission.TRY_AGAIN,
    "publishing.try_again": Permission.TRY_AGAIN,
}
# Of one's own person, sign-ins and notices, whatever the role.
OWN = {
    "notices.choose_delivery",
    "notices.see",
    "notices.see_all",
    "organizations.choose_zone",
    "organizations.end_sign_in",
    "organizations.note_seen",
    "organizations.sign_out_everywhere",
}


def commands() -> dict[str, Callable[..., Any]]:
    """Everything that a person can ask of core: public functions of a noun's commands with an actor before all else."""
    found = {}
    for noun in iter_modules(core.__path__):
        if not noun.ispkg or not _has_commands(noun.name):
            continue
        module = import_module(f"core.{noun.name}.commands")
        for name, thing in vars(module).items():
            ours = getattr(thing, "__module__", "").startswith(f"core.{noun.name}.")
            if inspect.isfunction(thing) and ours and not name.startswith("_") and _takes_actor(thing):
                found[f"{noun.name}.{name}"] = thing
    return found


def _has_commands(noun: str) -> bool:
    return any(each.name == "commands" for each in iter_modules(import_module(f"core.{noun}").__path__))


def _takes_actor(function: Callable[..., Any]) -> bool:
    first = next(iter(inspect.signature(function).parameters), None)
    return first == "actor" and get_type_hints(function)["actor"] is Actor


COMMANDS = commands()


def made_up(kind: Any) -> Any:
    """A value of this type that nothing in the database answers to."""
    if get_origin(kind) in (Union, UnionType):
        return made_up(get_args(kind)[0])
    origin = get_origin(kind) or kind
    if origin in (Mapping, dict):
        return {}
    if origin in (Collection, list, tuple):
        return []
    if isinstance(origin, type):
        if issubclass(origin, Enum):
            return next(iter(origin))
        if issubclass(origin, BaseModel):
            return origin()
    if kind in VALUES:
        return VALUES[kind]()
    return origin(**_arguments(origin))


VALUES: dict[Any, Callable[[], Any]] = {
    UUID: uuid4,
    str: lambda: "made up",
    int: lambda: 1,
    bool: lambda: False,
    bytes: lambda: b"made up",
    datetime: lambda: datetime.now(UTC) + timedelta(days=1),
}


def _arguments(function: Callable[..., Any]) -> dict[str, Any]:
    hints = get_type_hints(function if inspect.isfunction(function) else function.__init__)  # type: ignore[misc]
    return {
        name: made_up(hints[name])
        for name, parameter in inspect.signature(function).parameters.items()
        if name != "actor" and parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
    }


@pytest.fixture
def people(database: db.Database) -> dict[Role, Actor]:
    organization_id = make_organization()
    return {role: make_actor(organization_id, role, name=f"The {role.value}") for role in Role}


def test_every_command_has_its_permission_here() -> None:
    assert set(COMMANDS) == set(ALLOWED) | OWN


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_refused_exactly_to_the_roles_below_its_permission(
    people: dict[Role, Actor], command: str
) -> None:
    for role, actor in people.items():
        refused = _refused(actor, COMMANDS[command])
        allowed = command in OWN or may(role, ALLOWED[command])
        assert refused != allowed, f"{command} by {role.value}"


def _refused(actor: Actor, command: Callable[..., Any]) -> bool:
    try:
        command(actor, **_arguments(command))
    except NotAllowed:
        return True
    except (MastheadError, KeyError):  # a provider that is made up, too, has no folder
        return False
    return False
