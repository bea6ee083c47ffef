from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from etesian.worker.messages import HostEnded
from etesian.worker.packets import PacketSocket, PeerGoneError, packet_pair


@pytest.fixture
def pair() -> Iterator[tuple[PacketSocket[HostEnded], PacketSocket[HostEnded]]]:
    ours, theirs = packet_pair()
    ours.setblocking(False)
    theirs.setblocking(False)
    sender: PacketSocket[HostEnded] = PacketSocket(ours, HostEnded)
    receiver: PacketSocket[HostEnded] = PacketSocket(theirs, HostEnded)
    yield sender, receiver
    sender.close()
    receiver.close()


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def message(number: int) -> HostEnded:
    return HostEnded(number=number, status=0)


def test_packets_that_the_other_process_has_no_room_for_wait_in_their_order(
    pair: tuple[PacketSocket[HostEnded], PacketSocket[HostEnded]],
) -> None:
    sender, receiver = pair
    for number in range(2000):
        sender.send(message(number))
    assert sender.has_unsent
    numbers: list[int] = []
    while len(numbers) < 2000:
        while (received := receiver.receive()) is not None:
            numbers.append(received[0].number)
        sender.flush()
    assert numbers == list(range(2000))
    assert not sender.has_unsent


def test_descriptors_of_a_packet_that_waits_may_be_closed_by_the_sender(
    pair: tuple[PacketSocket[HostEnded], PacketSocket[HostEnded]],
) -> None:
    sender, receiver = pair
    while not sender.has_unsent:
        sender.send(message(0))
    before = open_descriptors()
    reading, writing = os.pipe()
    sender.send(message(1), (writing,))
    os.close(writing)
    while (received := receiver.receive()) is not None or sender.has_unsent:
        if received is not None and received[0].number:
            break
        sender.flush()
    assert received is not None
    (passed_on,) = received[1]
    os.write(passed_on, b"hello")
    os.close(passed_on)
    assert os.read(reading, 10) == b"hello"
    assert os.read(reading, 10) == b"", "nobody else holds the writing end"
    os.close(reading)
    assert open_descriptors() == before


def test_what_waits_is_dropped_when_the_other_process_has_gone(
    pair: tuple[PacketSocket[HostEnded], PacketSocket[HostEnded]],
) -> None:
    sender, receiver = pair
    before = open_descriptors()
    reading, writing = os.pipe()
    while not sender.has_unsent:
        sender.send(message(0))
    sender.send(message(1), (writing,))
    receiver.close()
    sender.flush()
    os.close(reading)
    os.close(writing)
    assert open_descriptors() == before - 1, "the receiver's"
    with pytest.raises(PeerGoneError, match="HostEnded"):
        sender.send(message(2))
