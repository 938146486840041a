"""What rupload answers when it doesn't take something: `debug_info`, not Graph's envelope (meta 4.6, 5.2)."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from sandbox.answers import Answer, Kind, as_json


@dataclass(slots=True)
class UploadError(Exception):
    """One refusal; `kind` says whether a correct client can meet it. HTTP statuses aren't documented [G]."""

    type: str
    message: str
    retriable: bool = False
    status: int = 400
    kind: Kind = Kind.REFUSED

    def answer(self) -> Answer:
        """The body that was seen."""
        told = {"retriable": self.retriable, "type": self.type, "message": self.message}
        return as_json({"debug_info": told}, self.status, self.kind)


def wrong_header(message: str) -> UploadError:
    """A header is missing or no number; the words are those that were seen."""
    return UploadError("ParameterValidationError", f"HeaderValuePredicate: {message}", kind=Kind.PROTOCOL)


def not_authorized(message: str, kind: Kind = Kind.REFUSED) -> UploadError:
    """The token is missing, dead or somebody else's [G]."""
    return UploadError("NotAuthorizedError", message, status=401, kind=kind)


def unknown_upload(upload_id: str) -> UploadError:
    """There is no such upload, or it is over [G]."""
    return UploadError("ParameterValidationError", f"There is no upload {upload_id}", status=404)


def wrong_offset(received: int) -> UploadError:
    """Continue from where the network is."""
    return UploadError("OffsetInvalidError", f"The offset doesn't match: {received} bytes have been received")


def partial(received: int, size: int) -> UploadError:
    """Fewer bytes came than were promised; those that came are kept."""
    return UploadError("PartialRequestError", f"{received} of {size} bytes have been received", retriable=True)


def failed(message: str, retriable: bool = False) -> UploadError:
    """The file can't be processed; the message is JSON (meta 5.2)."""
    words = orjson.dumps({"success": False, "error": {"message": message}}).decode()
    return UploadError("ProcessingFailedError", words, retriable)
