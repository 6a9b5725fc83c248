"""What only a run of the pipeline needs: configuration, files, where tasks run, memory of earlier results."""
