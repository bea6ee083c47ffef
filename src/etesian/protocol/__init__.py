"""The messages between processes, declared once. They are data: msgpack on sockets, JSON in the inbox and over HTTP.

A field may be added with a default; removing or renaming one raises ``PROTOCOL_VERSION``.
"""

PROTOCOL_VERSION = 1
