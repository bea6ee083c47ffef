"""Moments, zones and durations, as authors give them."""
