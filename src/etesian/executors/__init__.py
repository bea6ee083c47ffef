"""Where attempts run: one interface, and one module or folder per kind of place."""
