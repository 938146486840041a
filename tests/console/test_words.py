"""Times in words, and what people wrote kept from becoming anything but text."""

from __future__ import annotations

import ast
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.components import frontend
from console.components.times import Zones, ago, beside, clock, day_title, when
from console.plain import beginning, code, one_line, plain, plain_label
from tests.fixtures.programs import PROJECT

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BERLIN = Zones("Europe/Berlin", "Europe/Berlin")
NEW_YORKER = Zones("Europe/Berlin", "America/New_York")
TOKYO = Zones("Europe/Berlin", "Asia/Tokyo")


def test_the_zone_is_named_and_the_viewers_stands_beside_where_it_differs() -> None:
    at = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    assert when(at, BERLIN, NOW) == "Tue 24 Nov, 09:30 (Europe/Berlin)"
    assert when(at, NEW_YORKER, NOW) == "Tue 24 Nov, 09:30 (Europe/Berlin) · 03:30 your time"


def test_another_day_at_the_viewers_is_named() -> None:
    assert beside(datetime(2026, 11, 24, 20, 0, tzinfo=UTC), TOKYO) == " · Wed 05:00 your time"


def test_zones_with_the_same_clock_are_not_told_apart() -> None:
    assert beside(NOW, Zones("Europe/Berlin", "Europe/Paris")) == ""


@pytest.mark.parametrize("said", ["Axy==/1", "`", "a` [Sign in](https://evil.example) `", "``x``", "a\nb"])
def test_what_a_network_calls_a_trace_never_leaves_its_code(said: str) -> None:
    shown = code(said)
    assert shown[0] == shown[-1] == "`"
    assert "`" not in shown[1:-1]
    assert "\n" not in shown


def test_another_year_is_named() -> None:
    assert clock(datetime(2027, 1, 4, 8, 0, tzinfo=UTC), "Europe/Berlin", NOW) == "Mon 4 Jan 2027, 09:00"


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(seconds=5), "now"),
        (timedelta(seconds=-5), "just now"),
        (timedelta(minutes=-3), "3 min ago"),
        (timedelta(minutes=59, seconds=40), "in 1 h"),
        (timedelta(hours=2), "in 2 h"),
        (timedelta(hours=-23, minutes=-40), "1 day ago"),
        (timedelta(days=4), "in 4 days"),
    ],
)
def test_distances_are_told_in_the_unit_people_use(distance: timedelta, words: str) -> None:
    assert ago(NOW + distance, NOW) == words


@pytest.mark.parametrize(("days", "note"), [(-1, "yesterday"), (0, "today"), (1, "tomorrow"), (2, "")])
def test_near_days_have_names(days: int, note: str) -> None:
    assert day_title(NOW + timedelta(days=days), "Europe/Berlin", NOW)[1] == note


def test_midnight_belongs_to_the_organizations_day() -> None:
    assert day_title(datetime(2026, 11, 23, 23, 30, tzinfo=UTC), "Europe/Berlin", NOW)[1] == "tomorrow"


@pytest.mark.parametrize(
    "text",
    [
        "**bold** _it_ `code` ~~no~~",
        "[link](https://evil.example) ![image](https://evil.example/x.png)",
        ":red[danger] :material/home: :blue-badge[x]",
        "<script>alert(1)</script> &amp;",
        "$x^2$ # heading",
        "www.evil.example and me@evil.example and https://evil.example",
        "1. list - item + plus > quote | table",
        "\\",
    ],
)
def test_no_sign_of_markdown_acts(text: str) -> None:
    active = re.compile(r"(?<!\\)(?:\\\\)*[`*_{}\[\]()<>#+\-.!|~:$&@]")
    escaped = plain(text)
    assert not active.search(escaped)
    assert escaped.replace("\u2060", "").replace("\\\\", "\0").replace("\\", "").replace("\0", "\\") == text


@given(st.text())
def test_plain_text_is_one_line_and_loses_no_visible_sign(text: str) -> None:
    escaped = plain(text)
    assert not set(escaped) & set("\r\n\u2028\u2029\u202e\u2066")
    assert re.sub(r"\\(.)", r"\1", escaped).replace("\u2060", "") == one_line(text).replace("\u2060", "")


