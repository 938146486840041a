"""Edit and delete (linkedin 4.5)."""

from __future__ import annotations

from dataclasses import replace

import orjson

from sandbox import ledger
from sandbox.answers import Kind
from sandbox.linkedin.errors import missing_field, not_found, unpermitted_field
from sandbox.linkedin.rest import fields
from sandbox.linkedin.rest.creating import read_commentary
from sandbox.linkedin.rest.reading import check_urn
from sandbox.linkedin.rest.request import RestRequest
from sandbox.linkedin.rest.rights import require_editing

EDITABLE = ("commentary", "contentCallToActionLabel", "contentLandingPage", "lifecycleState")
PATCH_PARAMETERS: frozenset[str] = frozenset()


def edit(request: RestRequest) -> None:
    """PARTIAL_UPDATE: `{"patch":{"$set":{…}}}`. Media, article, poll and visibility stay as they are."""
    urn = request.address.key or ""
    check_urn(urn)
    request.require("w_organization_social", "w_member_social")
    fields.only_known(request.body, ("patch",))
    patch = fields.record(request.body, "patch")
    if patch is None:
        raise missing_field("patch")
    fields.only_known(patch, ("$set",), "/patch")
    changes = fields.record(patch, "$set", "patch/")
    if not changes:
        raise missing_field("patch/$set")
    if locked := sorted(changes.keys() - set(EDITABLE)):
        raise unpermitted_field(f"/patch/$set/{locked[0]}")
    if "lifecycleState" in changes:
        fields.one_of(changes, "lifecycleState", ("PUBLISHED",), "patch/$set/")
    world = request.world
    post = ledger.find(world.db, urn)
    if post is None:
        raise not_found()
    require_editing(request, post.account_id)
    if post.poll is not None and world.option("linkedin", "edit_polls") != "true":
        raise unpermitted_field(f"/patch/$set/{min(changes)}", Kind.REFUSED)
    kept = {**orjson.loads(post.detail), **changes}
    shown = post.text
    if "commentary" in changes:
        text = read_commentary(request, dict(changes))
        kept["commentary"], shown = text.kept, text.shown
    with world.write():
        ledger.save(world.db, replace(post, text=shown, detail=orjson.dumps(kept).decode(), updated_at=world.now))


def delete(request: RestRequest) -> None:
    """DELETE; of a post that is gone already it succeeds as well."""
    urn = request.address.key or ""
    check_urn(urn)
    request.require("w_organization_social", "w_member_social")
    world = request.world
    row = world.db.execute("select account_id from linkedin_post where id = ?", (urn,)).fetchone()
    if row is None:
        raise not_found()
    require_editing(request, row[0])
    if ledger.find(world.db, urn) is not None:
        with world.write():
            ledger.delete(world.db, urn, world.now)
