"""Running an attempt as another user of the system."""

from __future__ import annotations

import os
import pwd

from etesian.foundation.errors import EtesianError


class UserChangeError(EtesianError):
    """The attempt cannot run as the user that its task names."""


def become_user(name: str) -> None:
    """Give this process the user's rights, groups and home, for good.

    Raises:
        UserChangeError: there is no such user, or the worker does not run as root.
    """
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        raise UserChangeError(f"run_as_user={name!r}: this host has no such user") from None
    if user.pw_uid == os.getuid():
        return
    try:
        os.initgroups(name, user.pw_gid)
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
    except PermissionError:
        raise UserChangeError(
            f"run_as_user={name!r}: a worker that does not run as root cannot change to another user"
        ) from None
    os.environ.update(HOME=user.pw_dir, USER=name, LOGNAME=name)
