"""Uploads past Streamlit: a file comes here in chunks from the console's scripts (PRODUCT 5).

POST  /api/uploads              {"action_id", "file_name", "size"}             -> the upload
PATCH /api/uploads/<id>         the next bytes, Upload-Offset says from where  -> the upload
GET   /api/uploads/<id>                                                        -> the upload, `received` so far
POST  /api/uploads/<id>/finish                                                 -> the file; 202 and the upload while
                                                                                  it is being prepared: ask again
"""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, jsonify, request
from pydantic import Field
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from core.infra.actor import Actor
from core.media import commands as media
from core.media.rules import LARGEST_CHUNK, BeingPrepared, WrongOffset
from ingest.bodies import Body, Nothing, takes, takes_bytes
from ingest.guards import UPLOAD_OFFSET, called_by_console


class StartUpload(Body):
    """A file that is about to be sent. `action_id` is new for each choice of a file."""

    action_id: UUID
    file_name: str = Field(max_length=1_000)
    size: int


def api_routes() -> Blueprint:
    """`/api/uploads`."""
    routes = Blueprint("api", __name__, url_prefix="/api")

    @routes.post("/uploads")
    @called_by_console
    @takes(StartUpload)
    def start_upload(actor: Actor, asked: StartUpload) -> Response:
        upload = media.start_upload(actor, asked.action_id, file_name=asked.file_name, size=asked.size)
        answer = jsonify(asdict(upload))
        answer.status_code = HTTPStatus.CREATED
        return answer

    @routes.patch("/uploads/<uuid:upload_id>")
    @called_by_console
    @takes_bytes(LARGEST_CHUNK)
    def add_chunk(actor: Actor, content: bytes, upload_id: UUID) -> Response:
        try:
            return jsonify(asdict(media.add_chunk(actor, upload_id, offset=_offset(), content=content)))
        except WrongOffset as wrong:
            return _go_on_from(wrong)

    @routes.get("/uploads/<uuid:upload_id>")
    @called_by_console
    def upload(actor: Actor, upload_id: UUID) -> Response:
        return jsonify(asdict(media.upload(actor, upload_id)))

    @routes.post("/uploads/<uuid:upload_id>/finish")
    @called_by_console
    @takes(Nothing)
    def finish_upload(actor: Actor, _nothing: Nothing, upload_id: UUID) -> Response:
        try:
            return jsonify(asdict(media.finish_upload(actor, upload_id)))
        except WrongOffset as wrong:
            return _go_on_from(wrong)
        except BeingPrepared:
            answer = jsonify(asdict(media.upload(actor, upload_id)))
            answer.status_code = HTTPStatus.ACCEPTED
            return answer

    return routes


def _offset() -> int:
    said = request.headers.get(UPLOAD_OFFSET, "")
    if not said.isascii() or not said.isdigit() or len(said) > 12:
        raise BadRequest
    return int(said)


def _go_on_from(wrong: WrongOffset) -> Response:
    answer = jsonify(error="Go on elsewhere", message=wrong.message, received=wrong.received)
    answer.status_code = HTTPStatus.CONFLICT
    return answer
