"""Measured before the first run: speed and memory."""
