"""The outcome of every row of a delivery, for machines and for people."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sdi.declaration import Label
from sdi.errors import RefusedError
from sdi.quality.titles import title
from sdi.source import Finding

Outcome = Literal["accepted", "repaired", "quarantined", "refused"]
OUTCOMES: tuple[Outcome, ...] = ("accepted", "repaired", "quarantined", "refused")
"""From the best to the worst."""

_WORDS: Mapping[str, Label] = {
    "accepted": Label("nhận", "accepted"),
    "repaired": Label("sửa", "repaired"),
    "quarantined": Label("cách ly", "put aside"),
    "refused": Label("từ chối", "refused"),
    "rows": Label("dòng", "rows"),
    "delivery": Label("toàn bộ", "whole"),
    "row": Label("dòng", "row"),
    "more": Label("và {count} dòng nữa", "and {count} more"),
    "counted": Label("dòng đếm từ 0, theo thứ tự bàn giao", "rows are counted from 0, as delivered"),
    "moved": Label("diện tích thay đổi khi sửa", "area moved by repairs"),
    "was": Label("trước", "was"),
    "now": Label("nay", "now"),
    "reason": Label("lý do", "reason"),
    "nothing": Label("không có nhận xét", "nothing to remark"),
    "unchanged": Label("giữ nguyên", "unchanged"),
}


_LONGEST = 10_000
"""Most characters of one text in a report for machines."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found, with the outcome of the delivery and of every row."""

    entry: str
    register: str
    title: Label
    source: Mapping[str, str]
    """File, format, encoding, CRS and digest of the delivery."""
    rows: int
    """Number of rows delivered."""
    counts: Mapping[Outcome, int]
    """Rows by outcome; each row has one."""
    findings: tuple[Finding, ...]
    labels: Mapping[int, str]
    """Identifier or name by which people know a row, for rows with findings."""
    reason: RefusedError | None = None
    """Why the delivery is refused; None where it is not."""

    @property
    def outcome(self) -> Outcome:
        """Outcome of the delivery: refused, or the worst of its rows, or what was repaired about it as a whole."""
        if self.reason is not None:
            return "refused"
        worst = [one for one in OUTCOMES if self.counts[one]]
        whole: list[Outcome] = ["repaired" for finding in self.findings if finding.action == "repaired"]
        return max([*worst, *whole, "accepted"], key=OUTCOMES.index)

    @property
    def moved_area_m2(self) -> float:
        """Area that all repairs together moved [m2]."""
        return sum(finding.moved_area_m2 or 0.0 for finding in self.findings)

    def raise_if_refused(self) -> None:
        """Refuse the delivery where the check did.

        Raises
        ------
        RefusedError
            With code and cure of the reason.
        """
        if self.reason is not None:
            raise self.reason

    def to_json(self) -> str:
        """Write everything.

        Returns
        -------
        str
            One JSON document; equal for equal deliveries.
        """
        document = {
            "entry": self.entry,
            "register": self.register,
            "title": {"vi": self.title.vi, "en": self.title.en},
            "outcome": self.outcome,
            "reason": self._reason(),
            "rows": self.rows,
            "counts": {outcome: self.counts[outcome] for outcome in OUTCOMES},
            "moved_area_m2": round(self.moved_area_m2, 3),
            "source": dict(self.source),
            "findings": [self._finding(finding) for finding in self.findings],
        }
        return json.dumps(document, ensure_ascii=False, indent=1)

    def _reason(self) -> dict[str, str] | None:
        """Write why the delivery is refused."""
        if self.reason is None:
            return None
        details = self.reason.details
        return {"code": self.reason.code, "message": str(details["found"]), "cure": str(details["cure"])}

    def _finding(self, finding: Finding) -> dict[str, Any]:
        """Write one finding, without what it does not say."""
        said = {
            "code": finding.code,
            "row": finding.row,
            "label": _cut(self.labels.get(-1 if finding.row is None else finding.row)),
            "column": _cut(finding.column),
            "action": finding.action,
            "message": _cut(finding.message),
            "before": _cut(finding.before),
            "after": _cut(finding.after),
            "moved_area_m2": None if finding.moved_area_m2 is None else round(finding.moved_area_m2, 3),
        }
        return {key: value for key, value in said.items() if value is not None or key == "row"}

    def to_text(self, language: str = "en", examples: int = 3) -> str:
        """Write what an operator wants to know.

        Parameters
        ----------
        language : {'vi', 'en'}
            Language of headings; remarks are in English.
        examples : int
            Rows shown of each kind of finding; of repaired geometries those that moved most.

        Returns
        -------
        str
            Several lines: outcome and counts, then one paragraph per kind of finding, the gravest first.
        """
        lines = [self._headline(language), self._source_line(), self._count_line(language)]
        if self.reason is not None:
            lines.append(f"{_word('reason', language)} ({self.reason.code}): {self.reason.message}")
        if self.moved_area_m2:
            lines.append(f"{_word('moved', language)}: {self.moved_area_m2:,.2f} m2")
        groups: dict[tuple[str, str], list[Finding]] = {}
        for finding in self.findings:
            groups.setdefault((finding.action, finding.code), []).append(finding)
        ordered = sorted(groups, key=lambda key: -OUTCOMES.index(key[0]))
        for key in ordered:
            lines += ["", *self._paragraph(groups[key], language, examples)]
        if not groups:
            lines += ["", _word("nothing", language)]
        elif any(finding.row is not None for finding in self.findings):
            lines += ["", f"({_word('counted', language)})"]
        return "\n".join(lines) + "\n"

    def _headline(self, language: str) -> str:
        outcome = _word(self.outcome, language).upper()
        return f"{outcome}: {self.title.of(language)} [{self.entry} → {self.register}]"

    def _source_line(self) -> str:
        parts = [self.source[key] for key in ("file", "format", "encoding", "crs") if self.source[key]]
        return f"{', '.join(parts)}, sha256 {self.source['sha256'][:12]}…"

    def _count_line(self, language: str) -> str:
        counts = [
            f"{self.counts[outcome]:,} {_word('unchanged' if outcome == 'accepted' else outcome, language)}"
            for outcome in OUTCOMES
            if self.counts[outcome]
        ]
        return _rows(self.rows, language) + (f": {', '.join(counts)}" if counts else "")

    def _paragraph(self, findings: list[Finding], language: str, examples: int) -> list[str]:
        """Write the findings of one kind."""
        first = findings[0]
        rows = len({finding.row for finding in findings} - {None})
        extent = _rows(rows, language) if rows else _word("delivery", language)
        lines = [f"{_word(first.action, language)} · {title(first.code).of(language)} ({first.code}) · {extent}"]
        shown = sorted(findings, key=lambda finding: -(finding.moved_area_m2 or 0.0))[:examples]
        lines += [f"  {self._line(finding, language)}" for finding in shown]
        if len(findings) > examples:
            lines.append("  " + _word("more", language).format(count=f"{len(findings) - examples:,}"))
        return lines

    def _line(self, finding: Finding, language: str) -> str:
        """Write one finding on one line."""
        label = "" if finding.row is None else self.labels.get(finding.row, "")
        where = (
            ""
            if finding.row is None
            else f"{_word('row', language)} {finding.row}{f' ({_one_line(label)})' if label else ''}: "
        )
        change = "".join(
            f"; {_word(word, language)} «{_one_line(said)}»"
            for word, said in (("was", finding.before), ("now", finding.after))
            if said is not None
        )
        return f"{where}{_one_line(finding.message, 400)}{change}"


