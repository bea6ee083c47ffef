"""Descriptions of pods' parts as Airflow 1 had them; each makes the object of the Kubernetes client for itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubernetes.client import ApiClient, models


def _read(kind: str, description: Mapping[str, Any]) -> Any:
    """Return the client's object for a description in the words of Kubernetes' own API."""
    return ApiClient()._ApiClient__deserialize(dict(description), kind)


class Volume:
    """A volume; calling it gives the client's object, so that it may stand wherever one is wanted."""

    def __new__(cls, name: str, configs: Mapping[str, Any] | None = None) -> Any:
        """Return a ``V1Volume``."""
        return _read("V1Volume", {"name": name, **(configs or {})})


class VolumeMount:
    """Where a volume appears in a container."""

    def __new__(
        cls, name: str, mount_path: str, sub_path: str | None = None, read_only: bool = False, **_: Any
    ) -> Any:
        """Return a ``V1VolumeMount``."""
        return models.V1VolumeMount(name=name, mount_path=mount_path, sub_path=sub_path, read_only=read_only)


class PodRuntimeInfoEnv:
    """An environment variable that Kubernetes fills with something about the pod."""

    def __new__(cls, name: str, field_path: str) -> Any:
        """Return a ``V1EnvVar``."""
        source = models.V1EnvVarSource(field_ref=models.V1ObjectFieldSelector(field_path=field_path))
        return models.V1EnvVar(name=name, value_from=source)


class Port:
    """A port of a container."""

    def __new__(cls, name: str, container_port: int) -> Any:
        """Return a ``V1ContainerPort``."""
        return models.V1ContainerPort(name=name, container_port=container_port)


class Resources:
    """What a container asks for, and its limits."""

    def __new__(
        cls,
        request_memory: str | None = None,
        request_cpu: str | None = None,
        request_ephemeral_storage: str | None = None,
        limit_memory: str | None = None,
        limit_cpu: str | None = None,
        limit_gpu: str | None = None,
        limit_ephemeral_storage: str | None = None,
    ) -> Any:
        """Return ``V1ResourceRequirements``."""
        requests = {
            "memory": request_memory,
            "cpu": request_cpu,
            "ephemeral-storage": request_ephemeral_storage,
        }
        limits = {
            "memory": limit_memory,
            "cpu": limit_cpu,
            "nvidia.com/gpu": limit_gpu,
            "ephemeral-storage": limit_ephemeral_storage,
        }
        return models.V1ResourceRequirements(requests=_given(requests), limits=_given(limits))


def _given(values: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}
