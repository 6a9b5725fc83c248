"""Arrays on their way to an estimator: the gate that checks them, and the scaling of their columns."""
