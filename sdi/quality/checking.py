"""Rows of a delivery held against the declaration of their register."""

from __future__ import annotations

import dataclasses
import difflib
import logging
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sdi import expression, label
from sdi.catalog import Catalog
from sdi.declaration import Declaration, Scheme
from sdi.entry import ColumnMapping, Entry
from sdi.errors import InputError, RefusedError, refused
from sdi.quality import cells, repair, told
from sdi.quality.cells import Value
from sdi.quality.report import Report, count
from sdi.quality.titles import title
from sdi.source import Delivery, Finding

logger = logging.getLogger(__name__)

ROW = "_row"
"""Column with the number of the row as delivered."""


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """Rows that may be recorded, rows that may not, and why."""

    accepted: gpd.GeoDataFrame
    """Good rows: ``_row``, one column per field of the register, ``identifier:<scheme>``, ``name:<language>`` and the
    geometry in the CRS of the source; missing values are None. Empty where the delivery is refused."""
    quarantined: gpd.GeoDataFrame
    """Bad rows: ``_row``, ``_reason`` and the columns as delivered."""
    report: Report


def check(delivery: Delivery, declaration: Declaration, catalog: Catalog, entry: Entry) -> Checked:
    """Hold every row of a delivery against a register.

    Parameters
    ----------
    delivery : Delivery
        What was read.
    declaration : Declaration
        The register.
    catalog : Catalog
        Its code lists and schemes.
    entry : Entry
        Which column is which field.

    Returns
    -------
    Checked
        Rows and report; ``report.raise_if_refused()`` stops a load.

    Raises
    ------
    InputError
        If the entry itself does not fit the register.
    """
    if entry.register != declaration.name:
        raise InputError(f"entry {entry.name} loads into {entry.register!r}, not into {declaration.name!r}")
    findings = _of_reading(delivery, entry) + _of_delivery(delivery, declaration, entry)
    source = {str(name): delivery.table[name].tolist() for name in delivery.table.columns if name != "geometry"}
    ledger = _places(delivery, declaration, entry, findings)
    findings += ledger.findings
    columns = _fields(source, declaration, catalog, entry, findings, len(delivery.table))
    columns |= _identifiers(source, catalog, entry, findings)
    columns |= {
        f"name:{language}": _texts(source.get(name)) for language, name in entry.names.items() if name in source
    }
    columns |= told.columns(source, entry, findings, len(delivery.table))
    _check_duplicates(columns, ledger.geometry, catalog, entry, findings)
    _check_rules(columns, declaration, entry, findings)
    numbers = [int(row) for row in delivery.table.index]
    return _concluded(delivery, declaration, entry, columns, ledger.geometry, _numbered(findings, numbers))


def _numbered(findings: list[Finding], numbers: list[int]) -> tuple[Finding, ...]:
    """Name rows by their number as delivered; while checking they go by their place in the table."""
    return tuple(
        finding if finding.row is None else dataclasses.replace(finding, row=numbers[finding.row])
        for finding in findings
    )


def _of_reading(delivery: Delivery, entry: Entry) -> list[Finding]:
    """Take over what reading found, as far as it concerns columns that are used."""
    used = {mapping.column for mapping in entry.fields.values()} | {*entry.identifiers.values(), *entry.names.values()}
    used |= {*told.wanted(entry).values()}
    place = {int(row): number for number, row in enumerate(delivery.table.index)}
    return [
        finding if finding.row is None else dataclasses.replace(finding, row=place[finding.row])
        for finding in delivery.findings
        if finding.column is None or finding.column in used or finding.code == "field-duplicate"
    ]


