"""What every stage needs: the configuration, files and their names, an error that a person can read."""
