"""Notifiers: ready-made callbacks that tell people. One file per system."""
