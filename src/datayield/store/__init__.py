"""The store: run folders, claims, records, and the plan of what is missing."""
