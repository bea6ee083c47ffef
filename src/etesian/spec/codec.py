"""Specs as canonical JSON, and the hash that names a DAG version."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from etesian.foundation.errors import EtesianError
from etesian.spec.dag import DagSpec

_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(DagSpec)


class SpecDecodeError(EtesianError):
    """Stored text is not a DAG spec of this version."""


def encode_dag(spec: DagSpec) -> bytes:
    """Return the canonical JSON of a spec: sorted keys, no white space, defaults left out."""
    return _encoder.encode(spec)


def decode_dag(data: bytes | str) -> DagSpec:
    """Return the spec that ``encode_dag`` wrote.

    Raises:
        SpecDecodeError: the text is not one.
    """
    try:
        return _decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise SpecDecodeError(f"stored DAG spec cannot be read: {error}") from error


def compute_hash(spec: DagSpec) -> str:
    """Return the content address of a spec: 32 hexadecimal digits; equal specs, equal hashes.

    Precomputed points of a custom timetable do not count: they move with time, the DAG does not.
    """
    from_points = spec
    if hasattr(spec.schedule, "points"):
        from_points = msgspec.structs.replace(
            spec, schedule=msgspec.structs.replace(spec.schedule, points=())
        )
    return sha256(encode_dag(from_points)).hexdigest()[:32]
