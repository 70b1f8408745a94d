"""The steps of a search, one file each."""
