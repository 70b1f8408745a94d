"""The command line: parses arguments, calls the API, prints results."""

import time

BEGAN = time.monotonic()
"""When the command began: what it imports after this counts in `--timeout`."""
