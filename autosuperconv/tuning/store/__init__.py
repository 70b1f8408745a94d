"""Where a search lives: studies, finished runs, who carries out jobs."""
