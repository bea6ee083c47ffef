"""A stand-in for Bigtable's administration, over gRPC on loopback, with the messages of Google's own library."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

_ADMIN = "google.bigtable.admin.v2"


class Bigtable:
    """One instance with one table, which is copied to a second cluster in ``steps_left`` looks."""

    def __init__(self) -> None:
        self.steps_left = 2
        self.looked_at: list[str] = []  #: names of tables
        self.port = 0

    def get_instance(self, request: Any, context: Any) -> Any:
        """Return the instance of whatever name."""
        from google.cloud.bigtable_admin_v2.types import Instance

        return Instance(name=request.name, display_name="orders", state=Instance.State.READY)

    def get_table(self, request: Any, context: Any) -> Any:
        """Return how far the copies of a table are."""
        from google.cloud.bigtable_admin_v2.types import Table

        self.looked_at.append(request.name)
        self.steps_left -= 1
        kinds = Table.ClusterState.ReplicationState
        states = {"here": kinds.READY, "there": kinds.READY if self.steps_left < 0 else kinds.INITIALIZING}
        clusters = {name: Table.ClusterState(replication_state=state) for name, state in states.items()}
        return Table(name=request.name, cluster_states=clusters)


@contextmanager
def running_bigtable() -> Iterator[Bigtable]:
    """Start the server and stop it at the end."""
    import grpc
    from google.cloud.bigtable_admin_v2 import types

    bigtable = Bigtable()
    server = grpc.server(ThreadPoolExecutor(2))
    for service, method, call, request, response in (
        (
            "BigtableInstanceAdmin",
            "GetInstance",
            bigtable.get_instance,
            types.GetInstanceRequest,
            types.Instance,
        ),
        ("BigtableTableAdmin", "GetTable", bigtable.get_table, types.GetTableRequest, types.Table),
    ):
        handler = grpc.unary_unary_rpc_method_handler(
            call, request_deserializer=request.deserialize, response_serializer=response.serialize
        )
        handlers = grpc.method_handlers_generic_handler(f"{_ADMIN}.{service}", {method: handler})
        server.add_generic_rpc_handlers((handlers,))
    bigtable.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield bigtable
    finally:
        server.stop(1).wait(5)
