"""An attempt in a fresh interpreter, for DAG files that cannot be forked.

Run as ``python -m etesian.worker.spawned <channel> <output> <settings>``.
"""

from __future__ import annotations

import os
import socket
import sys

import msgspec

from etesian.sdk.runtime import set_platform
from etesian.worker.attempt import Attempt
from etesian.worker.channel_platform import AttemptChannel, ChannelPlatform
from etesian.worker.dag_file import load_dag_file
from etesian.worker.failed_import import FailedImport, describe_load_failure
from etesian.worker.messages import DagFile, ProcessSettings
from etesian.worker.process_setup import become_attempt
from etesian.worker.runner import TaskRunner, create_runner


def main() -> None:
    """Import the DAG file, then wait for the workload; a file that fails is told by failing the attempt."""
    channel, output = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
    channel.set_inheritable(False)
    dag_file, settings = msgspec.json.decode(sys.argv[3], type=tuple[DagFile, ProcessSettings])
    become_attempt(output, os.getppid(), settings)
    attempt = Attempt(_load(dag_file, channel, settings), settings)
    attempt.take_over()
    attempt.run(channel)


def _load(dag_file: DagFile, channel: socket.socket, settings: ProcessSettings) -> TaskRunner:
    runner = create_runner(settings.runner)
    own_end = AttemptChannel()
    own_end.connect(channel)
    set_platform(ChannelPlatform(own_end, settings.import_request_seconds))
    try:
        load_dag_file(runner, dag_file)
    except BaseException as error:
        return FailedImport(describe_load_failure(dag_file.file, error))
    return runner


if __name__ == "__main__":
    main()
