"""Hooks: objects that speak to other systems through a connection. One file per system."""
