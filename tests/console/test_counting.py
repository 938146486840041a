"""The browser's counters and core's agree on 500 texts (PRODUCT 5).

counting_vectors.json holds each text with its lengths, `escaped` in code points with LinkedIn's escapes; what is added
stays, so that an agreement once reached is kept.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from console.components import frontend
from core.provider_kit.counting import COUNTERS, length
from core.providers.linkedin.little_text import RESERVED

FILE = Path(__file__).with_name("counting_vectors.json")
VECTORS: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="ascii"))


def test_there_are_enough_of_them_and_every_counter_is_in_each() -> None:
    assert len(VECTORS) >= 500
    assert all(set(each) == {"text", "escaped", *COUNTERS} for each in VECTORS)


@pytest.mark.parametrize("counter", sorted(COUNTERS))
def test_core_counts_as_written_down(counter: str) -> None:
    count = COUNTERS[counter]
    wrong = [each["text"] for each in VECTORS if count(each["text"]) != each[counter]]
    assert wrong == []


def test_core_counts_what_a_network_escapes_as_written_down() -> None:
    wrong = [each["text"] for each in VECTORS if length(each["text"], "codepoints", RESERVED) != each["escaped"]]
    assert wrong == []
    assert sum(each["escaped"] > each["codepoints"] for each in VECTORS) >= 50


@pytest.mark.skipif(shutil.which("node") is None, reason="no node here; the browser tests count in Chromium")
def test_the_composers_script_counts_as_written_down() -> None:
    script = f"""
      {frontend.script("counting")}
      const vectors = {json.dumps(VECTORS)}
      const wrong = vectors.flatMap(each => Object.entries(COUNTERS)
        .filter(([name, count]) => count(each.text) !== each[name]).map(([name]) => [name, each.text]))
      const rules = {{counter: 'codepoints', escaped: {json.dumps(RESERVED)}}}
      const miscounted = vectors.filter(each => lengthOf(each.text, rules) !== each.escaped)
      wrong.push(...miscounted.map(each => ['escaped', each.text]))
      console.log(JSON.stringify({{counters: Object.keys(COUNTERS).sort(), wrong}}))
    """
    assert node(script) == {"counters": sorted(COUNTERS), "wrong": []}


@pytest.mark.skipif(shutil.which("node") is None, reason="no node here; the browser tests count in Chromium")
def test_a_fold_never_cuts_a_character_in_two_and_takes_all_that_fits() -> None:
    script = f"""
      {frontend.script("counting")}
      const vectors = {json.dumps(VECTORS)}, wrong = []
      const escaped = {json.dumps(RESERVED)}
      const all = Object.keys(COUNTERS).flatMap(counter => [{{counter, escaped: ''}}, {{counter, escaped}}])
      const cases = vectors.flatMap(({{text}}) => all.flatMap(rules => [1, 5, 12].map(limit => [text, rules, limit])))
      for (const [text, rules, limit] of cases) {{
        const name = rules.counter, count = text => lengthOf(text, rules)
        const kept = fitting(text, rules, limit)
        const parts = [...SEGMENTER.segment(text)].map(each => each.segment)
        const whole = [...SEGMENTER.segment(kept)].length
        if (parts.slice(0, whole).join('') !== kept) wrong.push(['cut', name, limit, text])
        if (count(kept) > limit && kept !== text) wrong.push(['too long', name, limit, text])
        const more = parts.slice(0, whole + 1).join('')
        if (kept !== text && count(more) <= limit) wrong.push(['too short', name, limit, text])
      }}
      console.log(JSON.stringify(wrong))
    """
    assert node(script) == []


def node(script: str) -> Any:
    """What a script prints, run by node."""
    done = subprocess.run(["node", "-"], input=script, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)
