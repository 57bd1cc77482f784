"""Random views of a batch on the device, drawn per sample: pure functions on tensors."""
