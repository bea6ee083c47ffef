"""What every other folder may use: the base error, the clock, ids. The smallest folder; it imports nothing of ours."""
