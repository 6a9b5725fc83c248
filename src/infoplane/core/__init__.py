"""What every part of the library needs: one error, validation, generators, devices, files found by name."""
