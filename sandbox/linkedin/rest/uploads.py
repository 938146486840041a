"""`/rest/images`, `/rest/videos`, `/rest/documents`: places for bytes, and the states of what came (linkedin 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.linkedin import assets, directory, links, uploads, videos
from sandbox.linkedin.assets import Asset, AssetKind
from sandbox.linkedin.directory import ORGANIZATION
from sandbox.linkedin.errors import (
    ApiError,
    bad_input,
    forbidden,
    malformed,
    missing_field,
    not_found,
    unpermitted_field,
)
from sandbox.linkedin.facts import DOWNLOAD_URL_LIFETIME_S, VIDEO_BYTES_MAX, VIDEO_BYTES_MIN
from sandbox.linkedin.rest import fields
from sandbox.linkedin.rest.paging import batch, only
from sandbox.linkedin.rest.request import RestRequest
from sandbox.linkedin.rest.rights import may_read, require_writing
from sandbox.linkedin.uploads import Takes
from sandbox.linkedin.videos import Extras

INITIALIZE, FINALIZE = "initializeUploadRequest", "finalizeUploadRequest"
ACTION_PARAMETERS = frozenset({"action"})
ENTITY_PARAMETERS = frozenset({"fields"})
BATCH_PARAMETERS = frozenset({"ids", "fields"})
READING = ("r_organization_social", "w_organization_social")
VIDEO_FIELDS = ("owner", "fileSizeBytes", "uploadCaptions", "uploadThumbnail")
FINALIZE_FIELDS = ("video", "uploadToken", "uploadedPartIds")
# What each kind's wrong id is called (10.2); documents have no word of their own there.
WRONG_ID = {
    AssetKind.IMAGE: "INVALID_IMAGE_ID",
    AssetKind.VIDEO: "INVALID_VIDEO_ID",
    AssetKind.DOCUMENT: "INVALID_URN_ID",
}
Handler = Callable[[RestRequest], dict[str, Any]]


def initialize(kind: AssetKind) -> Handler:
    """`POST ?action=initializeUpload` of pictures and documents: one address for all bytes of one owner's asset."""

    def handle(request: RestRequest) -> dict[str, Any]:
        asked = _asked(request, INITIALIZE, ("owner", "mediaLibraryMetadata"))
        account_id = _owner(request, asked)
        world = request.world
        with world.write():
            asset = assets.add(world, kind, request.app.client_id, account_id)
            upload = uploads.add(world, asset, Takes.WHOLE)
            assets.spoil(world, asset, request.call.conditions)
        return {
            "value": {
                "uploadUrlExpiresAt": int(asset.upload_expires_at * 1000),
                "uploadUrl": links.upload(world, upload.key, kind),
                kind.value: asset.id,
            }
        }

    return handle


def initialize_video(request: RestRequest) -> dict[str, Any]:
    """`POST /rest/videos?action=initializeUpload`: an address for each part (5.2)."""
    asked = _asked(request, INITIALIZE, VIDEO_FIELDS)
    account_id = _owner(request, asked)
    path = f"{INITIALIZE}/"
    size = fields.whole(asked, "fileSizeBytes", path)
    extras = Extras(fields.flag(asked, "uploadCaptions", path), fields.flag(asked, "uploadThumbnail", path))
    if not VIDEO_BYTES_MIN <= size <= VIDEO_BYTES_MAX:
        description = f"fileSizeBytes must be from {VIDEO_BYTES_MIN} to {VIDEO_BYTES_MAX}"
        raise bad_input("INVALID_VALUE_FOR_FIELD", f"{path}fileSizeBytes", description)
    world = request.world
    with world.write():
        video = videos.reserve(world, request.app.client_id, account_id, size, extras)
        assets.spoil(world, video, request.call.conditions)
    value: dict[str, Any] = {
        "uploadUrlsExpireAt": int(video.upload_expires_at * 1000),
        "video": video.id,
        "uploadToken": video.token,
        "uploadInstructions": [
            {"firstByte": part.first, "lastByte": part.last, "uploadUrl": links.upload(world, part.key, "video")}
            for part in uploads.of_asset(world, video, Takes.PART)
        ],
    }
    for takes in (Takes.CAPTIONS, Takes.THUMBNAIL):
        for upload in uploads.of_asset(world, video, takes):
            value[f"{takes}UploadUrl"] = links.upload(world, upload.key, takes)
    return {"value": value}


def finalize_video(request: RestRequest) -> None:
    """`POST ?action=finalizeUpload`: the ETags of all parts in their order, and the token as it was told."""
    asked = _asked(request, FINALIZE, FINALIZE_FIELDS)
    path = f"{FINALIZE}/"
    video_id = fields.needed(asked, "video", path=path)
    token = fields.text(asked, "uploadToken", path=path)
    if token is None:
        raise missing_field(f"{path}uploadToken")
    part_ids = fields.items(asked, "uploadedPartIds", path)
    world = request.world
    video = _found(request, AssetKind.VIDEO, video_id, f"{path}video")
    _require_owner(request, video)
    if video.upload_expires_at <= world.now:
        raise bad_input("EXPIRED_UPLOAD_URL", f"{path}video", f"The upload addresses of {video_id} have expired")
    if token != video.token:
        raise fields.wrong(f"{path}uploadToken", "is not the one that was told")
    parts = videos.find_parts(world, video, [str(each) for each in part_ids])
    if parts is None:
        raise fields.wrong(f"{path}uploadedPartIds", "must be the ETags of all parts in the order of their bytes")
    if video.uploaded_at is not None:
        return  # once more, by who missed the answer
    sha256, found = videos.put_together(world, parts)
    with world.write():
        assets.spoil(world, video, request.call.conditions)
        videos.finalize(world, assets.find(world, video.id) or video, sha256, found)
    for part in parts:
        part.unlink(missing_ok=True)


