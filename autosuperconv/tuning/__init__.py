"""Search space -> finished study. The only code that imports optuna."""
