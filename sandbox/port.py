"""What a stand-in is made of: a provider is one folder with a `stand_in.py` that holds a STAND_IN of this shape."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from sandbox.answers import Answer
from sandbox.call import Call
from sandbox.faults.model import Fault, Mode

if TYPE_CHECKING:
    from sandbox.world import World


@dataclass(frozen=True, slots=True)
class App:
    """An application registered with a provider, as the control interface shows it.

    `provider` names it there: a provider that wants two applications for its rights has a name for each.
    """

    provider: str
    client_id: str
    client_secret: str
    redirect_uris: Sequence[str]


@dataclass(frozen=True, slots=True)
class Account:
    """A place where posts appear. `network_name` is for people, where a capital letter doesn't make it."""

    network: str
    id: str
    name: str
    people: Sequence[str]
    network_name: str = ""


@dataclass(frozen=True, slots=True)
class Publishing:
    """The parts that only a stand-in of a social network has."""

    accounts: Callable[[World], list[Account]]
    permalink: Callable[[World, str], str]
    issue_token: Callable[[World, App, str, Sequence[str]], Mapping[str, Any]]
    make_accounts: Callable[[World, int, str, str], list[Mapping[str, str]]]
    # The same at another network that this provider is the way to, by the network's name.
    make_at: Mapping[str, Callable[[World, int, str, str], list[Mapping[str, str]]]] = field(default_factory=dict)


def _nothing(_method: str, _host: str, _rest: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class StandIn:
    """One provider: the hosts it answers for, its tables, its answers and how it words each fault.

    `takes_file` tells by method, host and the rest of the path which bodies are one file, that goes to disk as it
    comes (`Call.file`). `orders` are what the control interface can do to this provider's world alone, by the path
    behind `/_sandbox/<key>/`: each with the body it takes.
    """

    key: str
    hosts: Sequence[str]
    tables: str
    make: Callable[[World], None]
    apps: Callable[[World], Sequence[App]]
    answer: Callable[[World, Call], Awaitable[Answer]]
    spoil: Mapping[Mode, Callable[[World, Call, Fault], Answer]]
    options: Mapping[str, str] = field(default_factory=dict)
    takes_file: Callable[[str, str, str], bool] = _nothing
    orders: Mapping[str, tuple[type[BaseModel], Callable[[World, Any], Any]]] = field(default_factory=dict)
    publishing: Publishing | None = None
