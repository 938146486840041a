"""A call to `/rest`, taken apart: resource, key, Rest.li method, parameters, who calls (linkedin 1.2 to 1.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sandbox.call import FORM, Call
from sandbox.encoding import BadEncoding
from sandbox.linkedin import apps
from sandbox.linkedin.errors import ApiError, bad_query, malformed, no_resource, not_permitted
from sandbox.linkedin.facts import (
    COUNT_MAX,
    DEFAULT_COUNT,
    QUERY_LIMIT,
    SEGMENT_LIMIT,
    SUNSET_AT,
    URL_LIMIT,
)
from sandbox.linkedin.rest.restli import Value, encode, read_key, read_query
from sandbox.linkedin.tokens import Token
from sandbox.port import App

if TYPE_CHECKING:
    from sandbox.world import World

PREFIX = "/rest/"
# Resources without a key: there is one of each.
SINGLE = frozenset({"me"})
# Resources that lie below an entity of another: `/rest/socialActions/{urn}/comments` (6.1).
NESTED = frozenset({"socialActions/comments"})
# How messages name a resource where its path doesn't (6.1) [S].
TAGS = {"socialActions": "partnerApiSocialActions", "socialActions/comments": "partnerApiSocialActions"}


@dataclass(frozen=True, slots=True)
class Address:
    """What is called, and how. `name` is that of a finder or action, `parent` the key of what a resource lies below."""

    resource: str
    key: str | None
    method: str
    name: str | None
    parent: str | None = None

    def tag(self, version: str) -> str:
        """How error messages name it (10.1)."""
        how = f"{self.method}-{self.name}" if self.name else self.method
        return f"{TAGS.get(self.resource, self.resource)}.{how}.{version}01"

    @property
    def path(self) -> str:
        """The collection's path below `/rest/`."""
        if self.parent is None:
            return self.resource
        above, _, below = self.resource.partition("/")
        return f"{above}/{encode(self.parent)}/{below}"


@dataclass(eq=False)
class RestRequest:
    """A call with everything a resource needs."""

    world: World
    call: Call
    version: str
    address: Address
    query: Mapping[str, Value]
    token: Token
    app: App
    told: list[tuple[str, str]] = field(default_factory=list)

    @property
    def person_id(self) -> str:
        """The member who gave the token."""
        return self.token.person_id

    @cached_property
    def scopes(self) -> frozenset[str]:
        """What the token allows and the app's products still give."""
        return self.token.scopes & apps.scopes(self.world, self.app)

    def require(self, *scopes: str) -> None:
        """One of these scopes."""
        if not self.scopes.intersection(scopes):
            raise self.refused()

    def refused(self) -> ApiError:
        """403 that names this call."""
        return not_permitted(self.address.tag(self.version))

    def text(self, name: str) -> str | None:
        """A parameter that is one text."""
        value = self.query.get(name)
        if value is None:
            return None
        if value.text is None:
            raise bad_query(f"{name} is a list")
        return value.text

    def need(self, name: str) -> str:
        """A parameter that must be there."""
        value = self.text(name)
        if not value:
            raise malformed(f"Parameter '{name}' is required", None)
        return value

    def ids(self) -> tuple[str, ...]:
        """The keys of a BATCH_GET, which the Development tier doesn't have (2.9)."""
        if self.app.provider == apps.ORGANIZATIONS and self.world.option("linkedin", "tier") == "development":
            raise self.refused()
        return self.query["ids"].items or ()

    def window(self) -> tuple[int, int]:
        """`start` and `count` (1.7)."""
        return self._whole("start", 0, None), self._whole("count", DEFAULT_COUNT, COUNT_MAX)

    def _whole(self, name: str, default: int, most: int | None) -> int:
        text = self.text(name)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit():
            raise malformed(f"Key value '{text}' must be of type 'java.lang.Integer'", None)
        if most is not None and int(text) > most:
            raise bad_query(f"{name} is at most {most}")
        return int(text)

    @cached_property
    def body(self) -> dict[str, Any]:
        """The JSON object of the body."""
        if self.call.media_type != "application/json":
            raise malformed("Unsupported media type", None, 415)
        try:
            return dict(self.call.form)
        except BadEncoding as problem:
            raise malformed(f"Cannot parse request entity: {problem}") from problem


