"""From finished trials to what the report shows."""
