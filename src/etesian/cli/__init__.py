"""The ``etesian`` command. One file per command group; each is imported when it is called for."""
