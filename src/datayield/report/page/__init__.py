"""The page: its content, its tables, and what a large study leaves out."""
