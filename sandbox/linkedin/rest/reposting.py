"""A repost: `reshareContext`, with a text of its own and no other content (linkedin 4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import orjson

from sandbox.linkedin.errors import bad_input
from sandbox.linkedin.links import permalink
from sandbox.linkedin.rest import fields
from sandbox.linkedin.rest.content import UGC_POST, Content
from sandbox.linkedin.rest.request import RestRequest
from sandbox.linkedin.rest.targets import POST, find_post

CONTEXT = "reshareContext"


def read_repost(request: RestRequest, content: Content) -> tuple[Mapping[str, str] | None, Content]:
    """The context as the post keeps it, with what followers see: a link to the post that is shown again."""
    context = fields.record(request.body, CONTEXT)
    if context is None:
        return None, content
    fields.only_known(context, ("parent", "root"), f"/{CONTEXT}")
    parent = fields.needed(context, "parent", path=f"{CONTEXT}/")
    if request.body.get("content"):
        raise fields.wrong("content", "must be absent from a repost")
    if not POST.fullmatch(parent):
        raise bad_input("INVALID_URN_TYPE", f"{CONTEXT}/parent", f"{parent} is no share or ugcPost")
    target = find_post(request, parent)
    if target is None:
        raise bad_input("INVALID_URN_ID", f"{CONTEXT}/parent", f"There is no {parent}")
    told = orjson.loads(target.post.detail)
    if told.get("isReshareDisabledByAuthor") or told["visibility"] != "PUBLIC":
        raise bad_input("INVALID_VALUE_FOR_FIELD", f"{CONTEXT}/parent", f"{parent} can't be reposted")  # [A]
    root = str(told.get(CONTEXT, {}).get("root", target.post.id))
    if context.get("root", root) != root:
        raise bad_input("INVALID_URN_ID", f"{CONTEXT}/root", f"The root of {parent} is {root}")
    link = permalink(request.world, target.post.id)
    return {"parent": target.post.id, "root": root}, replace(content, link=link, urn_kind=UGC_POST)
