"""How every picture looks, and how it is saved: the same table gives the same bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ablation.base.files import replacing

# Inches: a journal's column and its page, 89 and 183 mm.
SINGLE_COLUMN = 3.5
DOUBLE_COLUMN = 7.2
DPI = 200

# Okabe and Ito's colours, told apart with any colour vision, in an order in which neighbours also
# differ in luminance and so in grey. Seven colours and eight markers make 56 pairs.
COLOURS = ("#0072B2", "#E69F00", "#000000", "#CC79A7", "#009E73", "#56B4E9", "#D55E00")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
GREY = "#666666"
# The paper's own number, of single runs, beside ours.
PAPERS: dict[str, Any] = {"linestyle": "none", "marker": "D", "markersize": 5, "color": "black",
                          "markerfacecolor": COLOURS[1], "markeredgewidth": 0.8,
                          "label": "the paper's, of single runs"}  # fmt: skip

# `@journal`: matplotlib's defaults with this study's style, whatever the machine's settings are.
journal = matplotlib.style.context(
    [
        "default",
        {
            "font.family": "DejaVu Sans",  # ships with matplotlib, so it is the same everywhere
            "font.size": 8,
            "axes.labelsize": 9,
            "axes.titlesize": 9,
            "axes.titleweight": "bold",
            "xtick.labelsize": 8,
            "ytick.labelsize": 8,
            "legend.fontsize": 8,
            "legend.frameon": False,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.linewidth": 0.8,
            "axes.axisbelow": True,
            "text.parse_math": False,  # a label is drawn as it is written, dollars too
            "grid.color": "#DDDDDD",
            "grid.linewidth": 0.6,
            "lines.markersize": 4,
            # Text, so that it can be searched, copied and read aloud; `save` names stand-ins for
            # the font.
            "svg.fonttype": "none",
            # Random otherwise, and with it the names of clipping paths.
            "svg.hashsalt": "ablation",
        },
    ]
)


def arm_style(index: int) -> dict[str, Any]:
    """Colour and marker of the arm at this place of a figure's list."""
    return {"color": COLOURS[index % len(COLOURS)], "marker": MARKERS[index % len(MARKERS)]}


def grid(axes: Axes, axis: str = "y") -> None:
    """Faint lines behind the data along one axis."""
    axes.grid(True, axis=axis)  # type: ignore[arg-type]
    axes.tick_params(length=3, width=0.8)


def inwards(axes: Axes) -> None:
    """The numbers at both ends of an axis stand inside it, apart from its neighbours'."""
    first, last = axes.get_xticklabels()
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")


def legend_below(figure: Figure, handles: Sequence[Any], columns: int, length: float = 2.8) -> None:
    """A legend under the axes, where it hides no data; `length` of its lines, in font sizes."""
    figure.legend(
        handles=list(handles),
        loc="outside lower center",
        ncols=columns,
        handlelength=length,
        columnspacing=1.4,
        labelspacing=0.35,
        borderaxespad=0.2,
    )


@journal
def save(figure: Figure, target: Path, title: str) -> None:
    """Writes `target` as .png and .svg. The same figure gives the same bytes: no date, no random
    names.

    The SVG carries `title`, and stand-ins as wide as its font where that is not installed.
    """
    with replacing(target.with_suffix(".png")) as png, replacing(target.with_suffix(".svg")) as svg:
        figure.savefig(png, format="png", dpi=DPI, metadata={"Software": None})
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
        text = drawn.getvalue().replace("'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif")
        # Paths are named after their places to the last bit, which Python's hash seed decides.
        names = dict.fromkeys(re.findall(r'id="([a-z]+[0-9a-f]{10})"', text))
        for number, name in enumerate(names):
            text = text.replace(name, f"id{number}")
        head, tag, rest = text.partition("<metadata>")
        svg.write_text(f"{head}<title>{escape(title)}</title>{tag}{rest}", encoding="utf-8")
