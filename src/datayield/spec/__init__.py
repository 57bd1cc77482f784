"""What is asked for: budgets, runs, studies and their identities, as strict data."""
