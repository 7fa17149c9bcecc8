"""How Sphinx builds these pages: ``make docs``, or ``sphinx-build -W docs build/docs``."""

from __future__ import annotations

import pellucid

project = "Pellucid"
author = "The Pellucid authors"
copyright = f"2026 {author}"
release = version = pellucid.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "matplotlib.sphinxext.plot_directive",
]
exclude_patterns = ["generated/*.inc"]
suppress_warnings = ["ref.ref", "ref.term"]  # docstrings that estimators inherit link into scikit-learn's own pages

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

autosummary_generate = True
autosummary_ignore_module_all = False
autodoc_default_options = {
    "members": True,
    "member-order": "bysource",
    "exclude-members": "set_fit_request, set_score_request",  # scikit-learn adds them, and documents them itself
}
autodoc_typehints = "none"  # numpydoc's sections say what the parameters are
numpydoc_show_class_members = False

plot_include_source = True
plot_html_show_source_link = False
plot_html_show_formats = False
plot_formats = [("png", 110)]
plot_rcparams = {"figure.figsize": (7, 2.6), "figure.constrained_layout.use": True, "image.cmap": "gray"}

html_theme = "pydata_sphinx_theme"
html_title = "Pellucid"
html_show_sourcelink = False
html_theme_options = {
    "github_url": "https://github.com/pellucid-nn/pellucid",
    "navigation_with_keys": True,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
