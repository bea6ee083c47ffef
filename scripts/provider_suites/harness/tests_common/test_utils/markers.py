"""Markers with a condition."""

import pytest

skip_if_force_lowest_dependencies_marker = pytest.mark.skipif(False, reason="dependencies are recent")
