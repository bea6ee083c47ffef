from __future__ import annotations

import httpx
import pytest

from etesian.protocol.commands import AssetsChanged
from etesian.protocol.reports import AssetEventReport
from etesian.spec.asset import AssetSpec
from etesian.spec.dag import DagSpec
from etesian.spec.schedule import AssetSchedule
from etesian.spec.task import TaskSpec
from etesian.store import Store
from etesian.store.batch import Batch
from etesian.store.bus import Bus
from tests.conformance.store.samples import Recorded, Scheduler, a_run, a_task, key_of, save_spec
from tests.integration.api.test_dag_runs import consuming

ORDERS = AssetSpec(name="orders", uri="s3://orders")


@pytest.fixture
def asset_id(client: httpx.Client, store: Store) -> int:
    """Two DAGs that share an asset; its number."""
    making = DagSpec(dag_id="making", file="m.py", tasks=(TaskSpec(task_id="make", outlets=(ORDERS,)),))
    using = DagSpec(
        dag_id="using",
        file="u.py",
        tasks=(TaskSpec(task_id="use"),),
        schedule=AssetSchedule(condition=ORDERS),
    )
    save_spec(store, making)
    save_spec(store, using)
    (asset,) = client.get("/api/v2/assets").json()["assets"]
    return int(asset["id"])


def test_assets_are_listed_with_those_who_use_them(client: httpx.Client, asset_id: int) -> None:
    asset = client.get(f"/api/v2/assets/{asset_id}").json()

    assert (asset["name"], asset["uri"], asset["updated_at"]) == ("orders", "s3://orders", None)
    assert asset["scheduled_dags"] == [{"dag_id": "using", "task_id": None}]
    assert asset["producing_tasks"] == [{"dag_id": "making", "task_id": "make"}]
    assert client.get("/api/v2/assets", params={"dag_ids": "etl"}).json()["total_entries"] == 0


def test_an_event_from_outside_is_given_to_the_scheduler(
    client: httpx.Client, store: Store, scheduler: Scheduler, bus: Bus, asset_id: int
) -> None:
    with consuming(store, scheduler, bus) as commands:
        posted = client.post("/api/v2/assets/events", json={"asset_id": asset_id, "extra": {"rows": 3}})

    assert posted.status_code == 200
    report = AssetEventReport(name="orders", uri="s3://orders", extra={"rows": 3, "from_rest_api": True})
    assert commands[-1] == AssetsChanged(events=(report,), source="api")


def test_events_are_listed_with_their_source_and_the_runs_that_they_caused(
    client: httpx.Client, scheduler: Scheduler, asset_id: int
) -> None:
    report = AssetEventReport(name="orders", uri="s3://orders", extra={"rows": 3})
    scheduler.save(a_run("maker"), a_task(run_id="maker"), a_run("caused", dag_id="using"))
    scheduler.write(
        Batch(asset_events=[Recorded((report,), key_of(run_id="maker"), "task"), Recorded((report,))])
    )
    scheduler.write(Batch(consumed_asset_events=[(a_run("caused", dag_id="using").key, (1,))]))

    first, second = client.get("/api/v2/assets/events", params={"asset_id": asset_id}).json()["asset_events"]

    assert (first["source"], first["source_run_id"], first["extra"]) == ("task", "maker", {"rows": 3})
    assert first["created_dagruns"] == [{"dag_id": "using", "run_id": "caused"}]
    assert (second["source"], second["source_dag_id"], second["created_dagruns"]) == ("api", None, [])


def test_an_asset_that_does_not_exist_is_not_found(client: httpx.Client) -> None:
    assert client.get("/api/v2/assets/99").status_code == 404
    assert client.post("/api/v2/assets/events", json={"asset_id": 99}).status_code == 404
