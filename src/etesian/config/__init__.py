"""The settings: one frozen tree; each option is declared once, and read from environment, file or default."""
