"""Files in a store of objects that speaks S3: an object appears when all its parts have arrived, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO, Final, cast

import s3fs
from botocore.exceptions import BotoCoreError, ClientError

from core.media.rules import StoreAccess

PART: Final = 8 * 1024 * 1024  # of a multipart upload, and what is read ahead
_TRIES: Final = 4  # of one call, the first one too, with growing pauses
_CONNECT_WITHIN_S: Final = 5
_ANSWER_WITHIN_S: Final = 60


class ObjectStore:
    """A bucket, or a part of one, by `s3://bucket/part`."""

    away: Final[tuple[type[Exception], ...]] = (OSError, BotoCoreError, ClientError)

    def __init__(self, url: str, access: StoreAccess) -> None:
        self.root = url.removeprefix("s3://").strip("/")
        self.files = s3fs.S3FileSystem(
            endpoint_url=access.endpoint,
            key=access.key_id,
            secret=access.secret,
            client_kwargs={"region_name": access.region} if access.region else {},
            config_kwargs={
                "connect_timeout": _CONNECT_WITHIN_S,
                "read_timeout": _ANSWER_WITHIN_S,
                "retries": {"total_max_attempts": _TRIES, "mode": "standard"},
                # Many stores that speak S3 don't know the newer checksums; what is kept has its SHA-256 for a name.
                "request_checksum_calculation": "when_required",
                "response_checksum_validation": "when_required",
            },
            # Other processes write here: what was listed a moment ago says nothing.
            use_listings_cache=False,
            default_block_size=PART,
            skip_instance_cache=True,
        )
        self.files.retries = 1  # botocore tries again, and once is enough

    def open(self, place: str) -> BinaryIO:
        """For reading, a part at a time. Raises FileNotFoundError, and what is `away`."""
        return cast("BinaryIO", self.files.open(place, "rb"))

    def write(self, place: str, fill: Callable[[Any], object]) -> None:
        """In parts, never more than one of them in memory. Raises what is `away`."""
        file = self.files.open(place, "wb", autocommit=False)
        try:
            fill(file)
            file.close()
            file.commit()
        except BaseException:
            with suppress(*self.away):
                file.discard()
            raise

    def signed(self, place: str, mime: str, name: str, lifetime_s: int) -> str | None:
        """Where anybody can fetch it for so many seconds, straight from the store."""
        address: str = self.files.url(
            place, expires=lifetime_s, ResponseContentType=mime, ResponseContentDisposition=f'inline; filename="{name}"'
        )
        return address

    def drop_leftovers(self, older_than_s: float) -> int:
        """Throw away parts of objects that never became whole, which cost room and are seen nowhere."""
        bucket, _, part = self.root.partition("/")
        # With the slash, for a bucket may hold "files" of ours and "files-of-others".
        listed = self.files.call_s3("list_multipart_uploads", Bucket=bucket, Prefix=f"{part}/" if part else "")
        before = datetime.now(UTC) - timedelta(seconds=older_than_s)
        old = [each for each in listed.get("Uploads", []) if each["Initiated"] < before]
        for each in old:
            self.files.call_s3("abort_multipart_upload", Bucket=bucket, Key=each["Key"], UploadId=each["UploadId"])
        return len(old)
