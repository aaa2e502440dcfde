"""What the water runs over, and the name it gives a run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from frmis.ground import Ground
from frmis.structure import Gate
from sdi.declaration import Label
from sdi.errors import InputError
from sdi.store.raster import fingerprint
from tests.frmis.ground import rough, scenario, terrain

BED = terrain(rough(6, 7))
BARE = Ground.of(BED)
GATE = Gate("G", -1.0, 2.0, ((2, 3),), (), (True,))


def test_bare_ground_gives_a_scenario_the_name_its_terrain_gives():
    assert BARE.is_bare
    assert BARE.source is BED
    assert BARE.pin(scenario()) == scenario().pinned(fingerprint(BED))


@pytest.mark.parametrize(
    "laid",
    [
        {"roughness": np.full((6, 7), 0.03)},
        {"pervious": np.ones((6, 7))},
        {"crest_x": np.full((6, 8), -np.inf)},
        {"crest_y": np.full((7, 7), -np.inf)},
        {"gates": (GATE,)},
        {"gates": (replace(GATE, crest=2.1),)},
        {"notices": (Label("a", "b"),)},
        {"elevation": BED + 1, "terrain": BED},
    ],
)
def test_everything_that_is_laid_changes_the_name_of_the_run_but_not_of_the_terrain(laid):
    ground = replace(BARE, **laid)
    pinned = ground.pin(scenario())
    assert not ground.is_bare
    assert pinned.terrain_hash == fingerprint(BED)
    assert pinned.ground_hash == ground.fingerprint() == replace(BARE, **laid).fingerprint()
    assert pinned.identifier != BARE.pin(scenario()).identifier
    more = replace(ground, gates=(GATE, replace(GATE, identifier="H")))
    assert len({ground.fingerprint(), BARE.fingerprint(), more.fingerprint()}) == 3


def test_what_is_laid_must_fit_the_grid():
    with pytest.raises(InputError, match=r"crest_x of the ground has shape \(6, 7\); expected \(6, 8\)"):
        replace(BARE, crest_x=np.zeros((6, 7)))
    with pytest.raises(InputError, match="without a value"):
        replace(BARE, roughness=np.full((6, 7), np.nan))
    with pytest.raises(InputError, match="expected 0 to 1"):
        replace(BARE, pervious=np.full((6, 7), 1.5))
    with pytest.raises(InputError, match=r"expected 0\.005 to 1"):
        replace(BARE, roughness=np.zeros((6, 7)))


def test_a_scenario_made_for_other_ground_is_refused():
    made = replace(BARE, pervious=np.ones((6, 7))).pin(scenario())
    with pytest.raises(InputError, match="a register or a table changed") as caught:
        replace(BARE, pervious=np.zeros((6, 7))).pin(made)
    assert caught.value.code == "ground-differs"
