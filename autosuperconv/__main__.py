"""`python -m autosuperconv`."""

from autosuperconv.cli import main

main()
