"""`/rest/images`: places for pictures, and their states (linkedin 5.1)."""

from __future__ import annotations

from typing import Any

from sandbox.linkedin import images, links
from sandbox.linkedin.directory import ORGANIZATION
from sandbox.linkedin.errors import bad_input, forbidden, malformed, missing_field, not_found, unpermitted_field
from sandbox.linkedin.facts import DOWNLOAD_URL_LIFETIME_S
from sandbox.linkedin.images import Image
from sandbox.linkedin.rest.paging import batch, only
from sandbox.linkedin.rest.request import RestRequest
from sandbox.linkedin.rest.rights import may_read, require_writing

INITIALIZE = "initializeUploadRequest"
INITIALIZE_PARAMETERS = frozenset({"action"})
ENTITY_PARAMETERS = frozenset({"fields"})
BATCH_PARAMETERS = frozenset({"ids", "fields"})
URN = "urn:li:image:"
READING = ("r_organization_social", "w_organization_social")


def initialize(request: RestRequest) -> dict[str, Any]:
    """`POST ?action=initializeUpload`: an address for the bytes of one picture of this owner."""
    if unknown := sorted(request.body.keys() - {INITIALIZE}):
        raise unpermitted_field(f"/{unknown[0]}")
    asked = request.body.get(INITIALIZE)
    if not isinstance(asked, dict):
        raise missing_field(INITIALIZE)
    if unknown := sorted(asked.keys() - {"owner", "mediaLibraryMetadata"}):
        raise unpermitted_field(f"/{INITIALIZE}/{unknown[0]}")
    owner = asked.get("owner")
    if not isinstance(owner, str):
        raise missing_field("owner")
    account_id = require_writing(request, owner, f"{INITIALIZE}/owner")
    world = request.world
    with world.write():
        image = images.add(world, request.app.client_id, account_id)
        images.spoil(world, image, request.call.conditions)
    return {
        "value": {
            "uploadUrlExpiresAt": int(image.upload_expires_at * 1000),
            "uploadUrl": links.upload(world, image.upload),
            "image": image.id,
        }
    }


def one(request: RestRequest) -> dict[str, Any]:
    """`GET /rest/images/{urn}`."""
    return only(request, _read(request, request.address.key or ""))


def several(request: RestRequest) -> dict[str, Any]:
    """`?ids=List(...)`."""
    return batch(request, lambda key: only(request, _read(request, key)))


def _read(request: RestRequest, key: str) -> dict[str, Any]:
    """Only pictures of Pages can be read: a member's need a closed permission [O]."""
    if not key.startswith(URN):
        raise malformed("The key must be the URN of an image", "INVALID_URN_TYPE")
    image = images.find(request.world, key)
    if not request.token.scopes.intersection(READING):
        raise forbidden("this image resource")
    if image is None:
        raise not_found()
    if not image.owner.startswith(ORGANIZATION) or not may_read(request, image.owner):
        raise forbidden("this image resource")
    with request.world.write():
        status = images.look(request.world, image, request.call.conditions)
    return _shown(request, image, status)


def _shown(request: RestRequest, image: Image, status: str) -> dict[str, Any]:
    told: dict[str, Any] = {"id": image.id, "owner": image.owner, "status": status}
    if status == images.AVAILABLE and image.sha256:
        told["downloadUrl"] = links.download(request.world, image.sha256)
        told["downloadUrlExpiresAt"] = int((request.world.now + DOWNLOAD_URL_LIFETIME_S) * 1000)
    return told


def usable(request: RestRequest, image_id: str, account_id: str, field: str) -> Image:
    """A picture that a post may show: of the same owner, and ready (4.1, 5.1)."""
    image = images.find(request.world, image_id) if image_id.startswith(URN) else None
    if image is None:
        raise bad_input("INVALID_IMAGE_ID", field, f"There is no image {image_id}")
    if image.owner != account_id:
        raise unpermitted_field(f"/{field}")
    status = images.look(request.world, image, request.call.conditions)
    if status == images.FAILED:
        raise bad_input("MEDIA_ASSET_PROCESSING_FAILED", field, f"The image {image_id} could not be processed")
    if status != images.AVAILABLE:
        raise bad_input("MEDIA_ASSET_WAITING_UPLOAD", field, f"The image {image_id} is {status}")
    return image
