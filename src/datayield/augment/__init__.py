"""Random views of a batch, each sample its own, on the device: free functions on tensors."""
