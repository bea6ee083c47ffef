"""The bell: tells other processes that there is something to look at.

It carries no data and may miss a ring: who listens also looks by itself now and then. Topics in use are
``inbox`` (commands wait), ``changes`` (states of runs or tasks changed), ``triggers`` (a trigger was added or
cancelled) and ``specs`` (DAG files should be looked at again).
"""

from etesian.store.bus.base import Bell, Bus
from etesian.store.bus.notify_bus import NotifyBus
from etesian.store.bus.socket_bus import SocketBus
from etesian.store.database import Store

__all__ = ["Bell", "Bus", "open_bus"]


def open_bus(store: Store) -> Bus:
    """Return the bus of a store: unix sockets beside a SQLite file, NOTIFY on PostgreSQL.

    Raises:
        RunDirectoryError: the folder for the sockets cannot be made.
    """
    return SocketBus(store.home) if store.is_sqlite else NotifyBus(store.engine)
