"""The media types of answers, chosen by `Accept` (RFC 9110, section 12.5.1)."""

RESPONSE = "application/graphql-response+json"
JSON = "application/json"
HTML = "text/html"


def chosen(accept: str | None, offers: tuple[str, ...]) -> str | None:
    """The offer that is wanted most, the first of several; None when none is wanted at all."""
    ranges = [_range(part) for part in (accept or "*/*").split(",") if part.strip()]
    best, best_quality = None, 0.0
    for offer in offers:
        matches = [(specific, quality) for name, quality in ranges if (specific := _matches(name, offer))]
        quality = max(matches)[1] if matches else 0.0
        if quality > best_quality:
            best, best_quality = offer, quality
    return best


def _range(text: str) -> tuple[str, float]:
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return name, float(parameter[2:])
            except ValueError:
                return name, 0.0
    return name, 1.0


def _matches(name: str, offer: str) -> int:
    if name == offer:
        return 3
    if name == offer.split("/")[0] + "/*":
        return 2
    return 1 if name == "*/*" else 0
