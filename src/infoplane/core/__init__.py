"""What every stage needs: the configuration, the files, one error, progress, generators, where tasks run."""
