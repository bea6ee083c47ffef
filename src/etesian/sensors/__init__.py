"""Sensors: tasks that wait for something. One file per kind of thing to wait for."""
