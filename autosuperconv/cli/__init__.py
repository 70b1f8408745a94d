"""argv -> calls -> print."""
