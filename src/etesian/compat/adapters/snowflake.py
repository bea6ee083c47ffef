"""Loading from a Snowflake stage, as it was called before it could read more than S3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.snowflake.transfers.copy_into_snowflake import CopyFromExternalStageToSnowflakeOperator


class S3ToSnowflakeOperator(CopyFromExternalStageToSnowflakeOperator):
    """Loads files of a stage into a table."""

    def __init__(self, *, s3_keys: Sequence[str] | None = None, **kwargs: Any) -> None:
        if s3_keys is not None:
            kwargs["files"] = list(s3_keys)
        super().__init__(**kwargs)
