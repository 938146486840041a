"""Choosing files of the library elsewhere: which are offered, how many, in which order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.posts import queries
from tests.factories.media import make_kept_image
from tests.factories.posts import Team

pytestmark = pytest.mark.usefixtures("kept_files")


def drawn(rows: Any, most: int) -> AppTest:
    def page(rows, most):
        import streamlit as st

        from console.components.files import file_picker

        st.text(" ".join(str(each) for each in file_picker(rows, key="picker", most=most)))

    return AppTest.from_function(page, kwargs={"rows": rows, "most": most}, default_timeout=30).run()


def choose(app: AppTest, *ids: object) -> AppTest:
    states = app._tree.get_widget_states()
    state = states.widgets.add()
    state.id = app.get_by_key("picker").proto.id
    state.json_value = json.dumps({"chosen": [str(each) for each in ids]})
    app._run(states)
    return app


def test_what_is_chosen_comes_in_its_order_and_strangers_are_left_out(team: Team, kept_files: Path) -> None:
    first, second = make_kept_image(team.author), make_kept_image(team.author)
    rows = queries.library(team.author).rows
    app = drawn(rows, 2)
    data = json.loads(app.get_by_key("picker").proto.json)
    assert ([each["id"] for each in data["files"]], data["most"]) == ([str(second), str(first)], 2)
    app = choose(app, first, second, "01a20603-cf71-755e-b020-c5a9e8ec22c0")
    assert not app.exception
    assert app.text[0].value == f"{first} {second}"
