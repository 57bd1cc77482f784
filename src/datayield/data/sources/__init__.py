"""Where images come from: one file a layout, each listing names, labels and bytes."""
