"""The web client: a status page that talks only to the REST API."""
