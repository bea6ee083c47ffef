"""``ResumableJobMixin``: operators that start a job elsewhere and wait for its end."""

from __future__ import annotations

from typing import Any, ClassVar


class ResumableJobMixin:
    """Starts the job, waits for it and returns its result.

    Airflow keeps the job's id between the tries of a task; here each try starts a new job, as operators did before
    they had this.
    """

    external_id_key: ClassVar[str] = "remote_job_id"
    supports_resume: ClassVar[bool] = False

    def __init__(self, *, durable: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.durable = durable

    def execute_resumable(self, context: Any) -> Any:
        """Do it; the operator says how, by its own methods."""
        operator: Any = self  # Any: operators have the methods, this class does not
        job_id = operator.submit_job(context)
        operator.poll_until_complete(job_id, context)
        return operator.get_job_result(job_id, context)
