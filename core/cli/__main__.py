"""`python -m core.cli`, for a checkout that is not installed."""

import sys

from core.cli import main

sys.exit(main())
