"""Five real briefs, all on one theme: the hardest week that a new reader can have."""

from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.ingest.ingest import IngestJob, ingest_sources
from newsletter.ingest.sources.folder import Folder
from newsletter.storage.schema import delivery, issue, pick
from tests.builders import subscribe
from tests.delivery.conftest import House

SEEDS = Path(__file__).parents[2].parent / "shared" / "seeds"


@pytest.mark.skipif(not SEEDS.is_dir(), reason="../shared/seeds is not here")
def test_a_new_readers_first_two_issues_have_five(house: House) -> None:
    source = Folder(SEEDS, 1_000_000)
    nothing = IngestJob(
        house.store, "here", [source], (), "UTC", lambda: None, lambda _done, _total: None
    )
    ingest_sources(nothing, lambda: house.now)
    with house.store.writing() as db:
        subscribe(db)
    house.tick()
    house.now += timedelta(days=1)
    house.tick()
    with house.store.reading() as db:
        sent = db.execute(
            pick.select()
            .join(issue, issue.c.id == pick.c.issue_id)
            .join(delivery, delivery.c.issue_id == issue.c.id)
        ).all()
    assert len(sent) == 10
    assert len({row.insight_id for row in sent}) == 10
    assert len(house.channel.taken) == 2
