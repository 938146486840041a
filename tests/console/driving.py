"""A person at the console without a browser: Streamlit's AppTest from the frame on, by what they see."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from streamlit.runtime.scriptrunner import RerunData, ScriptRunnerEvent
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.local_script_runner import LocalScriptRunner

from tests.factories.organizations import SignIn

SCRIPT = Path(__file__).resolve().parents[2] / "console" / "app.py"
AUTH = {"auth": {"redirect_uri": "http://localhost:8501/oauth2callback", "cookie_secret": "x" * 40}}


class Tab:
    """One tab of one person's browser."""

    def __init__(self, sign_in: SignIn | None, timezone: str = "Europe/Berlin") -> None:
        self.app = AppTest.from_file(str(SCRIPT), default_timeout=30)
        self.app.secrets = AUTH
        self.app.user = dict(sign_in.claims) if sign_in else {"is_logged_in": False}
        self.app.context = {"timezone": timezone, "theme": "light"}

    def open(self, path: str = "", **parameters: str | list[str]) -> Tab:
        """Go to an address; the first time also starts the session."""
        if not self.app._registered_pages:
            self.app.run()
        self.app.query_params.clear()
        for name, value in parameters.items():
            self.app.query_params[name] = value
        self.app._page_hash = next(
            page_hash for page_hash, page in self.app._registered_pages.items() if page["url_pathname"] == path
        )
        return self.again()

    def again(self) -> Tab:
        """Let the script run once more; nothing may break."""
        self.app.run()
        return self._unbroken()

    def _unbroken(self) -> Tab:
        assert not self.app.exception, [each.value for each in self.app.exception]
        assert not self.app.error, [each.value for each in self.app.error]
        return self

    def wait(self) -> Tab:
        """Let every part of the page that runs by itself run once, a dialog too, as it is in a browser with time.

        What is drawn stays, unless one of them asks for the whole page.
        """
        return self._run_parts(by_itself=True)

    def act_in_dialog(self) -> Tab:
        """Let the open dialog see what was typed and pressed in it, and nothing else: the page around it stays.

        Afterwards its own elements are what is drawn, unless it asked for the whole page.
        """
        return self._run_parts(by_itself=False)

    def _run_parts(self, *, by_itself: bool) -> Tab:
        drawn, parts = self.app._tree, list(self.app._fragment_storage._fragments)

        class OfParts(LocalScriptRunner):
            def request_rerun(self, rerun_data: RerunData) -> bool:
                self._requests = ScriptRequests()  # without the run of the whole page that every runner begins with
                return super().request_rerun(replace(rerun_data, fragment_id_queue=parts, is_auto_rerun=by_itself))

            def run(self, *args: Any, **kwargs: Any) -> Any:
                of_parts = super().run(*args, **kwargs)
                begun = zip(self.events, self.event_data, strict=True)
                anew = any(
                    data["fragment_ids_this_run"] is None
                    for event, data in begun
                    if event is ScriptRunnerEvent.SCRIPT_STARTED
                )
                return drawn if by_itself and not anew else of_parts

        with patch("streamlit.testing.v1.app_test.LocalScriptRunner", OfParts):
            return self.again()

    def press(self, key: str) -> Tab:
        """Press the button with this key."""
        self.app.button(key=key).click()
        return self.again()

    def button(self, key: str) -> Any:
        return self.app.button(key=key)

    def has_button(self, key: str) -> bool:
        return any(each.key == key for each in self.app.button)

    def trigger(self, key: str, event: str, value: object) -> Tab:
        """What one of our own components hands over when a person does something to it."""
        states = self.app._tree.get_widget_states()
        state = states.widgets.add()
        state.id = f"$$STREAMLIT_INTERNAL_KEY_{self.app.get_by_key(key).proto.id}__events"
        state.json_trigger_value = json.dumps([{"event": event, "value": value}])
        self.app._run(states)
        return self._unbroken()

    def state(self, key: str, **values: object) -> Tab:
        """What one of our own components keeps from now on, instead of what it kept."""
        states = self.app._tree.get_widget_states()
        state = states.widgets.add()
        state.id = self.app.get_by_key(key).proto.id
        state.json_value = json.dumps(values)
        self.app._run(states)
        return self._unbroken()

    def component(self, key: str) -> Mapping[str, Any]:
        """What one of our own components was given to draw."""
        data: Mapping[str, Any] = json.loads(self.app.get_by_key(key).proto.json)
        return data

    def has(self, key: str) -> bool:
        try:
            self.app.get_by_key(key)
        except KeyError:
            return False
        return True

    @property
    def menu(self) -> list[str]:
        """What the menu shows."""
        pages = self.app.session_state["masthead.menu"].values()
        return [page.title for page in pages if page.visibility == "visible"]

    @property
    def title(self) -> str:
        return str(self.app.title[0].value)

    @property
    def words(self) -> str:
        """Everything that Streamlit's own elements say."""
        app = self.app
        kinds = (app.title, app.header, app.markdown, app.caption, app.text, app.info, app.warning, app.toast)
        said = [str(each.value) for kind in kinds for each in kind]
        return (
            "\n".join([*said, *(str(each.label) for each in app.button)])
            .replace("\\", "")
            .replace("\u2060", "")
            .replace("\u2060", "")
        )

    @property
    def page(self) -> str:
        """Everything that the page itself was given to show, beside the sidebar and of whatever kind."""
        drawn = "\n".join(str(each.proto) for each in self.app.main if hasattr(each, "proto"))
        return drawn.replace("\\", "").replace("\u2060", "")

    @property
    def address(self) -> dict[str, Any]:
        return dict(self.app.query_params)

    @property
    def listed(self) -> list[str]:
        """The texts of the list of posts on this page."""
        return [row["text"] for group in self.component("posts_list")["groups"] for row in group["rows"]]

    def write(self, text: str, link: str = "", *, base: int = 0, was: str = "", number: int = 1, **own: Any) -> None:
        """What the composer hands over; it arrives with the next press, as a blur does in a browser.

        `own`: files, options, variants and the like as the browser has them; what isn't given is as the composer was
        given it.
        """
        self.app.session_state["composer"] = {"written": self._written(text, link, base, was, number, own)}

    def hand_over(self, text: str, link: str = "", *, base: int = 0, was: str = "", number: int = 1, **own: Any) -> Tab:
        """As `write`, arriving by itself, as it does shortly after the last key."""
        return self.state("composer", written=self._written(text, link, base, was, number, own))

    def _written(self, text: str, link: str, base: int, was: str, number: int, own: dict[str, Any]) -> dict[str, Any]:
        given = self.component("composer")
        known = {**given["version"], "link": ""}
        return {
            "version": {**known, "text": text, "link": link, **own},
            "was": {**known, "text": was},
            "base": base,
            "number": number,
            "token": given["token"],
        }
