"""The composition root: each service of the platform wired from its parts, and the supervisor that runs them all."""
