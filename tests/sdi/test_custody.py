"""Who answers for a thing, for one of its attributes, then and now; organisations merge and are still found."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalogs import packaged
from sdi import custody, provenance
from sdi.custody import Custodian
from sdi.entry import Licence
from sdi.errors import InputError, NotInRegister
from sdi.lineage.step import Step
from sdi.workspace import Workspace
from tests import model
from tests.model import add, point, writing

LICENCE = Licence("CC0-1.0", "A", "Model city")
BUILT, TRANSPORT = "Sở Xây dựng", "Sở Giao thông vận tải"


@pytest.fixture
def book(tmp_path: Path, store: str | None):
    """The model city with the packaged register of organisations."""
    model.build(tmp_path, store)
    for part in ("registers/organisation.yaml", "codes/organisation_role.yaml", "styles/organisation.yaml"):
        target = tmp_path / "catalog" / part
        target.parent.mkdir(exist_ok=True)
        target.write_text((packaged() / part).read_text(encoding="utf-8"), encoding="utf-8")
    schemes = tmp_path / "catalog" / "codes" / "schemes.yaml"
    lines = (packaged() / "codes" / "schemes.yaml").read_text(encoding="utf-8").splitlines()
    own = next(line for line in lines if "scheme: vn-org" in line)
    schemes.write_text(schemes.read_text(encoding="utf-8") + own + "\n", encoding="utf-8")
    made = model.opened(Workspace.open(tmp_path / "city", tmp_path / "catalog"))
    yield made
    made.close()


@pytest.fixture
def agencies(book):
    """Two departments with codes."""
    with writing(book, "organisations") as tx:
        return add(
            book, "organisation", tx, identifiers={"vn-org": ["H13.10", "H13.7"]},
            names={"vi": [BUILT, TRANSPORT], "vi.short": ["SXD", None]},
        )  # fmt: skip


def deliver(book, custodian, places=1):
    with writing(book, "delivery") as tx:
        eids = add(
            book, "post", tx, places=[point(10 * one) for one in range(places)], values={"height": [8.0] * places}
        )
        provenance.record(
            tx, f"of {custodian}", "post", custodian=custodian, licence=LICENCE, sha256="0", accepted=places
        )
    return eids


@pytest.mark.both_stores
@pytest.mark.shows("shared-model")
def test_a_post_has_one_custodian_and_its_owner_field_another_from_a_date_on(book, agencies):
    built, transport = agencies
    (post,) = deliver(book, "H13.10")
    known = book.last_tx
    with writing(book, "handed over") as tx:
        custody.entrust(book, [post], transport, tx, fields=["owner"], valid_from="2024-01-01")
    assert custody.custodian(book, post) == Custodian(built, BUILT, None)
    assert custody.custodian(book, post, "height") == Custodian(built, BUILT, None)
    assert custody.custodian(book, post, "owner") == Custodian(transport, TRANSPORT, "owner")
    assert custody.custodian(book, post, "owner", valid="2023-12-31") == Custodian(built, BUILT, None)
    assert custody.custodian(book, post, "owner", recorded=known) == Custodian(built, BUILT, None)
    with writing(book, "all of it") as tx:
        custody.entrust(book, [post], transport, tx, valid_from="2025-03-01")
    assert [custody.custodian(book, post, valid=day).organisation for day in ("2025-02-28", "2025-03-01")] == [
        built, transport,
    ]  # fmt: skip
    assert book.verify() == book.last_tx


@pytest.mark.both_stores
def test_an_organisation_that_was_merged_still_answers_and_leads_to_the_one_that_took_over(book, agencies):
    built, transport = agencies
    (post,) = deliver(book, TRANSPORT)
    with writing(book, "departments merged") as tx:
        book.register("organisation").retire(transport, tx, valid_from="2025-03-01", status="merged_away")
        book.lineage.record([Step(transport, built, "merge", "2025-03-01", "1668/NQ")], tx)
    answering = custody.custodian(book, post)
    assert answering == Custodian(transport, TRANSPORT, None)
    assert [one.eid for one in book.resolve(answering.organisation)] == [built]
    assert [one.eid for one in book.resolve(answering.organisation, "2024-01-01")] == [transport]


@pytest.mark.parametrize("said", ["H13.10", " h13.10 ", "Sở Xây dựng", "so xay dung", "SXD"])
def test_a_delivery_means_an_organisation_by_code_or_by_any_name(book, agencies, said):
    assert custody.custodian(book, deliver(book, said)[0]) == Custodian(agencies[0], BUILT, None)


def test_a_custodian_whom_nobody_registered_stays_a_name(book, agencies):
    assert custody.custodian(book, deliver(book, "OpenStreetMap")[0]) == Custodian(None, "OpenStreetMap", None)
    with writing(book) as tx:
        (post,) = add(book, "post", tx, places=[point()])
    assert custody.custodian(book, post) is None


def test_a_name_of_two_organisations_is_refused_with_the_cure(book, agencies):
    with writing(book) as tx:
        add(book, "organisation", tx, names={"vi": [BUILT]})
    with pytest.raises(InputError, match="2 organisations are or were called 'Sở Xây dựng'; give the vn-org code"):
        deliver(book, BUILT)


def test_what_is_not_there_is_entrusted_to_nobody(book, agencies):
    (post,) = deliver(book, "H13.10")
    with pytest.raises(NotInRegister, match="is a post, no organisation"), writing(book) as tx:
        custody.entrust(book, [post], post, tx)
    with pytest.raises(InputError, match="has no field 'colour'; it has height, owner"), writing(book) as tx:
        custody.entrust(book, [post], agencies[0], tx, fields=["colour"])
    with pytest.raises(NotInRegister, match="is not recorded"), writing(book) as tx:
        custody.entrust(book, ["nothing"], agencies[0], tx)


def test_a_code_of_another_form_is_no_code_of_an_organisation(book):
    with pytest.raises(InputError, match="does not fit scheme vn-org"), writing(book) as tx:
        add(book, "organisation", tx, identifiers={"vn-org": ["13.H"]})
