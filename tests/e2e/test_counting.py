"""The composer counts in the browser as core does (PRODUCT 5)."""

from __future__ import annotations

import json

from playwright.sync_api import Browser

from core.providers.linkedin.little_text import RESERVED
from tests.fixtures.programs import PROJECT

VECTORS = json.loads((PROJECT / "tests/console/counting_vectors.json").read_text(encoding="ascii"))
SCRIPT = (PROJECT / "console/components/frontend/counting.js").read_text(encoding="utf-8")


def test_chromium_counts_500_texts_as_written_down(browser: Browser) -> None:
    page = browser.new_page()
    wrong = page.evaluate(
        f"""([vectors, escaped]) => {{
          {SCRIPT}
          const rules = {{counter: 'codepoints', escaped}}
          return vectors.flatMap(each => [...Object.entries(COUNTERS), ['escaped', text => lengthOf(text, rules)]]
            .filter(([name, count]) => count(each.text) !== each[name]).map(([name]) => [name, each.text]))
        }}""",
        [VECTORS, RESERVED],
    )
    page.close()

    assert len(VECTORS) >= 500
    assert wrong == []
