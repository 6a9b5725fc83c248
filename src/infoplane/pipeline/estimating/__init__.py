"""What only the stage `estimate` needs."""