def _of_delivery(delivery: Delivery, declaration: Declaration, entry: Entry) -> list[Finding]:
    """Judge the delivery as a whole: its columns, its accuracy, its size."""
    found = []
    names = [str(name) for name in delivery.table.columns if name != "geometry"]
    wanted = {field: mapping.column for field, mapping in entry.fields.items() if mapping.column is not None}
    for target, name in {**wanted, **entry.identifiers, **entry.names, **told.wanted(entry)}.items():
        if name not in names:
            close = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(names[:30]) or 'none'}"
            found.append(_refusal("column-missing", f"column {name!r}, meant for {target}, was not delivered; {hint}"))
    for field in declaration.fields:
        if field.required and field.name not in entry.fields:
            message = f"field {field.name} is required, but the entry names no column for it; add it to fields"
            found.append(_refusal("field-unmapped", message))
    limit, stated = declaration.location.max_horizontal_error_m, entry.accuracy.horizontal_m
    if limit is not None and stated is None:
        message = f"the entry does not state how exact the places are; the register asks for {limit:g} m"
        found.append(Finding("accuracy-unknown", None, message, "accepted"))
    elif limit is not None and stated is not None and stated > limit:
        message = f"places are exact to {stated:g} m, the register asks for {limit:g} m; deliver better ones"
        found.append(_refusal("accuracy-too-poor", message))
    if not len(delivery.table):
        found.append(Finding("no-rows", None, "the delivery holds no rows; is it the right file?", "accepted"))
    return found


def _refusal(code: str, message: str) -> Finding:
    return Finding(code, None, message, "refused")


def _places(delivery: Delivery, declaration: Declaration, entry: Entry, findings: Sequence[Finding]) -> repair.Ledger:
    """Repair the geometries; those that a route tells need none."""
    rule = dataclasses.replace(declaration.location, required=False) if "route" in entry.place else declaration.location
    geometry = np.asarray(delivery.table.geometry.to_numpy(), dtype=object)
    bad = {finding.row for finding in findings if finding.action == "quarantined" and finding.row is not None}
    ordered = delivery.format == "GeoJSON"
    return repair.repaired(geometry, delivery.crs, rule, ordered_rings=ordered, known_bad=bad)


def _fields(
    source: Mapping[str, list[Any]],
    declaration: Declaration,
    catalog: Catalog,
    entry: Entry,
    findings: list[Finding],
    rows: int,
) -> dict[str, list[Value]]:
    """Turn columns into fields of the register."""
    values: dict[str, list[Value]] = {}
    for field in declaration.fields:
        mapping = entry.fields.get(field.name, ColumnMapping())
        delivered = [None] * rows if mapping.column is None else source.get(mapping.column)
        if delivered is None:
            values[field.name] = [None] * rows
            continue
        column = cells.converted(field, mapping, delivered, catalog.codes.get(field.codes or ""), entry.valid_from)
        values[field.name] = column.values
        findings.extend(column.findings)
    return values


def _texts(delivered: Sequence[Any] | None) -> list[Value]:
    """Write the cells of a column as texts."""
    return [cells.as_text(cell) for cell in delivered or ()]


def _identifiers(
    source: Mapping[str, list[Any]], catalog: Catalog, entry: Entry, findings: list[Finding]
) -> dict[str, list[Value]]:
    """Read identifiers and hold them against the pattern of their scheme."""
    columns: dict[str, list[Value]] = {}
    for scheme, name in entry.identifiers.items():
        if name in source:
            texts = _texts(source[name])
            columns[f"identifier:{scheme}"] = texts
            findings.extend(_misformed(texts, catalog.schemes[scheme], name))
            findings.extend(_mistyped(texts, catalog.schemes[scheme], name))
    return columns


def _mistyped(texts: list[Value], scheme: Scheme, name: str) -> list[Finding]:
    """Find labels with typing errors."""
    wrong = [(row, str(one)) for row, one in enumerate(texts if scheme.check else []) if one is not None]
    return [
        Finding("label-mistyped", row, f"{one!r} has a typing error", "quarantined", before=one, column=name)
        for row, one in wrong
        if not label.is_right(one)
    ]


