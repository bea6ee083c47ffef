"""Schedules as authors describe them; dates are computed in ``etesian.timetables``."""
