"""Plugins, listeners and policies of a project, and when they are asked."""
