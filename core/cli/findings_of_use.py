"""What the doctor looks at besides the servers: the storage of files, mail, and the keys of stored tokens."""

from __future__ import annotations

import os
import shutil
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy.exc import DBAPIError

from core.accounts.commands import keys_in_use
from core.accounts.rotating import organizations
from core.cli.findings import Finding, State, logged_in
from core.infra import crypto, db
from core.infra.settings import Settings, SettingsInvalid
from core.media import storage
from core.media.presence import looked_for
from core.media.rules import StorageAway, StorageFull
from core.notices import smtp
from core.notices.smtp import MailServerAway

_NEEDED_MB: Final = 50  # several images with all that is made of them
_ENOUGH_MB: Final = 1024
_LOOKED_FOR_EACH: Final = 20
_MOST_LOOKED_FOR: Final = 200  # each is a call where the store is one of objects
_FOLDER_STEP: Final = "Let this user write there, mount it writable, or set MASTHEAD_STORAGE_URL."
_STORE_STEP: Final = (
    "Correct MASTHEAD_STORAGE_URL, _ENDPOINT, _REGION, _KEY_ID and _SECRET; the key must read and write."
)


def storage_findings(settings: Settings) -> Iterator[Finding]:
    """Can uploaded files be kept? Asked of a folder and of a store alike, by writing, reading and deleting one."""
    if settings.storage_url.startswith("s3://"):
        yield _tried_out(settings, f"{settings.storage_url} at {settings.storage_endpoint or 'AWS'}", _STORE_STEP)
        return
    if settings.storage_endpoint or settings.storage_key_id or settings.storage_secret or settings.storage_signs:
        step = (
            "Let MASTHEAD_STORAGE_URL name a bucket by s3://, or unset MASTHEAD_STORAGE_ENDPOINT, _KEY_ID and _SECRET."
        )
        words = "a store of objects is set up, and files are kept in a folder all the same"
        yield Finding("Storage", State.ADVICE, words, step)
    folder = Path(urlsplit(settings.storage_url).path)
    nearest = next(each for each in (folder, *folder.parents) if each.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        yield Finding("Storage", State.MISSING, f"{folder} can't be written: no file can be uploaded", _FOLDER_STEP)
        return
    free = shutil.disk_usage(nearest).free >> 20
    if free < _NEEDED_MB:
        words = f"{folder} is full, {free:,} MB free: no file can be uploaded"
        yield Finding("Storage", State.MISSING, words, "Make room.")
        return
    tried = _tried_out(settings, f"{folder}, {free:,} MB free", _FOLDER_STEP) if folder.exists() else None
    if tried is not None and tried.state is State.MISSING:
        yield tried
        return
    enough = free > _ENOUGH_MB
    words = f"{folder}, {free:,} MB free"
    yield Finding("Storage", State.GOOD if enough else State.ADVICE, words, "" if enough else "Make room.")


def _tried_out(settings: Settings, name: str, step: str) -> Finding:
    try:
        storage.of(settings).try_out()
    except StorageFull as full:
        return Finding("Storage", State.MISSING, f"{name} can't be written ({full.__cause__!s:.120})", step)
    except StorageAway as away:
        return Finding("Storage", State.MISSING, f"{name} can't be read ({away.__cause__!s:.120})", step)
    return Finding("Storage", State.GOOD, name)


def kept_findings(settings: Settings) -> Iterator[Finding]:
    """Whether the newest files of each organization are in the storage that is set. Silent while nobody can look."""
    looked = missing = 0
    try:
        with working(settings):
            for organization_id in organizations():
                if looked >= _MOST_LOOKED_FOR:
                    break
                found = looked_for(organization_id, storage.of(settings), _LOOKED_FOR_EACH)
                looked, missing = looked + found.looked, missing + found.missing
    except (SettingsInvalid, DBAPIError):  # the login's own finding says why
        return
    if missing:
        words = f"{missing} of {looked} files that were looked for are not in {settings.storage_url}"
        step = "Let MASTHEAD_STORAGE_URL name the place they were kept in, or bring them there."
        yield Finding("Files", State.MISSING, words, step)
    elif looked:
        yield Finding("Files", State.GOOD, f"the newest {looked} are in the storage")


def mail_findings(settings: Settings) -> Iterator[Finding]:
    """The mail server, by signing in and naming our address as a sender; nothing is sent."""
    if settings.smtp_url is None:
        step = "Set MASTHEAD_SMTP_URL to mail notices and invitations; the console shows both in any case."
        yield Finding("Mail", State.ADVICE, "MASTHEAD_SMTP_URL is not set", step)
        return
    server = urlsplit(settings.smtp_url.get_secret_value())
    name = f"{server.hostname}:{server.port}" if server.port else f"{server.hostname}"
    try:
        with smtp.postman(settings) as client:
            client.ehlo_or_helo_if_needed()
            code, said = client.mail(settings.mail_from)
    except (MailServerAway, OSError, smtplib.SMTPException) as away:
        step = "Start that server, or correct MASTHEAD_SMTP_URL: its kind, name, password, host and port."
        yield Finding("Mail", State.MISSING, f"{name} takes no mail from us: {away!s:.150}", step)
        return
    if code >= smtp.FIRST_REFUSAL:
        words = f"{name} takes no mail from {settings.mail_from}: {code} {said.decode(errors='replace'):.120}"
        yield Finding("Mail", State.MISSING, words, "Set MASTHEAD_MAIL_FROM to an address it sends for.")
    else:
        yield Finding("Mail", State.GOOD, f"{name} takes mail from {settings.mail_from}")


def key_findings(settings: Settings) -> Iterator[Finding]:
    """Whether every stored token can be unwrapped by a key that is set. Silent while nobody can look."""
    subject = "Keys of tokens"
    try:
        ring = settings.credential_key_ring()
        with working(settings):
            used = keys_in_use()
    except SettingsInvalid as problem:
        if settings.credential_keys is not None:
            yield Finding(subject, State.MISSING, str(problem))
        return
    except DBAPIError:  # the login's own finding says why
        return
    lost = {key: count for key, count in used.items() if key not in ring}
    for key, count in lost.items():
        step = "Set that key again in MASTHEAD_CREDENTIAL_KEYS, or connect the accounts again."
        yield Finding(subject, State.MISSING, f"{count} stored tokens need key {key:.40}, which isn't set", step)
    if not lost:
        yield Finding(subject, State.GOOD, f"{sum(used.values())} stored tokens, all of keys that are set")


@contextmanager
def working(settings: Settings) -> Iterator[None]:
    """The worker's database and these settings as this process's. Raises SettingsInvalid, DBAPIError at a statement."""
    with logged_in(settings, "worker") as database:
        crypto.use(settings)
        db.use(database)
        try:
            yield
        finally:
            db.use(None)
            crypto.use(None)
