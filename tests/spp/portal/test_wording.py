import json
import re

import pytest

from spp.portal.routes import STATIC
from spp.portal.wording import FOLDER, LANGUAGES, Words


def gaps(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_both_languages_say_the_same_things_with_the_same_gaps() -> None:
    vietnamese, english = (Words.read(language).texts for language in LANGUAGES)
    assert vietnamese.keys() == english.keys()
    assert {key: gaps(text) for key, text in vietnamese.items()} == {key: gaps(text) for key, text in english.items()}


def test_every_text_that_scripts_and_templates_ask_for_is_there() -> None:
    folder = STATIC.parent
    sources = [
        path.read_text(encoding="utf-8")
        for path in (*(STATIC / "js").glob("*.js"), *(folder / "templates").glob("*.html"))
    ]
    asked = {key for source in sources for key in re.findall(r"""say\(\s*'(\w+)'""", source)}
    assert len(asked) > 30
    assert asked <= Words.read("vi").texts.keys()


def test_no_text_is_left_that_nobody_asks_for() -> None:
    folder = STATIC.parent
    files = [*(STATIC / "js").glob("*.js"), *(folder / "templates").glob("*.html"), *folder.glob("*.py")]
    everything = "\n".join(path.read_text(encoding="utf-8") for path in files)
    unused = {key for key in Words.read("vi").texts if f"'{key}'" not in everything and f'"{key}"' not in everything}
    assert unused == set()


def test_vietnamese_is_written_in_composed_letters() -> None:
    text = (FOLDER / "vi.json").read_text(encoding="utf-8")
    assert not re.search(r"[\u0300-\u036f]", text)
    assert json.loads(text)["zoom_in_hint"].startswith("Phóng to")


@pytest.mark.parametrize(
    ("language", "number", "text"),
    [
        ("vi", 1234.5, "1.234,5"),
        ("en", 1234.5, "1,234.5"),
        ("vi", 44104, "44.104"),
        ("en", 0.1 + 0.2, "0.3"),
        ("vi", 0, "0"),
        ("en", -2.0, "-2"),
    ],
)
def test_numbers_are_written_as_the_language_does(language: str, number: float, text: str) -> None:
    assert Words.read(language).number(number) == text


def test_a_day_is_written_as_the_language_does() -> None:
    assert Words.read("vi").day("2025-07-01") == "01/07/2025"
    assert Words.read("en").day("2025-07-01") == "2025-07-01"
