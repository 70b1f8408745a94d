"""What brings each error message about, and what following its advice does."""
