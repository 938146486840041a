"""The page every address answers with, made of the installed Streamlit's own."""

from __future__ import annotations

import base64
import hashlib
import re

from console.shell import content_security_policy, make_shell

FILES = "http://localhost:8502"
SHELL = make_shell(FILES)
PAGE = SHELL.html.decode()


def test_it_is_called_masthead_from_the_first_paint_on() -> None:
    assert "<title>Masthead</title>" in PAGE
    assert "app/static/mark.svg" in PAGE
    assert not re.search(r"Streamlit(?!Markdown)", PAGE)


def test_it_still_loads_streamlits_application() -> None:
    assert re.search(r'<script type="module" crossorigin src="\./static/js/index\.[\w-]+\.js"></script>', PAGE)
    assert '<div id="root"></div>' in PAGE


def test_nothing_in_it_leads_elsewhere() -> None:
    assert not re.search(r'(?:src|href)="(?!\./)', PAGE)


def test_it_says_something_without_javascript() -> None:
    assert "Masthead needs JavaScript" in PAGE


def test_the_policy_names_exactly_the_inline_scripts_of_this_page() -> None:
    scripts = re.findall(r"<script>(.*?)</script>", PAGE, re.DOTALL)
    assert scripts
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in SHELL.policy


def test_the_policy_lets_nothing_in_from_outside() -> None:
    policy = content_security_policy([], FILES)
    assert "'unsafe-eval'" not in policy
    script_rule = next(rule for rule in policy.split("; ") if rule.startswith("script-src"))
    assert "'unsafe-inline'" not in script_rule
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert {name for name, sources in rules.items() if "http" in sources} == {"img-src", "media-src", "connect-src"}
    assert all(rules[name].endswith(f" {FILES}") for name in ("img-src", "media-src", "connect-src"))
    assert "frame-ancestors 'none'" in policy
