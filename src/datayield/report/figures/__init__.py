"""Interactive figures of the page."""
