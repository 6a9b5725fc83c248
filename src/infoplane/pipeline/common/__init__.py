"""What every stage needs: the configuration, files and their names, and readable errors."""
