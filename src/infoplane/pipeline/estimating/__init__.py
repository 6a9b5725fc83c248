"""What the stage `estimate` alone needs."""
