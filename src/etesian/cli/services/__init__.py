"""The composition root: each service wired from its parts, and the supervisor that runs them all."""
