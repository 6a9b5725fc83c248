"""Training of `replicates` of one network together, with `optimizers` of PyTorch; `settings` imports no PyTorch."""
