"""When, whether and in what order things run: a pure core in a thin shell."""