def _misformed(texts: list[Value], scheme: Scheme, name: str) -> list[Finding]:
    """Find identifiers of the wrong form, and count the missing ones."""
    found = []
    pattern = re.compile(scheme.pattern)
    for row, value in enumerate(texts):
        if isinstance(value, str) and not pattern.fullmatch(label.canonical(value) if scheme.check else value):
            hint = "; were leading zeros lost?" if value.isdigit() and pattern.fullmatch(value.zfill(5)) else ""
            message = f"{value!r} is no {scheme.name} ({scheme.pattern}){hint}"
            found.append(Finding("identifier-pattern", row, message, "quarantined", before=value, column=name))
    missing = texts.count(None)
    if missing:
        message = f"{missing:,} rows have no {scheme.name}; they get an identifier of this platform only"
        found.append(Finding("identifier-missing", None, message, "accepted", column=name))
    return found


def _check_duplicates(
    columns: Mapping[str, list[Value]],
    geometry: repair.Geometries,
    catalog: Catalog,
    entry: Entry,
    findings: list[Finding],
) -> None:
    """Find identifiers that stand twice: equal rows keep the first, of different ones none can be believed."""
    for scheme, name in entry.identifiers.items():
        if not catalog.schemes[scheme].unique_live:
            continue
        rows: dict[Value, list[int]] = defaultdict(list)
        for row, value in enumerate(columns.get(f"identifier:{scheme}", ())):
            rows[value].append(row)
        for value, same in rows.items():
            if value is not None and len(same) > 1:
                findings.extend(_duplicates(f"{scheme} {value}", same, columns, geometry, name))


def _duplicates(
    label: str, rows: list[int], columns: Mapping[str, list[Value]], geometry: repair.Geometries, name: str
) -> list[Finding]:
    """Judge rows with the same identifier."""
    first, *others = rows
    contents = [(shapely.to_wkb(geometry[row]), *(values[row] for values in columns.values())) for row in rows]
    if all(content == contents[0] for content in contents):
        message = f"repeats row {first} in everything; one of them is enough"
        return [Finding("row-repeated", row, message, "quarantined", before=label, column=name) for row in others]
    message = f"rows {', '.join(map(str, rows[:5]))} carry the same {label} but differ; ask which is right"
    return [Finding("identifier-duplicate", row, message, "quarantined", before=label, column=name) for row in rows]


def _check_rules(
    columns: Mapping[str, list[Value]], declaration: Declaration, entry: Entry, findings: list[Finding]
) -> None:
    """Evaluate the rules of the register on all rows."""
    known = {field.name: np.array([*columns[field.name], None], dtype=object)[:-1] for field in declaration.fields}
    context = {**known, "status": "active", "valid_from": entry.valid_from}
    for rule in declaration.rules:
        broken = expression.parse(rule.expression, context).broken(context)
        for row in np.flatnonzero(broken):
            values = {name: known[name][row] for name in known if re.search(rf"\b{name}\b", rule.expression)}
            message = f"rule {rule.id}: {rule.title.en} ({rule.expression})"
            said = ", ".join(f"{name}={value}" for name, value in values.items() if value is not None)
            action = "quarantined" if rule.level == "error" else "accepted"
            findings.append(Finding("rule-broken", int(row), message, action, before=said or None))  # type: ignore[arg-type]


