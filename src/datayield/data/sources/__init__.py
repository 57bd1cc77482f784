"""Where images come from: one file a layout, found by name or folder in `data.catalog`."""
