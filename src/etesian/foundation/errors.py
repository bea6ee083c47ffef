"""The one base of all our errors."""

from __future__ import annotations


class EtesianError(Exception):
    """An error that names the thing, says what happened and what is possible.

    Its text is written for a user and is safe to show. Subclasses live in the folder that raises them
    and keep the parts of the message as attributes.
    """
