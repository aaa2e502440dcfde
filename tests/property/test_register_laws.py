"""A register against an oracle that remembers everything: any order of verbs, any moment of the two times."""

import tempfile
from pathlib import Path

import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogs import packaged
from sdi.entry import Accuracy
from sdi.history import Clock
from sdi.identity import Ids
from sdi.publishing import projector
from sdi.publishing.publication import Publication
from sdi.recording import Batch
from sdi.workspace import Workspace
from tests.sdi.conftest import BENCH, SCHEMES, WORKSPACE

DAYS = [f"2025-01-{day:02}" for day in range(2, 12)]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["change", "correct", "move", "retire", "publish"]), st.integers(0, 9), st.integers(1, 12)
    ),
    min_size=1,
    max_size=8,
)


def small_workspace(folder: Path) -> Workspace:
    """Make a workspace with one register of its own."""
    description = folder / "description.yaml"
    description.write_text(WORKSPACE, encoding="utf-8")
    Workspace.make(folder / "city", description, packaged())
    for part, name, text in (("registers", "bench", BENCH), ("codes", "schemes", SCHEMES)):
        path = folder / "city" / "catalogs" / part / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Workspace.open(folder / "city", packaged())


class Oracle:
    """What a thing was on every day, remembered day by day after every transaction."""

    def __init__(self, seats: int, x: float) -> None:
        self.days = {day: ["active", seats, x] for day in DAYS}
        self.moved: list[str] = []
        self.known: dict[int, dict[str, list[object]]] = {}

    def move_holds_to(self, day: str) -> str:
        """Return where a move at a day stops: at the next move already recorded."""
        later = [moved for moved in self.moved if moved > day]
        self.moved.append(day)
        return min(later, default="9999")

    def remember(self, tx: int) -> None:
        """Keep what is known after a transaction."""
        self.known[tx] = {day: list(state) for day, state in self.days.items()}


def say(register, tx, oracle, eid, step):
    """Use one verb on the register and on the oracle."""
    verb, at, number = step
    day = DAYS[at]
    ended = oracle.days[DAYS[-1]][0] == "retired"
    if ended and verb in {"change", "move", "retire"}:
        return False
    if verb == "retire":
        register.retire(eid, tx, valid_from=day)
        for later in DAYS[at:]:
            oracle.days[later][0] = "retired"
        return True
    return say_value(register, tx, oracle, eid, (verb, at, number))


def say_value(register, tx, oracle, eid, step):
    """Change or correct a value, or move the thing."""
    verb, at, number = step
    day = DAYS[at]
    slot = 2 if verb == "move" else 1
    known = [(held.start[:10], held.end[:10]) for _, held, _ in register._known(eid)]
    if verb == "move":
        register.move(
            eid, shapely.Point(584_000 + number, 1_109_000), tx, valid_from=day, accuracy=Accuracy(1, method="photo")
        )
        stop = oracle.move_holds_to(day)
    elif verb == "change":
        register.change(eid, {"seats": number}, tx, valid_from=day)
        stop = next(end for start, end in known if start <= day < end)
    else:
        start, stop = next((start, end) for start, end in known if start <= day < end)
        register.correct(eid, tx, values={"seats": number}, valid_at=day)
        day = start
    for one in DAYS:
        if day <= one < stop:
            oracle.days[one][slot] = number if slot == 1 else 584_000 + number
    return True


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(STEPS)
def test_any_order_of_verbs_answers_every_as_of_question_as_the_oracle_does(steps):
    with tempfile.TemporaryDirectory() as folder:
        workspace = small_workspace(Path(folder))
        registry = workspace.registry(clock=Clock.fixed(), ids=Ids.seeded(7))
        register = registry.register("bench")
        oracle = Oracle(4, 584_000)
        with registry.transaction("test", "add") as tx:
            batch = Batch(values={"seats": [4]}, geometry=shapely.points([[584_000, 1_109_000]]), valid_from=DAYS[0])
            eid = register.add(batch, tx)[0]
        oracle.remember(registry.last_tx)
        for step in steps:
            if step[0] == "publish":
                projector.refresh(workspace, registry)
                continue
            with registry.transaction("test", step[0]) as tx:
                done = say(register, tx, oracle, eid, step)
            if done:
                oracle.remember(registry.last_tx)
        for tx_number, days in oracle.known.items():
            for day, (status, seats, x) in days.items():
                found = register.find(eid, valid=day, recorded=tx_number)
                assert found.status == status
                if status == "active":  # what an ended thing would be like is nobody's question
                    assert (found.values["seats"], found.geometry.x) == (seats, x)
        registry.verify()
        projector.refresh(workspace, registry)
        projector.verified(workspace, registry)
        publication = Publication.open(workspace.publication_path("public"))
        for day, (status, *_rest) in oracle.days.items():
            page = publication.items("benches", limit=2, datetime=f"{day}T12:00:00Z")
            assert len(page.features) == (status != "retired")
        publication.close()
        registry.close()
