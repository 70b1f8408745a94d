"""Values and pure functions: no torch, no optuna, no files, no clock."""
