"""A stand-in for Hive's metastore that speaks its Thrift protocol, and one for the `hive` program."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.e2e.harness import find_free_port

_HIVE = """#!/bin/sh
# Keeps the script that it is to run, and how it was called.
printf '%s ' "$@" > {folder}/arguments
while [ $# -gt 0 ]; do
  [ "$1" = -f ] && cp "$2" {folder}/script
  shift
done
echo "Time taken: 0.1 seconds"
"""


@dataclass
class Metastore:
    """What the metastore knows: partitions by table, such as ``{"web.clicks": {"ds=2030-01-02"}}``."""

    port: int
    partitions: dict[str, set[str]] = field(default_factory=dict)
    asked: int = 0  #: how often for partitions

    # The names are those of Hive's protocol.

    def get_databases(self, pattern: str) -> list[str]:
        return sorted({table.partition(".")[0] for table in self.partitions})

    def get_table_objects_by_name(self, db_name: str, names: list[str]) -> list[Any]:
        from hmsclient.genthrift.hive_metastore.ttypes import Table

        known = [name for name in names if f"{db_name}.{name}" in self.partitions]
        return [Table(dbName=db_name, tableName=name) for name in known]

    def get_table(self, db_name: str, table_name: str) -> Any:
        from hmsclient.genthrift.hive_metastore.ttypes import NoSuchObjectException, Table

        if f"{db_name}.{table_name}" not in self.partitions:
            raise NoSuchObjectException(f"{db_name}.{table_name} table not found")
        return Table(dbName=db_name, tableName=table_name)

    def get_partitions_by_filter(self, db_name: str, table: str, condition: str, limit: int) -> list[Any]:
        from hmsclient.genthrift.hive_metastore.ttypes import Partition

        self.asked += 1
        wanted = condition.replace("'", "").replace(" ", "")
        found = self.partitions.get(f"{db_name}.{table}", set()) & {wanted}
        return [Partition(values=[each.partition("=")[2]], dbName=db_name, tableName=table) for each in found]

    def get_partition_by_name(self, db_name: str, table: str, name: str) -> Any:
        from hmsclient.genthrift.hive_metastore.ttypes import NoSuchObjectException, Partition

        self.asked += 1
        if name not in self.partitions.get(f"{db_name}.{table}", set()):
            raise NoSuchObjectException(name)
        return Partition(values=[name.partition("=")[2]], dbName=db_name, tableName=table)


@contextmanager
def running_metastore() -> Iterator[Metastore]:
    """Serve a metastore on loopback, in threads."""
    pytest.importorskip("hmsclient", reason="NOT INSTALLED: hmsclient, which has the metastore's protocol")
    from hmsclient.genthrift.hive_metastore.ThriftHiveMetastore import Processor
    from thrift.protocol.TBinaryProtocol import TBinaryProtocolFactory
    from thrift.server.TServer import TThreadedServer
    from thrift.transport.TSocket import TServerSocket
    from thrift.transport.TTransport import TBufferedTransportFactory

    metastore = Metastore(port=find_free_port())
    socket = TServerSocket(host="127.0.0.1", port=metastore.port)
    socket.listen()
    server = TThreadedServer(
        Processor(metastore), socket, TBufferedTransportFactory(), TBinaryProtocolFactory(), daemon=True
    )
    Thread(target=server.serve, daemon=True).start()  # ends with the process: it has no way to be stopped
    yield metastore


def make_hive_program(folder: Path) -> None:
    """Put a program of the name `hive` into a folder; it leaves ``arguments`` and ``script`` there."""
    program = folder / "hive"
    program.write_text(_HIVE.format(folder=folder))
    program.chmod(0o755)
