"""What several functions of the estimators are made of; no estimator by itself."""
