"""What several estimators share: the base class, columns of numbers, limits."""
