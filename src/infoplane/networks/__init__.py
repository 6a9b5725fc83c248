"""Networks on disk and stacked: what training, extraction and the truth share."""
