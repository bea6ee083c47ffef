"""Triggers: what deferred tasks wait for. One file per kind of thing to wait for."""
