"""The media types of answers, chosen by `Accept` (RFC 9110, section 12.5.1)."""

import re
from collections.abc import Iterator, Sequence

RESPONSE = "application/graphql-response+json"
JSON = "application/json"
HTML = "text/html"

_TOKEN = r"[\w!#$%&'*+.^`|~-]+"  # noqa: S105
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_PARAMETER = re.compile(rf"\s*;\s*(?:({_TOKEN})\s*=\s*({_TOKEN}|{_QUOTED}))?", re.ASCII)
_ELEMENT = re.compile(rf"(?:[^,\"]|{_QUOTED}|\")+")
_NAME = re.compile(rf"\s*(\*/\*|{_TOKEN}/{_TOKEN})", re.ASCII)
_QUALITY = re.compile(r"0?\.[0-9]{1,9}|0\.?|1(?:\.0{0,9})?")


def chosen(accept: str | None, offers: Sequence[str]) -> str | None:
    """The offer that is wanted most; None when none is wanted at all.

    Each has the quality that the most specific range gives it that matches it. Of
    equal ones that is chosen which was named more exactly, then the first (Enterprise
    contract 3). What is no range is passed over.
    """
    if accept is None or accept == "*/*" or not accept.strip():
        return offers[0]
    if accept in offers:
        return accept
    ranges = list(_ranges(accept))
    best, most = None, (0.0, 0)
    for offer in offers:
        matches = [(specific, quality) for name, quality in ranges if (specific := _matches(name, offer))]
        specific, quality = max(matches, default=(0, 0.0))
        if quality and (quality, specific) > most:
            best, most = offer, (quality, specific)
    return best


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    for element in _ELEMENT.findall(accept):
        name = _NAME.match(element)
        if name is None:
            continue
        quality, end = "1", name.end()
        while parameter := _PARAMETER.match(element, end):
            end = parameter.end()
            if (parameter[1] or "").lower() == "q":
                quality = parameter[2]
        if not element[end:].strip() and _QUALITY.fullmatch(quality):
            yield name[1].lower(), float(quality)


def _matches(name: str, offer: str) -> int:
    if name == offer:
        return 3
    if name == offer.split("/")[0] + "/*":
        return 2
    return 1 if name == "*/*" else 0
