"""Math as MathML made at build time: no script, no font, right in EPUB and print too."""

from __future__ import annotations

from typing import Any, cast

import latex2mathml.converter
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator


def convert(latex: str, *, block: bool = False) -> str:
    """Return MathML for a LaTeX formula.

    Raises
    ------
    ValueError
        Where the converter knows a command as plain text only: it would be shown raw.
    """
    mathml: str = latex2mathml.converter.convert(latex, display="block" if block else "inline")
    if "\\" in mathml.replace("&#x0005C;", "\\"):
        raise ValueError(f"not converted to MathML: {latex}")
    return mathml


def _inline(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(f'<span class="math">{_try(self, node)}</span>')
    raise nodes.SkipNode


def _block(self: HTML5Translator, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math", tabindex="0"))
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, "#")
        self.body.append("</span>")
    self.body.append(_try(self, node, block=True) + "</div>\n")
    raise nodes.SkipNode


def _try(self: HTML5Translator, node: nodes.Element, *, block: bool = False) -> str:
    from sphinx.util import logging

    latex = node.astext()
    try:
        return convert(latex, block=block)
    except Exception as error:  # the converter raises many kinds
        logging.getLogger(__name__).warning("math: %s", error, location=node)
        return cast(str, self.encode(latex))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True}
