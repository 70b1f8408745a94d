"""The training loop: one job in, one trace out."""
