"""Operators that start a job elsewhere, wait for its end, and find it again when they are tried anew."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from etesian.sdk.context import Context


class ResumableJobMixin:
    """Goes before an operator's base; its ``execute`` calls ``execute_resumable``.

    What ``submit_job`` returned is kept in the task state store before the wait begins. The next try looks the job
    up: it waits for one that still runs, takes the result of one that succeeded, and starts a new one otherwise.
    ``durable=False`` starts a new one on every try.
    """

    #: the key under which the job's id is kept
    external_id_key: str = "remote_job_id"
    log: logging.Logger

    def __init__(self, *, durable: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.durable = durable

    def execute_resumable(self, context: Context) -> Any:
        """Start the job, or find the one that an earlier try has started, and return its result."""
        store = context.get("task_state_store") if self.durable else None  # tests make contexts without one
        found = store.get(self.external_id_key) if store is not None else None
        if found is not None:
            status = self.get_job_status(found, context)
            if self.is_job_active(status):
                self.log.info("Job %s of an earlier try still runs (%s); waiting for it", found, status)
                return self._wait_for(found, context)
            if self.is_job_succeeded(status):
                self.log.info("Job %s of an earlier try has succeeded (%s)", found, status)
                return self.get_job_result(found, context)
            self.log.warning("Job %s of an earlier try ended as %s; starting another one", found, status)
        job = self.submit_job(context)
        if store is not None and job is not None:
            store.set(self.external_id_key, job)
        return self._wait_for(job, context)

    def _wait_for(self, job: Any, context: Context) -> Any:
        self.poll_until_complete(job, context)
        return self.get_job_result(job, context)

    def submit_job(self, context: Context) -> Any:
        """Start the job and return its id: JSON."""
        raise NotImplementedError(f"{type(self).__name__} must define submit_job()")

    def get_job_status(self, external_id: Any, context: Context) -> str:
        """Return the status of a job, in the other system's words."""
        raise NotImplementedError(f"{type(self).__name__} must define get_job_status()")

    def is_job_active(self, status: str) -> bool:
        """Return whether a job of that status still runs."""
        raise NotImplementedError(f"{type(self).__name__} must define is_job_active()")

    def is_job_succeeded(self, status: str) -> bool:
        """Return whether a job of that status has succeeded."""
        raise NotImplementedError(f"{type(self).__name__} must define is_job_succeeded()")

    def poll_until_complete(self, external_id: Any, context: Context) -> None:
        """Wait until the job ends; raise if it failed."""
        raise NotImplementedError(f"{type(self).__name__} must define poll_until_complete()")

    def get_job_result(self, external_id: Any, context: Context) -> Any:
        """Return what the job came to."""
        return None
