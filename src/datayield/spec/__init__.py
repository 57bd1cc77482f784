"""Declarations as strict data: budgets, runs, studies and their identities."""
