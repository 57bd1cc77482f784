"""Where images come from: one file per layout, selected by name or folder in `data.catalog`."""
