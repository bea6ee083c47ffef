"""Assets and the conditions made of them."""

from __future__ import annotations

import os

import pytest

from etesian.sdk.assets.asset import (
    Asset,
    AssetAlias,
    AssetAll,
    AssetAny,
    AssetWatcher,
    Dataset,
    Model,
    as_asset_condition,
    to_asset_specs,
)
from etesian.sdk.assets.asset_uri import InvalidAssetError, normalize_uri
from etesian.spec.asset import AssetAliasSpec, AssetRefSpec, AssetSpec, WatcherSpec
from etesian.spec.asset import AssetAll as AllSpec
from etesian.spec.asset import AssetAny as AnySpec
from etesian.triggers.file import FileDeleteTrigger


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("s3://bucket/key", "s3://bucket/key"),
        ("S3://Bucket/Key/", "s3://Bucket/Key"),
        ("s3://user:secret@bucket/k?z=1&a=2#part", "s3://bucket/k?a=2&z=1"),
        ("postgres://host", "postgres://host/"),
        ("file:///data/day/", "file:///data/day"),
        ("s3:///key", "s3:///key"),
        ("x-private://User:Kept@Here", "x-private://User:Kept@Here"),
        ("plain name", "plain name"),
        ("/local/path/", "/local/path/"),
    ],
)
def test_a_uri_has_one_spelling(given: str, expected: str) -> None:
    assert normalize_uri(given) == expected
    assert normalize_uri(expected) == expected


@pytest.mark.parametrize("text", ["", "   ", "a" * 1501, "airflow://x", "etesian://x"])
def test_a_text_that_cannot_name_an_asset_is_refused(text: str) -> None:
    with pytest.raises(InvalidAssetError):
        Asset(text)


def test_an_asset_needs_a_name_or_a_uri() -> None:
    with pytest.raises(InvalidAssetError, match="needs a name or a uri"):
        Asset()


def test_name_and_uri_stand_for_each_other() -> None:
    assert (Asset("s3://b/k/").name, Asset("s3://b/k/").uri) == ("s3://b/k/", "s3://b/k")
    assert (Asset(uri="s3://b/k").name, Asset(name="n", uri="s3://b").uri) == ("s3://b/k", "s3://b/")


def test_an_asset_is_described_with_group_and_extra() -> None:
    assert Asset("n", "s3://b/k", group="g", extra={"a": 1}).to_spec() == AssetSpec(
        name="n", uri="s3://b/k", group="g", extra={"a": 1}
    )
    assert (Dataset("d").group, Model("m").group) == ("dataset", "model")


def test_a_file_opens_by_its_asset() -> None:
    assert os.fspath(Asset(name="n", uri="/data/x.csv")) == "/data/x.csv"


def test_assets_are_found_in_sets_and_dicts_by_name_and_uri() -> None:
    assert {Asset("a"): 1}[Asset("a")] == 1
    assert Asset("a") != Asset("a", extra={"other": True})


def test_operators_combine_without_nesting_equal_conditions() -> None:
    a, b, c = Asset("a"), Asset("b"), AssetAlias("c")
    assert (a | b | c) == AssetAny(a, b, c)
    assert (a & b & c) == AssetAll(a, b, c)
    assert ((a | b) & c) == AssetAll(AssetAny(a, b), c)


def test_an_asset_combines_with_assets_only() -> None:
    with pytest.raises(TypeError):
        Asset("a") & "b"
    with pytest.raises(TypeError, match="takes assets"):
        AssetAny(Asset("a"), "b")


def test_a_condition_is_described_part_by_part() -> None:
    condition = AssetAll(AssetAny(Asset("a"), AssetAlias("al")), Asset.ref(uri="S3://b/k"))
    assert condition.to_spec() == AllSpec(
        parts=(
            AnySpec(parts=(AssetSpec(name="a", uri="a"), AssetAliasSpec(name="al"))),
            AssetRefSpec(uri="s3://b/k"),
        )
    )
    assert [key.name for key, _ in condition.iter_assets()] == ["a"]


def test_a_reference_is_by_name_or_by_uri() -> None:
    for arguments in ({}, {"name": "n", "uri": "u"}):
        with pytest.raises(InvalidAssetError, match="only one"):
            Asset.ref(**arguments)


def test_a_list_as_schedule_means_all_of_it() -> None:
    assert as_asset_condition([Asset("a"), Asset("b")]) == AssetAll(Asset("a"), Asset("b"))
    assert as_asset_condition("@daily") is None
    assert as_asset_condition([]) is None


def test_inlets_and_outlets_leave_out_what_is_no_asset() -> None:
    a = Asset("a")
    assert to_asset_specs([a, "text", a | AssetAlias("al"), None]) == (a.to_spec(), AssetAliasSpec(name="al"))


def test_a_watcher_is_described_with_its_trigger() -> None:
    asset = Asset("a", watchers=[AssetWatcher("w", FileDeleteTrigger("/in/x", poke_interval=1))])
    assert asset.watcher_specs() == (
        WatcherSpec(
            name="w",
            asset=asset.to_spec(),
            trigger_class="etesian.triggers.file.FileDeleteTrigger",
            trigger_kwargs={"filepath": "/in/x", "poke_interval": 1},
        ),
    )
