"""An estimator run over layers: its values, their errors, nulls and flags."""
