"""Run inside a copy of the project that has the town: connect, write, approve, send, lose an answer, read it back.

Says what came of it as one line of JSON. Its only arguments are in the environment, as for every program.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx

from core import providers
from core.accounts import commands as accounts
from core.accounts import queries as account_queries
from core.cli import stand_in
from core.infra import crypto, db
from core.infra.actor import Actor
from core.infra.settings import Settings, adopt_whole
from core.posts import queries as posts
from core.publishing import sweeping
from core.publishing.times import times
from jobs.sender import Sender
from tests.factories.organizations import make_actor, make_organization
from tests.factories.posts import make_approved, publication

FINAL = {"published", "failed", "needs_human"}


def main() -> int:
    """The whole way, twice: with an answer, and with one that is lost."""
    sandbox = os.environ["SANDBOX_URL"]
    for group in stand_in.environments(sandbox):
        adopt_whole(group)
    settings = Settings.load()
    crypto.use(settings)
    web, worker = (db.Database(db.make_engine(settings.program_url(role))) for role in ("web", "worker"))
    db.use(web)
    organization_id = make_organization()
    admin, author = make_actor(organization_id), make_actor(organization_id)
    account_id = connect(admin, settings)
    said = {"network": providers.networks()["town"].title, "account": account_queries.account(admin, account_id).name}
    for name, words in (("answered", "Hear ye, the market opens."), ("lost", "Hear ye, the market closes.")):
        if name == "lost":
            fault = {"route": "POST /town.example/cries", "mode": "error_after", "times": 1}
            httpx.post(f"{sandbox}/_sandbox/faults", json=fault).raise_for_status()
        slot = datetime.now(UTC) + timedelta(seconds=1)
        row = publication(admin, make_approved(author, admin, [account_id], text=words, slot_at=slot))
        said[name] = sent(admin, row.post_id, worker)
    print(json.dumps(said))
    return 0


def connect(admin: Actor, settings: Settings) -> UUID:
    """Consent at the town and choose its hall."""
    redirect_uri = f"{settings.ingest_url}/oauth/town/callback"
    intent = accounts.connect_intent(admin, "town").partition("intent=")[2]
    address = accounts.start_connect(admin, "town", intent=intent, redirect_uri=redirect_uri)
    back = httpx.URL(httpx.get(address, follow_redirects=False).headers["location"])
    callback = accounts.Callback.model_validate(dict(back.params))
    finished = accounts.finish_connect(admin, "town", callback, redirect_uri=redirect_uri)
    (offered,) = account_queries.choice(admin, finished.connection_id).offered
    chosen = accounts.choose(admin, uuid4(), finished.connection_id, [offered.provider_account_id])
    return chosen.account_ids[0]


def sent(actor: Actor, post_id: UUID, worker: db.Database) -> str:
    """Send and read back as a sender does, until the post is over; the state it ends in."""
    web, sender, until = db.current(), Sender(times()), time.monotonic() + 30
    state = ""
    while state not in FINAL and time.monotonic() < until:
        db.use(worker)
        sender.drain()
        sweeping.look("journey", times())
        db.use(web)
        state = posts.detail(actor, post_id).publications[0].state
        time.sleep(0.1)
    return state


if __name__ == "__main__":
    sys.exit(main())
