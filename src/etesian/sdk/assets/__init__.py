"""Assets: their names, their events, their partitions."""
