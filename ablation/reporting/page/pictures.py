"""Pictures inside the page, so that it can be mailed and needs no network."""

from __future__ import annotations

import base64
import io
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def embedded_svg(path: Path, text: str) -> str:
    """The picture as a data URI, with what it shows in words for whoever opens it alone."""
    svg = path.read_text(encoding="utf-8")
    svg = svg[svg.index("<svg") :]  # without the XML declaration and the document type
    svg = svg.replace("</title>", f"</title><desc>{escape(text)}</desc>", 1)
    return _uri("image/svg+xml", svg.encode())


def embedded_png(path: Path) -> str:
    """The picture as a data URI; one without colours as greys alone, which is a third as long."""
    pixels = np.asarray(Image.open(path).convert("RGB"))
    grey = bool((pixels.max(axis=2) == pixels.min(axis=2)).all())
    return png(pixels[..., 0] if grey else pixels)


def png(pixels: NDArray[np.uint8]) -> str:
    """An image, grey (h, w), 0 black, or in colours (h, w, 3), as a data URI."""
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, format="PNG", optimize=True)
    return _uri("image/png", target.getvalue())


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
