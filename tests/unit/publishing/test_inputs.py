from __future__ import annotations

from uuid import uuid4

import pytest

from core.infra.errors import Invalid
from core.publishing.inputs import LiveVerdict, NotLiveVerdict, Reason, Target


def test_unknown_fields_are_refused():
    for kind in (Target, Reason, LiveVerdict, NotLiveVerdict):
        with pytest.raises(Invalid):
            kind.read(state="published")


def test_a_target_names_its_subject():
    post, publication = uuid4(), uuid4()
    assert Target.read(post_id=post).subject == ("post", post)
    assert Target.read(publication_id=publication).subject == ("publication", publication)
    with pytest.raises(ValueError, match="validated"):
        Target.model_construct(post_id=None, publication_id=None).subject  # noqa: B018


def test_only_of_a_post_some_can_be_named():
    post, publication = uuid4(), uuid4()
    assert Target.read(post_id=post, only=[publication]).only == (publication,)
    with pytest.raises(Invalid, match="of a post"):
        Target.read(publication_id=publication, only=[publication])


def test_reasons_are_one_line_and_not_endless():
    assert Reason.read(reason=" a\n b\x00 ").reason == "a b"
    with pytest.raises(Invalid, match="longer than 2,000 characters"):
        Reason.read(reason="x" * 2001)
    with pytest.raises(Invalid, match="too long"):
        LiveVerdict.read(post="x" * 2001, reason="seen")
