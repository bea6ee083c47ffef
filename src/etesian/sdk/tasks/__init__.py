"""Operators, TaskFlow, mapped tasks, groups, and the arguments that they take."""
