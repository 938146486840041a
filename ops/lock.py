"""Resolves the pins anew: requirements.lock for running, requirements-dev.lock for that and working on it.

One file serves Python 3.11 and newer, by environment markers. It holds names, versions and hashes only, so that it
installs from whatever index a machine uses. Pins that still fit are kept; delete a line first to let that one move.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
RESOLVER: Final = "uv>=0.9"
LOCKS: Final = {"requirements.lock": [], "requirements-dev.lock": ["--extra", "dev"]}
OPTIONS: Final = [
    *("--universal", "--python-version", "3.11", "--generate-hashes", "--no-config", "--quiet"),
    *("--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"),
]


def main() -> int:
    """Write both files; exit code of the resolver."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        tools = Path(folder) / "bin"
        subprocess.run([str(tools / "python"), "-m", "pip", "install", "--quiet", RESOLVER], check=True)
        for name, extra in LOCKS.items():
            command = [str(tools / "uv"), "pip", "compile", "pyproject.toml", *extra, *OPTIONS, "-o", name]
            if code := subprocess.run(command, cwd=ROOT, check=False).returncode:
                return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
