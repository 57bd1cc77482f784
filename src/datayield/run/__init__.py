"""The engine: from a task to a finished run folder."""
