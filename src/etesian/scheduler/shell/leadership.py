"""Being the one leader: a lease row with a fencing epoch, renewed in time, given back at the end."""

from __future__ import annotations

import logging
from datetime import datetime

from etesian.scheduler.shell.settings import ShellSettings
from etesian.store import Store
from etesian.store.errors import LeadershipLostError
from etesian.store.queries import leader

logger = logging.getLogger(__name__)


class Leadership:
    """This process's hold on the lease. Every write checks ``epoch``."""

    def __init__(self, settings: ShellSettings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._renew_at: datetime | None = None
        self.epoch: int = 0

    def try_acquire(self, now: datetime) -> bool:
        """Take the lease if it is free or expired."""
        with self._store.write() as connection:
            epoch = leader.acquire(connection, self._settings.holder, now, self._settings.lease)
        if epoch is None:
            return False
        self.epoch = epoch
        self._renew_at = now + self._settings.renew_interval
        logger.info("leading with epoch %d", epoch)
        return True

    @property
    def renew_at(self) -> datetime | None:
        """When the lease is to be renewed; None while it is not held."""
        return self._renew_at

    def renew_if_due(self, now: datetime) -> None:
        """Renew the lease when it is time.

        Raises:
            LeadershipLostError: another scheduler has taken over.
        """
        interval = self._settings.renew_interval
        # Due also when the clock was set back: others may not have set theirs.
        if self._renew_at is None or self._renew_at - interval <= now < self._renew_at:
            return
        with self._store.write() as connection:
            held = leader.renew(connection, self.epoch, now, self._settings.lease)
        if not held:
            raise LeadershipLostError(
                f"another scheduler took over from {self._settings.holder} (epoch {self.epoch})"
            )
        self._renew_at = now + interval

    def release(self) -> None:
        """Give the lease back, so that a standby takes over at once."""
        if self._renew_at is not None:
            with self._store.write() as connection:
                leader.release(connection, self.epoch)
            self._renew_at = None
