"""Reports: figures, tables and the page."""
