"""Pure functions of tensors and numbers: no modules, no state, no configuration."""
