"""axe-core on pages, and what of its findings is Streamlit's own (tests/e2e/axe_known.json, at most three rules)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

KNOWN: Final = Path(__file__).resolve().parents[2] / "tests" / "e2e" / "axe_known.json"
MOST_KNOWN: Final = 3
_TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# A node inside shadow roots is named by one selector for each root; the known ones are looked for from it outwards.
_RUN: Final = """async ([tags, known]) => {
  const results = await axe.run(document, {runOnly: tags})
  const element = path => path.reduce((root, step) => (root.shadowRoot ?? root).querySelector(step), document)
  const roots = [document, ...[...document.querySelectorAll('*')].map(each => each.shadowRoot).filter(Boolean)]
  const modal = roots.map(root => root.querySelector('dialog:modal')).find(Boolean)
  const reached = results.violations.map(rule => ({
    ...rule, nodes: rule.nodes.filter(node => !modal || modal.contains(element(node.target.flat())))
  }))
  return reached.flatMap(rule => rule.nodes.map(node => {
    const found = element(node.target.flat())
    const owner = known.findIndex(each => each.rule === rule.id && found?.closest(each.selector))
    return {rule: rule.id, impact: rule.impact, selector: node.target.flat().join(' >> '), known: owner,
      words: (node.failureSummary ?? rule.help).replaceAll('\\n', ' ')}
  }))
}"""


@dataclass(frozen=True, slots=True)
class Known:
    """One finding that stays: the rule, where it is found, and why it is not ours to mend."""

    rule: str
    selector: str
    why: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One element that breaks a rule. `known` is the place in the list of known ones, -1 for a new one."""

    rule: str
    impact: str
    selector: str
    words: str
    known: int


def known() -> list[Known]:
    """What is listed. Raises ValueError when it is more than three rules."""
    listed = [Known(**each) for each in json.loads(KNOWN.read_text(encoding="utf-8"))]
    if len({each.rule for each in listed}) > MOST_KNOWN:
        raise ValueError(f"{KNOWN.name} lists more than {MOST_KNOWN} rules")
    return listed


def look(page: Page, listed: Sequence[Known]) -> list[Finding]:
    """Run axe-core on a page as it stands, tooltips and menus closed.

    While a dialog is open, what lies behind it is left out: nobody reaches it, and the dialog covers parts of it.
    """
    page.mouse.move(700, 3)
    page.wait_for_timeout(300)
    # By the debugger, which our Content-Security-Policy doesn't bind.
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    arguments: list[Any] = [_TAGS, [{"rule": each.rule, "selector": each.selector} for each in listed]]
    return [Finding(**each) for each in page.evaluate(_RUN, arguments)]
