"""Batches for the loop: resident on the device, or streamed."""
