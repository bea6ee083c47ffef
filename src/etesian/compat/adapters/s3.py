"""S3 sensors that became arguments of ``S3KeySensor``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor


class S3PrefixSensor(S3KeySensor):
    """Waits until each prefix is one of a key."""

    def __init__(
        self, *, bucket_name: str, prefix: str | Sequence[str], delimiter: str = "/", **kwargs: Any
    ) -> None:
        prefixes = [prefix] if isinstance(prefix, str) else list(prefix)
        keys = [f"{each}*" for each in prefixes]
        super().__init__(bucket_name=bucket_name, bucket_key=keys, wildcard_match=True, **kwargs)


class S3KeySizeSensor(S3KeySensor):
    """Waits until a key is there and no matching file is empty."""

    def __init__(self, *, check_fn: Any = None, **kwargs: Any) -> None:
        super().__init__(check_fn=check_fn or _are_filled, **kwargs)


def _are_filled(files: Sequence[Mapping[str, Any]], **_: Any) -> bool:
    return all(file.get("Size", 0) > 0 for file in files)
