"""Events in, decisions out. No clock, no I/O, no randomness, no global. The active runs live in memory."""