@pytest.mark.parametrize(
    "live",
    [
        "www.evil.example",
        "https://evil.example",
        "a@evil.example",
        ":streamlit:",
        ":smile:",
        ":+1:",
        ":material/home:",
        "->",
    ],
)
def test_nothing_is_linked_or_drawn_after_escapes_are_resolved(live: str) -> None:
    resolved = re.sub(r"\\(.)", r"\1", plain(live))
    assert not re.search(r"https?:|www\.|@[-\w]|:[\w+/-]+:|->", resolved)


@pytest.mark.parametrize(
    "name",
    ["northwind.wholesale", "Smith & Sons (Berlin) - No. 1", "C++ #1!", "snake_case", "Open: 10:30", "1.5 l", "a < b"],
)
def test_a_screen_reader_hears_a_label_as_the_name_is_written(name: str) -> None:
    assert plain_label(name) == name


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("**b** `c` ~d~ $e$", r"\*\*b\*\* \`c\` \~d\~ \$e\$"),
        ("![a](b) [c]: d", r"!\[a\](b) \[c\]: d"),
        (":red[a] :smile: :100:", "\\:red\\[a\\] :\u2060smile: :\u2060100:"),
        ("<b> &amp; &#42; _i_", r"\<b> \&amp; \&#42; \_i\_"),
        ("- a", r"\- a"),
        ("12) a", r"12\) a"),
        ("# a", r"\# a"),
        ("> a", r"\> a"),
        (r"\* a\b", r"\\\* a\b"),
        ("---", "-\u2060-\u2060-"),
        ("www.a https://b me@c", "www\u2060.a https\u2060://b me@\u2060c"),
    ],
)
def test_what_would_act_in_a_label_is_escaped(text: str, escaped: str) -> None:
    assert plain_label(text) == escaped


def test_no_widget_is_named_with_escapes_where_nothing_acts() -> None:
    named = {"checkbox", "toggle", "selectbox", "text_input", "text_area", "number_input", "date_input", "time_input"}
    for path in (PROJECT / "console").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in named:
                assert "plain(" not in ast.unparse(call.args[0]), f"{path.name}:{call.lineno} needs plain_label"


def test_links_are_drawn_in_one_place_which_escapes_their_words_so_that_nobody_else_does() -> None:
    for path in (PROJECT / "console").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
                continue
            place = f"{path.name}:{call.lineno}"
            assert call.func.attr != "page_link" or path.name == "navigation.py", f"{place} needs navigation.link"
            if ast.unparse(call.func) == "navigation.link":
                assert "plain" not in ast.unparse(call.args[1]), f"{place} escapes what is escaped for it"


def test_a_long_run_of_blanks_costs_no_more_than_its_length() -> None:
    blanks = "a" + " " * 100_000 + "\n" + " " * 100_000 + "b"
    assert beginning(blanks) == "a…"
    assert one_line(blanks).startswith("a ")


@given(st.text(), st.integers(min_value=2, max_value=50))
def test_a_beginning_is_never_longer_than_asked(text: str, at_most: int) -> None:
    assert len(beginning(text, at_most)) <= at_most


COMPONENTS = [
    "composer",
    "calendar",
    "post_list",
    "timeline",
    "redline",
    "attention",
    "account",
    "away",
    "preview_card",
    "library",
    "media_view",
]


PARTS = [
    "dom",
    "counting",
    "forms",
    "preview",
    "preview_files",
    "upload",
    "version",
    "saving",
    "scopes",
    "counters",
    "sending",
    "files_field",
    "options_field",
    "form_field",
    "tiles",
    "shelf",
]


@pytest.mark.parametrize("name", [*COMPONENTS, *PARTS])
def test_our_scripts_make_text_of_what_people_wrote(name: str) -> None:
    script = frontend.script(name)
    for way_in in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc"):
        assert way_in not in script


@pytest.mark.parametrize("name", COMPONENTS)
def test_each_component_exports_one_function(name: str) -> None:
    assert frontend.script(name).count("export default function") == 1


def test_styles_take_every_colour_from_the_theme() -> None:
    for name in (*COMPONENTS[:7], "preview", "shelf"):
        colours = re.findall(r"#[0-9a-fA-F]{3,8}\b", frontend.style(name))
        # The grey of a network that declares none, and the ground for white words on a dark page.
        assert set(colours) <= {"#667085", "#4660DE"}, name
