"""What all pages have: headers that let nothing in but what a page names."""

from collections.abc import Mapping

from starlette.responses import HTMLResponse, Response

_NOTHING = {
    "default-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}


def page(html: str, policy: Mapping[str, str]) -> Response:
    """Answer with a page whose content security policy has these directives beside those of all pages."""
    directives = {**_NOTHING, **policy}
    return HTMLResponse(
        html,
        headers={
            "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in directives.items()),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        },
    )
