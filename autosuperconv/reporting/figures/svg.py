"""matplotlib's SVG made a part of a page: its colours the page's variables, its ids its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

SVG = "http://www.w3.org/2000/svg"
HREF = "{http://www.w3.org/1999/xlink}href"


def themed(
    text: str,
    colours: Mapping[str, str],
    tips: Mapping[str, Sequence[str]],
    label: str,
    prefix: str,
) -> str:
    """The drawing as an element to put into a page.

    Args:
        colours: by the name of the page's variable.
        tips: by the id of a group of marks, one text a mark.
        label: what the picture shows, for those who do not see it.
        prefix: of the element's ids, so that pictures of one page do not clash.
    """
    ElementTree.register_namespace("", SVG)
    root = ElementTree.fromstring(text)
    _strip(root)
    _add_tips(root, tips)
    _shorten(root)
    _recolour(root, colours)
    _rename_ids(root, prefix)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.attrib |= {"role": "img", "aria-label": label}
    return ElementTree.tostring(root, encoding="unicode")


def _strip(root: ElementTree.Element) -> None:
    """Leave out the metadata (dates, addresses) and the style sheet, which would be global."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{{{SVG}}}metadata", f"{{{SVG}}}style"):
                parent.remove(child)


def _add_tips(root: ElementTree.Element, tips: Mapping[str, Sequence[str]]) -> None:
    for group in root.iter(f"{{{SVG}}}g"):
        texts = tips.get(group.get("id", ""), [])
        marks = list(group.iter(f"{{{SVG}}}use"))
        for mark, text in zip(marks, texts, strict=False):
            ElementTree.SubElement(mark, f"{{{SVG}}}title").text = text


def _shorten(root: ElementTree.Element) -> None:
    """A hundredth of a point is enough for a path; with the indentation gone, a third is left."""
    for element in root.iter():
        for name in ("d", "x", "y", "transform"):
            if name in element.attrib:
                shorter = re.sub(
                    r"-?\d+\.\d{3,}", lambda n: f"{float(n[0]):.2f}", element.attrib[name]
                )
                element.set(name, shorter)
        element.tail = None
        if element.text is not None and not element.text.strip():
            element.text = None


def _recolour(root: ElementTree.Element, colours: Mapping[str, str]) -> None:
    """Colours become variables of the page, the font its own."""
    for element in root.iter():
        style = element.get("style", "")
        for name, colour in colours.items():
            style = style.replace(colour, f"var(--{name},{colour})")
        style = re.sub(r"font-family: [^;]*;? ?", "", style)
        if style:
            element.set("style", style)


def _rename_ids(root: ElementTree.Element, prefix: str) -> None:
    """Keep only the ids that something refers to, made unique in the page."""
    text = [value for element in root.iter() for value in element.attrib.values()]
    used = set(re.findall(r"#([\w-]+)", " ".join(text)))
    for element in root.iter():
        if element.get("id") in used:
            element.set("id", f"{prefix}-{element.get('id')}")
        else:
            element.attrib.pop("id", None)
        if HREF in element.attrib:
            element.set("href", f"#{prefix}-{element.attrib.pop(HREF)[1:]}")
        if "clip-path" in element.attrib:
            element.set("clip-path", element.attrib["clip-path"].replace("#", f"#{prefix}-"))
