"""`python -m autosuperconv`."""

from autosuperconv.cli.commands import main

main()
