"""Images in: sources by name, decoded once, subsets and batch orders that are pure functions."""
