"""The parser's loop: the only part of the parser that knows the store."""

from etesian.parser.loop.service import run_parser

__all__ = ["run_parser"]
