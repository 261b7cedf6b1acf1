"""The Sphinx side of the handbook: one extension that sets what both editions share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

from shequn.site import directives, mathml, search

_HERE = Path(__file__).parent
_SEARCH = {"en": "Search the handbook…", "zh": "搜索本手册…"}
_UNRUN = {"en": "not computed", "zh": "没有算"}
_DRAFT = {
    "en": "A draft without numbers: no notebook has run. <code>make book</code> runs them.",
    "zh": "这是没有数字的草稿：笔记本还没跑，运行 <code>make book</code> 即可。",
}
_GLUE = re.compile(r"\{glue:text\}`[^`]*`")
_SHOW, _HIDE = {"en": "Show", "zh": "展开"}, {"en": "Hide", "zh": "收起"}


def setup(app: Sphinx) -> dict[str, Any]:
    """Register everything with Sphinx."""
    app.add_config_value("shequn_editions", ["en", "zh"], "html")
    app.add_config_value("shequn_banner", "", "html")
    app.add_config_value("shequn_state", "", "env")  # JSON file: figures and notebooks of a run
    app.connect("config-inited", _fold_words, priority=400)  # sphinx_togglebutton reads at 500
    app.connect("config-inited", _configure)
    app.connect("source-read", _without_a_run)
    app.connect("html-page-context", _context)
    for part in (directives, mathml, search):
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def language(config: Config) -> str:
    """Return the edition a configuration belongs to: en or zh."""
    return "zh" if str(config.language).startswith("zh") else "en"


def _fold_words(app: Sphinx, config: Config) -> None:
    config.togglebutton_hint = _SHOW[language(config)]
    config.togglebutton_hint_hide = _HIDE[language(config)]


def _configure(app: Sphinx, config: Config) -> None:
    lang = language(config)
    config.html_math_renderer = "mathml"
    # Both editions index Chinese: English pages name Chinese terms and files too.
    config.html_search_language = "zh"
    config.html_static_path = [*config.html_static_path, str(_HERE / "static")]
    config.templates_path = [*config.templates_path, str(_HERE / "templates")]
    config.html_css_files = [*config.html_css_files, "shequn.css"]
    config.html_favicon = str(_HERE / "static" / "favicon.svg")
    config.html_copy_source = False  # executed notebooks belong to the run folder, not to the site
    config.html_show_sourcelink = False
    options = dict(config.html_theme_options)
    options.update(
        search_bar_text=_SEARCH[lang],
        navbar_persistent=[],  # theme 1.3.0 otherwise draws a second header bar on Sphinx 7
        article_header_end=["article-header-buttons.html", "lang-switch.html"],
        use_download_button=False,
        use_fullscreen_button=False,
        show_navbar_depth=1,
        show_toc_level=2,
        footer_content_items=["copyright.html"],
        primary_sidebar_end=[],  # the theme's place for advertisements
    )
    options["announcement"] = config.shequn_banner or _DRAFT[lang]
    config.html_theme_options = options
    config.html_context = {**config.html_context, "default_mode": "light"}


def _without_a_run(app: Sphinx, page: str, source: list[str]) -> None:
    """Put words where a plain `jupyter-book build` has no number: myst-nb would leave a hole."""
    if not app.config.shequn_state:
        word = f"[{_UNRUN[language(app.config)]}]{{.not-in-data}}"
        source[0] = _GLUE.sub(word, source[0])


def _context(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    lang = language(app.config)
    others = [e for e in app.config.shequn_editions if e != lang]
    context["other_edition"] = others[0] if others else ""
