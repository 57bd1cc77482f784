"""The store: run folders, locks, records, and the plan of what is missing."""
