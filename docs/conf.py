"""Configuration of the documentation; nothing is fetched: no inventories of other projects, no scripts of others."""

import shutil
from importlib.metadata import version as installed_version
from pathlib import Path
from types import BuiltinFunctionType
from typing import get_origin

from sphinx.application import Sphinx

project = "phusa"
copyright = "phusa contributors, Apache-2.0"
release = installed_version("phusa")
version = release
language = "en"

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_nb",
]
exclude_patterns = ["_build"]
templates_path = ["templates"]
nitpicky = False

# Reference: one page per module, from the docstrings as they stand.
autosummary_generate = True
autodoc_typehints = "none"  # the numpydoc type slot says more: shape, unit, CRS
autodoc_member_order = "bysource"
autodoc_inherit_docstrings = False  # texts of other libraries refer to labels of their own documentation
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

# Guides and notebooks: Markdown; notebooks are executed at every build and an error in one is an error of the build.
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 600
nb_merge_streams = True

html_theme = "alabaster"
html_theme_options = {
    "description": "A city's spatial platform on one identity and location model",
    "fixed_sidebar": True,
    "page_width": "1100px",
    "font_family": "system-ui, sans-serif",
}
html_static_path: list[str] = []
html_show_sourcelink = False
html_copy_source = False


def skip_alias(app, what, name, obj, skip, options):  # noqa: ANN001, ANN201, ARG001
    """Leave out type aliases and imported built-ins: numpydoc gives them a signature they cannot have."""
    return True if get_origin(obj) is not None or isinstance(obj, BuiltinFunctionType) else None


def setup(app: Sphinx) -> None:
    """Begin without generated pages, and register the rule above.

    Autosummary takes no page away and reads those of last time, which name modules that have moved since.
    """
    shutil.rmtree(Path(__file__).parent / "reference" / "api", ignore_errors=True)
    app.connect("autodoc-skip-member", skip_alias)
