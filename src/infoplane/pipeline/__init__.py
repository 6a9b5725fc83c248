"""What only the pipeline needs: configuration, files, where tasks run, and memory of earlier results."""
