"""The steps of a search put together: data and model in, report out."""