def _asked(request: RestRequest, name: str, known: tuple[str, ...]) -> Mapping[str, Any]:
    fields.only_known(request.body, (name,))
    asked = fields.record(request.body, name)
    if asked is None:
        raise missing_field(name)
    fields.only_known(asked, known, f"/{name}")
    return asked


def _owner(request: RestRequest, asked: Mapping[str, Any]) -> str:
    """The account of the owner, for whom this caller may upload."""
    return require_writing(request, fields.needed(asked, "owner"), f"{INITIALIZE}/owner")


def _require_owner(request: RestRequest, asset: Asset) -> None:
    """Only who may write for its owner goes on with it."""
    if asset.owner.startswith(ORGANIZATION):
        require_writing(request, asset.owner, f"{FINALIZE}/video")
    elif asset.owner != directory.account_id(request.world, request.person_id):
        raise request.refused()


def one(kind: AssetKind) -> Handler:
    """`GET /rest/images/{urn}`, and so on."""
    return lambda request: only(request, _read(request, kind, request.address.key or ""))


def several(kind: AssetKind) -> Handler:
    """`?ids=List(...)`."""
    return lambda request: batch(request, lambda key: only(request, _read(request, kind, key)))


def _read(request: RestRequest, kind: AssetKind, key: str) -> dict[str, Any]:
    """Those of Pages can be read by who manages them; a member's can't, unless an option says so (5.1) [O]."""
    if not key.startswith(kind.urn):
        raise malformed(f"The key must be the URN of {kind.value}s", "INVALID_URN_TYPE")
    asset = assets.find(request.world, key)
    if not _may_read(request, kind, asset):
        raise _forbidden(kind)
    if asset is None:
        raise not_found()
    with request.world.write():
        status = assets.look(request.world, asset, request.call.conditions)
    return _shown(request, asset, status)


def _may_read(request: RestRequest, kind: AssetKind, asset: Asset | None) -> bool:
    if asset is None:
        return bool(request.scopes.intersection(READING))
    if asset.owner.startswith(ORGANIZATION):
        return bool(request.scopes.intersection(READING)) and may_read(request, asset.owner)
    unreadable = request.world.option("linkedin", "unreadable_for_members").split(",")
    return kind.value not in unreadable and asset.owner == directory.account_id(request.world, request.person_id)


def _forbidden(kind: AssetKind) -> ApiError:
    return forbidden(f"this {kind.value} resource")


def _shown(request: RestRequest, asset: Asset, status: str) -> dict[str, Any]:
    world = request.world
    owner = (
        asset.owner
        if asset.owner.startswith(ORGANIZATION)
        else directory.member_urn(world, request.app.client_id, request.person_id)
    )
    told: dict[str, Any] = {"id": asset.id, "owner": owner, "status": status}
    if status == assets.FAILED and asset.kind == AssetKind.VIDEO:
        told["processingFailureReason"] = asset.trouble or "The video could not be processed"
    if status != assets.AVAILABLE or not asset.sha256:
        return told
    told["downloadUrl"] = links.download(world, asset.sha256, asset.kind)
    told["downloadUrlExpiresAt"] = int((world.now + DOWNLOAD_URL_LIFETIME_S) * 1000)
    if asset.kind == AssetKind.VIDEO and asset.duration_s is not None:
        told["duration"] = round(asset.duration_s * 1000)
        told |= {"aspectRatioWidth": asset.width, "aspectRatioHeight": asset.height}
        if sha256 := videos.thumbnail(world, asset):
            told["thumbnail"] = links.download(world, sha256, AssetKind.IMAGE)
    return told


def usable(request: RestRequest, kind: AssetKind, asset_id: str, account_id: str, field: str) -> Asset:
    """An asset that a post may show: of the same owner, and ready (4.1, 5).

    Under the option `publish_before_ready` one whose bytes are there may still be PROCESSING (5.2).
    """
    asset = _found(request, kind, asset_id, field)
    if asset.owner != account_id:
        raise unpermitted_field(f"/{field}")
    with request.world.write():
        status = assets.look(request.world, asset, request.call.conditions)
    if status == assets.FAILED:
        raise bad_input("MEDIA_ASSET_PROCESSING_FAILED", field, f"The {kind} {asset_id} could not be processed")
    early = status == assets.PROCESSING and request.world.option("linkedin", "publish_before_ready") == "request"
    if status != assets.AVAILABLE and not early:
        raise bad_input("MEDIA_ASSET_WAITING_UPLOAD", field, f"The {kind} {asset_id} is {status}")
    return asset


def _found(request: RestRequest, kind: AssetKind, asset_id: str, field: str) -> Asset:
    asset = assets.find(request.world, asset_id) if asset_id.startswith(kind.urn) else None
    if asset is None:
        raise bad_input(WRONG_ID[kind], field, f"There is no {kind} {asset_id}")
    return asset
