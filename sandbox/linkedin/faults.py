"""How LinkedIn words the faults that a test asks for (PRODUCT 8, linkedin 10).

`args.code` is the serviceErrorCode, `args.error` the word in `code`, `args.limit` application, member,
burst or comments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sandbox.answers import Answer
from sandbox.call import Call
from sandbox.encoding import BadEncoding
from sandbox.faults.model import Fault, Mode
from sandbox.linkedin import directory, tokens
from sandbox.linkedin.directory import PERSON
from sandbox.linkedin.errors import (
    REVOKED,
    ApiError,
    OAuthError,
    bad_input,
    dead_token,
    duplicate,
    not_found,
    not_permitted,
    server_error,
    throttled,
)
from sandbox.linkedin.facts import API, WWW
from sandbox.linkedin.rest.answer import common_headers
from sandbox.linkedin.rest.authenticate import authenticate
from sandbox.linkedin.rest.request import read_address, read_query_of, read_version
from sandbox.linkedin.tokens import Token

if TYPE_CHECKING:
    from sandbox.world import World

DEFAULT_SCOPE = "w_organization_social"
OLDER = "urn:li:share:7265000000000000000"
OAUTH = "/oauth/"


def _answer(world: World, call: Call, fault: Fault, error: ApiError) -> Answer:
    """The default error changed by the fault's arguments, in the envelope of the host."""
    error.status = int(fault.number("status", error.status))
    error.message = str(fault.args.get("message", error.message))
    error.code = str(fault.args["error"]) if "error" in fault.args else error.code
    error.service = int(fault.number("code", 0)) or error.service
    if call.host == WWW and call.rest.startswith(OAUTH):
        word = "server_error" if error.status >= 500 else "invalid_request"  # [G]
        return OAuthError(error.status, str(fault.args.get("error", word)), error.message).answer()
    if call.host == WWW:
        return Answer(error.status, b"", "text/plain")
    answer = error.answer()
    answer.headers += common_headers(world, call) if call.host == API else []
    return answer


def _token(world: World, call: Call) -> Token | None:
    """Whose call it is; one that LinkedIn would refuse anyway is nobody's."""
    try:
        return authenticate(world, call)[0]
    except ApiError:
        return None


def _tag(world: World, call: Call) -> str:
    try:
        verb, query = read_query_of(call)
        return read_address(call, verb, query).tag(read_version(world, call))
    except ApiError:
        return f"{call.rest.strip('/').replace('/', '.')}.{call.method}.NO_VERSION"


def _always(make: Callable[[], ApiError]) -> Callable[[World, Call, Fault], Answer]:
    return lambda world, call, fault: _answer(world, call, fault, make())


def refused(world: World, call: Call, fault: Fault) -> Answer:
    """400 about the text of a post, or of a comment."""
    field = "message" if "/socialActions/" in call.raw_rest else "commentary"
    return _answer(world, call, fault, bad_input("INVALID_VALUE_FOR_FIELD", field, f"{field} can't be taken"))


def limited(world: World, call: Call, fault: Fault) -> Answer:
    """429: of the application's day unless another limit is asked."""
    return _answer(world, call, fault, throttled(str(fault.args.get("limit", "application"))))


def refused_but_live(world: World, call: Call, fault: Fault) -> Answer:
    """429 in a burst although the work was done: the refusal that misleads."""
    return _answer(world, call, fault, throttled("burst"))


def duplicate_refused(world: World, call: Call, fault: Fault) -> Answer:
    """422 that names the author's newest post, whatever it says, else one that never was (4.6: a ghost) [O]."""
    row = world.db.execute(
        "select id from linkedin_post where account_id = ? order by made_at desc limit 1", (_account_id(world, call),)
    ).fetchone()
    return _answer(world, call, fault, duplicate(row[0] if row else OLDER))


def _account_id(world: World, call: Call) -> str:
    try:
        author = str(call.form.get("author", ""))
    except BadEncoding:
        return ""
    token = _token(world, call)
    return directory.account_id(world, token.person_id) if token and author.startswith(PERSON) else author


def token_revoked(world: World, call: Call, fault: Fault) -> Answer:
    """401: the member's tokens of this app are dead, and stay so unless `permanent` is false."""
    service = int(fault.number("subcode", REVOKED))
    token = _token(world, call)
    if token is not None and fault.args.get("permanent", True):
        with world.write():
            tokens.kill_all(world, token.app_id, token.person_id, service)
    return _answer(world, call, fault, dead_token(service))


def scope_missing(world: World, call: Call, fault: Fault) -> Answer:
    """The scope is gone from the member's tokens until they consent again; the call fails with 403."""
    token = _token(world, call)
    if token is not None:
        with world.write():
            tokens.drop_scope(world, token.app_id, token.person_id, str(fault.args.get("scope", DEFAULT_SCOPE)))
    return _answer(world, call, fault, not_permitted(_tag(world, call)))


SPOIL = {
    Mode.REFUSE: refused,
    Mode.ERROR_BEFORE: _always(server_error),
    Mode.ERROR_AFTER: _always(server_error),
    Mode.REFUSED_BUT_LIVE: refused_but_live,
    Mode.DUPLICATE_REFUSED: duplicate_refused,
    Mode.RATE_LIMITED: limited,
    Mode.TOKEN_REVOKED: token_revoked,
    Mode.SCOPE_MISSING: scope_missing,
    Mode.NOT_FOUND_ONCE: _always(not_found),
}
