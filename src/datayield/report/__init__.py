"""Figures, tables and the page that a person looks at."""
