"""A process that starts the embedded servers and waits: what the tests of their deaths kill.

python tests/integration/infra/starter.py DATA     prints one JSON line with the addresses when both answer
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from core.infra.embedded import running
from core.infra.programs import CanNotStart


def main(data: Path) -> int:
    try:
        with running(data) as addresses:
            print(json.dumps(asdict(addresses)), flush=True)
            time.sleep(60)
    except CanNotStart as problem:
        print(problem, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
