"""Recipe -> Trace. The only code that imports torch."""
