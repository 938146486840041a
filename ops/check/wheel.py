"""The wheel holds all that it needs: built, installed from the pins into an empty environment, and asked for advice.

The doctor has nothing to be content with there, so its exit code must be 1, and what it says must name what is missing.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ops.check.repository import ROOT, files

PACKAGES: Final = ("console", "ingest", "jobs", "core", "sandbox", "migrations")
EXPECTED_WORDS: Final = ("MASTHEAD_SECRET_KEY", "DATABASE_URL is not set", "REDIS_URL is not set", "OpenID")


def main() -> int:
    """Print what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        found = list(findings(Path(folder)))
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


def findings(folder: Path) -> Iterator[str]:
    """Everything wrong with the wheel and with its installation."""
    _run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)], ROOT)
    wheel = next(folder.glob("*.whl"))
    missing = _source_files() - _packed(wheel)
    yield from (f"{name} is not in the wheel" for name in sorted(missing))
    python = folder / "empty" / "bin" / "python"
    _run([sys.executable, "-m", "venv", str(folder / "empty")], folder)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check"]
    _run([*pip, "--require-hashes", "-r", str(ROOT / "requirements.lock")], folder)
    _run([*pip, str(wheel)], folder)
    asked = subprocess.run(
        [str(python.with_name("masthead")), "doctor"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    said = asked.stdout + asked.stderr
    if asked.returncode != 1 or "Traceback" in said:
        yield f"`masthead doctor` in an empty environment ended with {asked.returncode}:\n{said}"
    yield from (f"`masthead doctor` does not say {words!r}" for words in EXPECTED_WORDS if words not in said)


def _source_files() -> set[str]:
    """Everything of the packages that is not a test, by its path in the wheel."""
    names = {str(path.relative_to(ROOT)) for path in files()}
    ours = {name for name in names if name.startswith(tuple(f"{package}/" for package in PACKAGES))}
    return {name for name in ours if "/tests/" not in name} | {"core/cli/Procfile", "console/.streamlit/config.toml"}


def _packed(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command[:4])} ... failed:\n{(done.stdout + done.stderr)[-3000:]}")


if __name__ == "__main__":
    sys.exit(main())
