"""Some names are banned but for one place each (ruff's TID251); ruff can only open a whole file for all of them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACES = {
    "core/infra/settings.py": {"os.environ"},
    "sandbox/settings.py": {"os.environ"},
    "console/state.py": {"streamlit.session_state"},
    "console/cached.py": {"streamlit.cache_data"},
    "console/components/dialog.py": {"streamlit.dialog"},
    "core/provider_kit/http.py": {"requests"},
}


def test_each_place_uses_only_the_names_that_it_is_the_place_of() -> None:
    ruff = [sys.executable, "-m", "ruff", "check", "--select", "TID251", "--config", "lint.per-file-ignores = {}"]
    done = subprocess.run(
        [*ruff, "--output-format", "json", "."], cwd=ROOT, capture_output=True, text=True, check=False
    )
    found: dict[str, set[str]] = {}
    for finding in json.loads(done.stdout):
        place = str(Path(finding["filename"]).relative_to(ROOT))
        if not place.startswith("tests/"):
            found.setdefault(place, set()).add(finding["message"].split("`")[1])
    unexpected = {place: names - PLACES.get(place, set()) for place, names in found.items()}
    assert {place: names for place, names in unexpected.items() if names} == {}
