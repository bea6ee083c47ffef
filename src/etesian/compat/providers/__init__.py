"""Provider packages: installing them, and what they say that they offer."""
