"""The data dictionary: what people should know of a register, as a Markdown page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sdi import expression
from sdi.catalog import Catalog
from sdi.catalog.consistency import RULE_NAMES
from sdi.declaration import CodeList, Declaration, Field, Label, Level

_WORDS = {
    "register": Label("Sổ đăng ký", "Register"),
    "version": Label("Phiên bản", "Version"),
    "collection": Label("Bộ sưu tập", "Collection"),
    "basis": Label("Căn cứ pháp lý", "Legal basis"),
    "geometry": Label("Hình học", "Geometry"),
    "accuracy": Label("Sai số mặt bằng tối đa", "Poorest horizontal accuracy"),
    "identifiers": Label("Mã định danh", "Identifiers"),
    "fields": Label("Trường dữ liệu", "Fields"),
    "rules": Label("Quy tắc", "Rules"),
    "codes": Label("Danh mục mã", "Code lists"),
    "name": Label("Tên", "Name"),
    "title": Label("Tiêu đề", "Title"),
    "type": Label("Kiểu", "Type"),
    "unit": Label("Đơn vị", "Unit"),
    "values": Label("Giá trị", "Values"),
    "required": Label("Bắt buộc", "Required"),
    "access": Label("Truy cập", "Access"),
    "description": Label("Mô tả", "Description"),
    "rule": Label("Biểu thức", "Expression"),
    "level": Label("Mức", "Level"),
    "code": Label("Mã", "Code"),
    "validity": Label("Hiệu lực", "Validity"),
    "pattern": Label("Mẫu", "Pattern"),
    "authority": Label("Cơ quan cấp", "Authority"),
    "source": Label("Nguồn", "Source"),
    "unverified": Label("chưa kiểm chứng", "not verified"),
    "yes": Label("có", "yes"),
    "public": Label("công khai", "public"),
    "restricted": Label("hạn chế", "restricted"),
    "secret": Label("mật", "secret"),
    "warn": Label("cảnh báo", "warning"),
    "error": Label("lỗi", "error"),
    "text": Label("văn bản", "text"),
    "integer": Label("số nguyên", "whole number"),
    "number": Label("số", "number"),
    "boolean": Label("đúng/sai", "true or false"),
    "date": Label("ngày", "date"),
    "datetime": Label("thời điểm", "date and time"),
    "reference": Label("tham chiếu", "reference"),
    "series": Label("dãy số", "series of numbers"),
    "at most": Label("tối đa", "at most"),
    "characters": Label("ký tự", "characters"),
}


def data_dictionary(declaration: Declaration, catalog: Catalog, language: str, *, level: Level = "public") -> str:
    """Write the data dictionary of a register.

    Parameters
    ----------
    declaration : Declaration
        The register.
    catalog : Catalog
        Its code lists and schemes.
    language : {'vi', 'en'}
        Language of the page.
    level : {'public', 'restricted', 'secret'}
        Level of its readers; fields above it are not mentioned.

    Returns
    -------
    str
        Markdown.
    """
    return _Page(declaration, catalog, language, level).text()


class _Page:
    """One page in one language."""

    def __init__(self, declaration: Declaration, catalog: Catalog, language: str, level: Level) -> None:
        self._register = declaration
        self._catalog = catalog
        self._language = language
        self._fields = declaration.published(level)

    def text(self) -> str:
        lines = [*self._head(), *self._identifiers(), *self._field_table(), *self._rules(), *self._code_lists()]
        return "\n".join(lines).rstrip() + "\n"

    def _word(self, key: str) -> str:
        return _WORDS[key].of(self._language)

    def _said(self, label: Label | None) -> str:
        return label.of(self._language) if label else ""

    def _head(self) -> Iterator[str]:
        register = self._register
        yield f"# {self._said(register.title)}"
        yield ""
        if register.description:
            yield from (self._said(register.description), "")
        error = register.location.max_horizontal_error_m
        facts = {
            "register": f"`{register.name}`",
            "version": register.version,
            "collection": f"`{register.publish.collection}`" if register.publish else "",
            "basis": ", ".join(register.basis),
            "geometry": register.location.geometry,
            "accuracy": f"{error:g} m" if error is not None else "",
        }
        yield from (f"- {self._word(key)}: {value}" for key, value in facts.items() if value)
        yield ""

    def _identifiers(self) -> Iterator[str]:
        if not self._register.schemes:
            return
        yield from (f"## {self._word('identifiers')}", "")
        schemes = (self._catalog.schemes[name] for name in self._register.schemes)
        rows = [(f"`{one.name}`", self._said(one.title), f"`{one.pattern}`", one.authority) for one in schemes]
        yield from self._table(("name", "title", "pattern", "authority"), rows)

    def _field_table(self) -> Iterator[str]:
        yield from (f"## {self._word('fields')}", "")
        head = ("name", "title", "type", "unit", "values", "required", "access", "description")
        yield from self._table(head, [self._field_row(field) for field in self._fields])

    def _field_row(self, field: Field) -> tuple[str, ...]:
        return (
            f"`{field.name}`",
            self._said(field.title),
            self._word(field.type).lower(),
            field.unit or "",
            self._values(field),
            self._word("yes") if field.required else "",
            self._word(field.access),
            self._said(field.description),
        )

    def _values(self, field: Field) -> str:
        """Describe what a field may hold."""
        if field.codes or field.register:
            return f"`{field.codes or field.register}`"
        if field.max_length is not None:
            return f"{self._word('at most')} {field.max_length} {self._word('characters')}"
        low, high = field.minimum, field.maximum
        if low is not None and high is not None:
            return f"{low:g} … {high:g}"
        return f"≥ {low:g}" if low is not None else f"≤ {high:g}" if high is not None else ""

    def _rules(self) -> Iterator[str]:
        names = {*RULE_NAMES, *(field.name for field in self._register.fields)}
        hidden = names - {*RULE_NAMES, *(field.name for field in self._fields)}
        rules = [rule for rule in self._register.rules if not expression.parse(rule.expression, names).names & hidden]
        if not rules:
            return
        yield from (f"## {self._word('rules')}", "")
        rows = [(rule.id, self._said(rule.title), self._word(rule.level), f"`{rule.expression}`") for rule in rules]
        yield from self._table(("name", "title", "level", "rule"), rows)

    def _code_lists(self) -> Iterator[str]:
        names = list(dict.fromkeys(field.codes for field in self._fields if field.codes))
        if not names:
            return
        yield from (f"## {self._word('codes')}", "")
        for name in names:
            yield from self._code_list(self._catalog.codes[name])

    def _code_list(self, codes: CodeList) -> Iterator[str]:
        doubt = "" if codes.verified else f" ({self._word('unverified')})"
        yield from (f"### {self._said(codes.title)} `{codes.name}` {codes.version}{doubt}", "")
        if codes.source:
            yield from (f"{self._word('source')}: {codes.source}", "")
        rows = []
        for code in codes.codes:
            dated = code.valid_from or code.valid_to
            rows.append(
                (f"`{code.code}`", self._said(code.title), self._span(code.valid_from, code.valid_to) if dated else "")
            )
        head = ("code", "title", "validity") if any(row[2] for row in rows) else ("code", "title")
        yield from self._table(head, [row[: len(head)] for row in rows])

    @staticmethod
    def _span(start: str | None, end: str | None) -> str:
        return f"{start or ''} … {end or ''}".strip()

    def _table(self, head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
        """Yield a Markdown table; an upright stroke within a cell would end it."""
        yield f"| {' | '.join(self._word(key) for key in head)} |"
        yield f"|{'---|' * len(head)}"
        for row in rows:
            cells = (cell.replace("|", "\\|").replace("\n", " ") for cell in row)
            yield f"| {' | '.join(cells)} |"
        yield ""