def _one_line(said: str, longest: int = 100) -> str:
    """Shorten a text to what fits on a line; what a terminal would obey or hide is written out."""
    clean = "".join(
        character if character.isprintable() else ascii(character)[1:-1] for character in said[: longest + 1]
    )
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"


def _cut(said: str | None) -> str | None:
    """Shorten a text that no report can hold: a cell may have millions of letters."""
    return said if said is None or len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"


def _rows(number: int, language: str) -> str:
    """Count rows in words."""
    return f"{number:,} {_word('row' if number == 1 else 'rows', language)}"


def _word(key: str, language: str) -> str:
    return _WORDS[key].of(language)


def count(rows: int, findings: tuple[Finding, ...], bad: Outcome) -> dict[Outcome, int]:
    """Count rows by outcome.

    Parameters
    ----------
    rows : int
        Number of rows.
    findings : tuple of Finding
        What was found.
    bad : {'quarantined', 'refused'}
        What becomes of bad rows.

    Returns
    -------
    dict of str to int
        Each row counts once, with its worst finding.
    """
    worst: dict[int, str] = {}
    for finding in findings:
        if finding.row is not None:
            known = worst.get(finding.row, "accepted")
            worst[finding.row] = max(known, finding.action, key=OUTCOMES.index)
    counted = Counter(worst.values())
    broken = counted["quarantined"] + counted["refused"]
    unchanged = rows - broken - counted["repaired"]
    counts: dict[Outcome, int] = {
        "accepted": unchanged,
        "repaired": counted["repaired"],
        "quarantined": 0,
        "refused": 0,
    }
    return counts | {bad: broken}
