"""``ResumableJobMixin``: operators that find their external job again after a crash of the worker."""

from __future__ import annotations


class ResumableJobMixin:
    """Marks such operators; without a stored job they start a new one, as on the first try."""

    supports_resume = True
