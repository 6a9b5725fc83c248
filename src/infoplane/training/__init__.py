"""Training: `replicates` of one network together, by the `optimizers` of PyTorch; `settings` imports no PyTorch."""