def read_version(world: World, call: Call) -> str:
    """Check `Linkedin-Version` (1.2). A sunset one a correct client can meet, one that never was it can't."""
    asked = call.headers.get("linkedin-version", "").strip()
    if not asked:
        message = "A version must be present. Please specify a version by adding the Linkedin-Version header."
        raise malformed(message, "VERSION_MISSING")
    sunset_at = SUNSET_AT.get(asked)
    active = [name for name in world.option("linkedin", "versions").split(",") if name]
    if asked in active or (not active and sunset_at is not None and world.now < sunset_at):
        return asked
    error = ApiError(426, f"Requested version {asked}01 is not active", "NONEXISTENT_VERSION")
    raise error if sunset_at is not None else malformed(error.message, error.code, error.status)


def read_query_of(call: Call) -> tuple[str, Mapping[str, Value]]:
    """Verb and parameters; a query too long for an address comes tunnelled in a form (1.6)."""
    verb, raw = call.method, call.query_string
    override = call.headers.get("x-http-method-override")
    if len(call.raw_rest) + len(raw) > URL_LIMIT or len(raw) > QUERY_LIMIT:
        raise malformed("URI too long", None, 414)
    if override is not None:
        if verb != "POST" or raw or call.media_type != FORM:
            raise malformed("A tunnelled request is a POST of a form without a query", None)
        verb, raw = override.upper(), call.body
    elif verb == "POST" and not call.body and "content-length" not in call.headers:
        raise malformed("Length required", None, 411)
    return verb, read_query(raw, _protocol_2(call))


def _protocol_2(call: Call) -> bool:
    """Without the header the server takes 1.0.0 (1.3)."""
    version = call.headers.get("x-restli-protocol-version", "1.0.0")
    if version not in ("1.0.0", "2.0.0"):
        raise malformed(f"Rest.li protocol version {version} is not supported")
    return version == "2.0.0"


def read_address(call: Call, verb: str, query: Mapping[str, Value]) -> Address:
    """Resource, key and Rest.li method, told by the address and checked against `X-RestLi-Method` (1.3)."""
    if not call.raw_rest.startswith(PREFIX):
        raise no_resource()
    parts = call.raw_rest.removeprefix(PREFIX).split("/")
    if any(len(part) > SEGMENT_LIMIT for part in parts):
        raise malformed("URI too long", None, 414)
    parent = None
    if len(parts) > 2 and f"{parts[0]}/{parts[2]}" in NESTED:
        parent = read_key(parts[1])
        parts = [f"{parts[0]}/{parts[2]}", *parts[3:]]
    if len(parts) > 2 or not parts[0]:
        raise no_resource()
    key = read_key(parts[1]) if len(parts) == 2 else None
    told = call.headers.get("x-restli-method", "").upper()
    method, name = _method(verb, parts[0] in SINGLE or key is not None, query, told)
    if told and told != method:
        raise malformed(f"X-RestLi-Method {told} doesn't fit this {verb}", None)
    return Address(parts[0], key, method, name, parent)


def _method(verb: str, entity: bool, query: Mapping[str, Value], told: str) -> tuple[str, str | None]:
    if verb == "GET":
        if entity:
            return "GET", None
        if finder := query.get("q"):
            return "FINDER", finder.text
        return ("BATCH_GET" if "ids" in query else "GET_ALL"), None
    if verb == "POST":
        if action := query.get("action"):
            return "ACTION", action.text
        if entity and not told:
            raise malformed("A POST on an entity needs X-RestLi-Method", None)
        return ("PARTIAL_UPDATE" if entity else "CREATE"), None
    if verb == "DELETE" and entity:
        return "DELETE", None
    raise no_resource()
