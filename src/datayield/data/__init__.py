"""Images: sources by name, decoded once; subsets and batch orders as pure functions."""
