"""The study in optuna-dashboard. Only this folder of reporting knows optuna; it loads it late."""
