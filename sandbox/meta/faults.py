"""How Meta words the faults that a test asks for (PRODUCT 8, meta 10, 12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.answers import Answer
from sandbox.call import Call
from sandbox.faults.model import Fault, Mode
from sandbox.meta import consent, tokens
from sandbox.meta.errors import (
    GraphError,
    cannot_publish,
    dead_token,
    duplicate,
    missing_object,
    rate_limited,
    unexpected,
)
from sandbox.meta.facts import NEWEST_VERSION, RUPLOAD, STATUS
from sandbox.meta.graph.answer import common_headers, trace_id
from sandbox.meta.graph.authenticate import NOBODY, Caller, authenticate
from sandbox.meta.graph.instagram.errors import not_permitted
from sandbox.meta.graph.nodes import instagram_account_of
from sandbox.meta.graph.request import read_address, read_parameters
from sandbox.meta.graph.usage import Bucket
from sandbox.meta.rupload.errors import UploadError
from sandbox.meta.tokens import PASSWORD_CHANGED

if TYPE_CHECKING:
    from sandbox.world import World

DEFAULT_SCOPE, DEFAULT_SCOPE_OF_INSTAGRAM = "pages_manage_posts", "instagram_content_publish"


def _answer(world: World, call: Call, error: GraphError) -> Answer:
    if call.host == RUPLOAD:
        return _debug_info(error)
    answer = error.answer(trace_id(world, call))
    answer.headers += common_headers(world, call, NEWEST_VERSION)
    return answer


def _debug_info(error: GraphError) -> Answer:
    """Bytes have words of their own (meta 4.6); which type stands for which failure isn't documented [G]."""
    kind = "NotAuthorizedError" if error.code in (10, 190, 200) else "ProcessingFailedError"
    status = error.status or STATUS.get(error.code, 400)
    return UploadError(kind, error.message, error.transient or status >= 500, status).answer()


def _worded(fault: Fault, default: GraphError) -> GraphError:
    """The default error, changed by the fault's arguments."""
    code = int(fault.number("code", default.code))
    subcode = int(fault.number("subcode", 0)) or (default.subcode if code == default.code else None)
    return GraphError(
        code=code,
        message=str(fault.args.get("message", default.message)),
        subcode=subcode,
        status=int(fault.number("status", 0)) or (default.status if code == default.code else None),
        transient=bool(fault.args.get("transient", default.transient)),
    )


def _caller(world: World, call: Call) -> Caller:
    """Who the spoiled call came from; a call that Meta would refuse anyway comes from nobody."""
    try:
        parameters = {} if call.host == RUPLOAD else read_parameters(call)
        return authenticate(world, call, parameters, me=False, proven=call.host != RUPLOAD)
    except GraphError:
        return Caller(NOBODY, "")


def _node(call: Call) -> str:
    """What the spoiled call is about; empty when Meta couldn't tell either."""
    try:
        return read_address(call.rest).node
    except GraphError:
        return ""


def refuse(world: World, call: Call, fault: Fault) -> Answer:
    """A plain refusal before anything was done."""
    return _answer(world, call, _worded(fault, GraphError(100, "(#100) Invalid parameter")))


def server_error(world: World, call: Call, fault: Fault) -> Answer:
    """HTTP 500, code 2: the same words whether the write happened or not (meta 12)."""
    return _answer(world, call, _worded(fault, unexpected()))


def refused_but_live(world: World, call: Call, fault: Fault) -> Answer:
    """A 4xx after the post went live, as seen with 4/2207051 (meta 12)."""
    default = GraphError(4, "(#4) Application request limit reached", 2207051)
    return _answer(world, call, _worded(fault, default))


def duplicate_refused(world: World, call: Call, fault: Fault) -> Answer:
    """506 (meta 10.2)."""
    error = duplicate()
    error.message = str(fault.args.get("message", error.message))
    return _answer(world, call, error)


def limited(world: World, call: Call, fault: Fault) -> Answer:
    """A rate limit with its usage header (meta 9)."""
    code, header = Bucket(world, _caller(world, call), _node(call)).exhausted(fault)
    answer = _answer(world, call, _worded(fault, rate_limited(code)))
    answer.headers.append(header)
    return answer


def token_revoked(world: World, call: Call, fault: Fault) -> Answer:
    """190: the person's tokens are dead, and stay so unless `permanent` is false (meta 2.7)."""
    caller = _caller(world, call)
    subcode = int(fault.number("subcode", PASSWORD_CHANGED))
    if caller.token is not None and fault.args.get("permanent", True):
        with world.write():
            tokens.kill_all(world, caller.app_id, caller.token.person_id, subcode)
    expires_at = caller.token.expires_at if caller.token else world.now
    return _answer(world, call, dead_token(subcode, caller.app_id, expires_at, world.now))


def scope_missing(world: World, call: Call, fault: Fault) -> Answer:
    """The person took a permission back: it is declined from now on, and the call fails with 200, or 10 (meta 10.2)."""
    caller = _caller(world, call)
    of_instagram = instagram_account_of(world, _node(call)) is not None
    if caller.token is not None:
        scope = str(fault.args.get("scope", DEFAULT_SCOPE_OF_INSTAGRAM if of_instagram else DEFAULT_SCOPE))
        with world.write():
            consent.decline(world, caller.app_id, caller.token.person_id, scope)
    return _answer(world, call, not_permitted() if of_instagram else cannot_publish())


def not_found(world: World, call: Call, fault: Fault) -> Answer:
    """100/33 for something that is there (meta 10.2, 12 f)."""
    return _answer(world, call, missing_object(call.method, call.rest.rpartition("/")[2]))


SPOIL = {
    Mode.REFUSE: refuse,
    Mode.ERROR_BEFORE: server_error,
    Mode.ERROR_AFTER: server_error,
    Mode.REFUSED_BUT_LIVE: refused_but_live,
    Mode.DUPLICATE_REFUSED: duplicate_refused,
    Mode.RATE_LIMITED: limited,
    Mode.TOKEN_REVOKED: token_revoked,
    Mode.SCOPE_MISSING: scope_missing,
    Mode.NOT_FOUND_ONCE: not_found,
}