def _concluded(
    delivery: Delivery,
    declaration: Declaration,
    entry: Entry,
    columns: Mapping[str, list[Value]],
    geometry: repair.Geometries,
    findings: tuple[Finding, ...],
) -> Checked:
    """Decide about the delivery and split its rows."""
    numbers = np.array(delivery.table.index, dtype=np.int64)
    bad = {finding.row for finding in findings if finding.action == "quarantined" and finding.row is not None}
    reason = _reason(findings, len(bad), len(numbers), declaration, entry)
    if reason is not None:
        findings = tuple(
            dataclasses.replace(finding, action="refused") if finding.action == "quarantined" else finding
            for finding in findings
        )
    good = ~np.isin(numbers, sorted(bad))
    frame = pd.DataFrame({ROW: numbers, **{name: pd.Series(values, dtype=object) for name, values in columns.items()}})
    accepted = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(geometry, crs=delivery.crs), crs=delivery.crs)
    report = Report(
        entry=entry.name,
        register=declaration.name,
        title=entry.title,
        source={
            "file": delivery.path.name,
            "format": delivery.format,
            "encoding": delivery.encoding,
            "crs": delivery.crs_name,
            "sha256": delivery.sha256,
        },
        rows=len(numbers),
        counts=count(len(numbers), findings, "quarantined" if reason is None else "refused"),
        findings=findings,
        labels=_labels(numbers, columns, findings),
        reason=reason,
    )
    logger.info("%s: %s, %d of %d rows good", entry.name, report.outcome, int(good.sum()), len(numbers))
    kept = accepted[good] if reason is None else accepted[:0]
    return Checked(kept.reset_index(drop=True), _put_aside(delivery, ~good, findings), report)


def _put_aside(delivery: Delivery, bad: np.ndarray, findings: tuple[Finding, ...]) -> gpd.GeoDataFrame:
    """Keep bad rows as they came, with the reasons."""
    reasons: dict[int, list[str]] = defaultdict(list)
    for finding in findings:
        if finding.row is not None and finding.action in ("quarantined", "refused"):
            reasons[finding.row].append(f"{finding.code}: {finding.message}")
    rows = delivery.table[bad].copy()
    rows.insert(0, ROW, rows.index)
    rows.insert(1, "_reason", ["; ".join(reasons[row]) for row in rows.index])
    aside: gpd.GeoDataFrame = rows.reset_index(drop=True)
    return aside


def _reason(
    findings: tuple[Finding, ...], bad: int, rows: int, declaration: Declaration, entry: Entry
) -> RefusedError | None:
    """Decide whether the delivery is refused, and say why."""
    whole = [finding for finding in findings if finding.action == "refused"]
    if whole:
        found, _, cure = whole[0].message.rpartition("; ")
        more = f" (and {len(whole) - 1} more of the kind)" if len(whole) > 1 else ""
        return refused(whole[0].code, found + more, cure, findings=[finding.message for finding in whole])
    if not bad:
        return None
    kinds = Counter(finding.code for finding in findings if finding.action == "quarantined")
    named = ", ".join(f"{title(code).en.lower()} ({number:,})" for code, number in kinds.most_common(5))
    allowed = max(
        (one.maximum_bad_share for one in (entry, declaration) if one.on_bad_row == "quarantine"), default=None
    )
    code = kinds.most_common(1)[0][0]
    if allowed is None:
        found = f"{bad:,} of {rows:,} rows cannot be taken: {named}"
        cure = "correct them, or allow rows to be put aside in the entry (on_bad_row: quarantine, maximum_bad_share)"
        return refused(code, found, cure, kinds=dict(kinds), bad=bad, rows=rows)
    if bad <= allowed * rows:
        return None
    found = f"{bad:,} of {rows:,} rows cannot be taken, at most {allowed:.1%} may be put aside: {named}"
    cure = "correct the delivery, or raise maximum_bad_share if so many may be missing"
    return refused("too-many-bad-rows", found, cure, kinds=dict(kinds), bad=bad, rows=rows, allowed=allowed)


def _labels(numbers: np.ndarray, columns: Mapping[str, list[Value]], findings: tuple[Finding, ...]) -> dict[int, str]:
    """Name the rows with findings as people know them: by an identifier, else by a name."""
    naming = [name for name in columns if name.startswith("identifier:")]
    naming += [name for name in columns if name.startswith("name:")]
    place = {int(row): number for number, row in enumerate(numbers)}
    labels = {}
    for row in {finding.row for finding in findings} - {None}:
        values = ((name, columns[name][place[row]]) for name in naming)  # type: ignore[index]
        known = next(((name, value) for name, value in values if value is not None), None)
        if known is not None:
            labels[int(row)] = f"{known[0].partition(':')[2]} {known[1]}"  # type: ignore[arg-type]
    return labels
