"""Report -> something to look at. Decides nothing."""
