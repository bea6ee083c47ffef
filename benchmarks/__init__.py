"""What the platform costs, measured on real processes: ``make bench`` prints one table.

Each module has ``measure() -> list[Figure]`` and also runs alone. Budgets are the design's, for two
cores, SQLite, the local executor, and each task in a process of its own.
"""
