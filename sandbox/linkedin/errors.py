"""Errors as LinkedIn words them (linkedin 2.3, 10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.answers import Answer, Kind, as_json

BAD_REQUEST = "com.linkedin.common.error.BadRequest"


@dataclass(slots=True)
class ApiError(Exception):
    """One row of the table of 10.2; `kind` says whether a correct client can meet it."""

    status: int
    message: str
    code: str | None = None
    service: int | None = None
    kind: Kind = Kind.REFUSED
    inputs: tuple[dict[str, Any], ...] = ()

    def answer(self) -> Answer:
        """The envelope of 10.1; fields that an error doesn't have are left out."""
        body: dict[str, Any] = {"status": self.status}
        if self.service is not None:
            body["serviceErrorCode"] = self.service
        if self.code is not None:
            body["code"] = self.code
        body["message"] = self.message
        if self.inputs:
            body["errorDetailType"] = BAD_REQUEST
            body["errorDetails"] = {"inputErrors": list(self.inputs), "conditionalInputErrors": []}
        return as_json(body, self.status, self.kind)


@dataclass(slots=True)
class OAuthError(Exception):
    """An error of the token endpoint (2.3)."""

    status: int
    error: str
    description: str
    kind: Kind = Kind.REFUSED

    def answer(self) -> Answer:
        """Always the same two fields."""
        return as_json({"error": self.error, "error_description": self.description}, self.status, self.kind)


# 401: a call's token (10.2), by serviceErrorCode.
INVALID, REVOKED, EXPIRED, EMPTY, RESTRICTED = 65600, 65601, 65602, 65604, 65608
TOKEN_TROUBLES = {
    INVALID: ("INVALID_ACCESS_TOKEN", "Invalid access token"),
    REVOKED: ("REVOKED_ACCESS_TOKEN", "The token used in the request has been revoked by the user"),
    EXPIRED: ("EXPIRED_ACCESS_TOKEN", "The token used in the request has expired"),
    EMPTY: ("EMPTY_ACCESS_TOKEN", "Empty oauth2 access token"),
    RESTRICTED: ("RESTRICTED_MEMBER", "Member is restricted"),
}


def dead_token(service: int) -> ApiError:
    """401 with the reason. No header at all, or garbage in it, is a bug of the client."""
    code, message = TOKEN_TROUBLES.get(service, TOKEN_TROUBLES[INVALID])
    return ApiError(401, message, code, service, Kind.PROTOCOL if service in (EMPTY, INVALID) else Kind.REFUSED)


def malformed(message: str, code: str | None = "ILLEGAL_ARGUMENT", status: int = 400) -> ApiError:
    """A request that no correct client sends."""
    return ApiError(status, message, code, kind=Kind.PROTOCOL)


def bad_query(detail: str) -> ApiError:
    """A query that the resource doesn't understand [O]."""
    return malformed(f"Invalid query parameters passed to request: {detail}")


def no_resource() -> ApiError:
    """A path or method that doesn't exist."""
    return malformed("No virtual resource found", "RESOURCE_NOT_FOUND", 404)


def not_found() -> ApiError:
    """Deleted, or never there."""
    return ApiError(404, "Could not find entity", "NOT_FOUND")


def not_permitted(tag: str) -> ApiError:
    """Scope or product missing; `tag` is `{resource}.{METHOD}.{version}` (10.1)."""
    return ApiError(403, f"Not enough permissions to access: {tag}", "ACCESS_DENIED", 100)


def not_allowed_value(path: str) -> ApiError:
    """The token may not speak for whom the field names [O]."""
    message = "Field Value validation failed in REQUEST_BODY: Data Processing Exception while processing fields"
    return ApiError(403, f"{message} [{path}]")


def unpermitted_field(path: str, kind: Kind = Kind.PROTOCOL) -> ApiError:
    """A field or entity that isn't allowed here [O]."""
    message = "Unpermitted fields present in REQUEST_BODY: Data Processing Exception while processing fields"
    return ApiError(403, f"{message} [{path}]", kind=kind)


def unpermitted_parameter(name: str) -> ApiError:
    """A parameter that names something this token has no right to [O]."""
    message = "Unpermitted fields present in PARAMETER: Data Processing Exception while processing fields"
    return ApiError(403, f"{message} [/{name}]")


def forbidden(what: str) -> ApiError:
    """No right to read a post or picture [O]."""
    return ApiError(403, f"Accessing {what} is forbidden. Please check your permissions for this resource")


def bad_input(code: str, field: str, description: str, kind: Kind = Kind.REFUSED) -> ApiError:
    """400 for one field of the body."""
    detail = {"code": code, "description": description, "input": {"inputPath": {"fieldPath": field}}}
    return ApiError(400, description, code, kind=kind, inputs=(detail,))


def missing_field(field: str) -> ApiError:
    """A field that must be there."""
    return bad_input("MISSING_FIELD", field, f"The field {field} is required", Kind.PROTOCOL)


def too_long(field: str, length: int, most: int) -> ApiError:
    """As LinkedIn spells it."""
    description = f"{field} length {length} can't exceeded maximum {most} length"
    return bad_input("FIELD_LENGTH_TOO_LONG", field, description)


def duplicate(urn: str) -> ApiError:
    """422, naming the older post (4.6) [O]."""
    return ApiError(
        422,
        "com.linkedin.content.common.exception.BadRequestResponseException: Content is a duplicate of " + urn,
        inputs=({"description": "Duplicate post is detected", "input": {}, "code": "DUPLICATE_POST"},),
    )


LIMITS = {
    "application": "Resource level throttle APPLICATION DAY limit for calls to this resource is reached.",
    "member": "Resource level throttle MEMBER DAY limit for calls to this resource is reached.",
    "burst": "Resource level throttle limit for calls to this resource is reached.",
}
COMMENTS = "Comment create throttled: creation rate limit exceeded for member"


def throttled(limit: str) -> ApiError:
    """429, without any header that says until when (9); one for too many comments has no code (10.2) [O]."""
    if limit == "comments":
        return ApiError(429, COMMENTS)
    return ApiError(429, LIMITS.get(limit, LIMITS["burst"]), "TOO_MANY_REQUESTS", 101)


def server_error() -> ApiError:
    """500: a create may have succeeded (10.2)."""
    return ApiError(500, "Internal Server Error", "INTERNAL_SERVER_ERROR")
