"""Running a task that does nothing in the zygote, before anything is forked from it.

What an interpreter does for the first time (importing late, filling caches, specialising byte code) it would
otherwise do for the first time in every single attempt, on memory that has to be copied for it. A rehearsal
does it once for all.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
from typing import Final

import msgspec

from etesian.protocol.frames import encode_frame
from etesian.sdk.connections.secrets_masker import secrets_masker
from etesian.sdk.runtime import set_platform
from etesian.worker.attempt import Attempt
from etesian.worker.messages import ProcessSettings
from etesian.worker.process_setup import reset_signals
from etesian.worker.runner import TaskRunner

#: The interpreter specialises code that has run this often.
_REPETITIONS: Final = 10


def rehearse(runner: TaskRunner, settings: ProcessSettings) -> None:
    """Run what the runner offers for rehearsal, and leave this process as it was."""
    workload = runner.load_rehearsal()
    if workload is None:
        return
    streams, handlers = (sys.stdout, sys.stderr), logging.getLogger().handlers[:]
    attempt = Attempt(
        runner, msgspec.structs.replace(settings, logs_dir=os.devnull)
    )  # below it no file can be made
    attempt.take_over()
    try:
        for _ in range(_REPETITIONS):
            ours, theirs = socket.socketpair()
            with ours, theirs:
                ours.sendall(encode_frame(workload))
                attempt.serve(theirs)
    finally:
        sys.stdout, sys.stderr = streams
        logging.getLogger().handlers[:] = handlers
        set_platform(None)
        secrets_masker().reset()
        reset_signals()
