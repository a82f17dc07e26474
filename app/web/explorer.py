"""The explorer of the legacy paths: Swagger UI, served with its own assets and nothing from elsewhere."""

from html import escape
from typing import Final

from starlette.responses import Response

from app.web.pages import page

_PAGE: Final = """\
<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Lyceum REST explorer</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/static/explorer/swagger-ui.css">
    <link rel="stylesheet" href="/static/explorer/index.css">
    <script src="/static/explorer/swagger-ui-bundle.js" defer></script>
    <script src="/static/explorer/index.js" defer></script>
  </head>
  <body>
    <header>
      <strong>Lyceum REST explorer</strong>
      <a href="{events}">Events of webhooks</a>
      {graphiql}
    </header>
    {hint}
    <main id="explorer" data-description="{description}"></main>
  </body>
</html>
"""
_HINT: Final = """\
<p>This server has the demo data. To try an operation out, give <code>{key}</code> to
    <em>Authorize</em> as <em>Bearer</em>; the Data Analytics API wants <code>Token {key}</code>
    as <em>Token</em>.</p>"""

# Swagger UI's style sheet holds its icons as data.
_POLICY: Final = {
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
}


def explorer_page(description: str, events: str, graphiql: str | None, demo_key: str | None) -> Response:
    """Answer with a page that explores what the OpenAPI document at a path describes.

    It links to the events of webhooks, and to GraphiQL where there is one, and shows the
    demo's key where that works.
    """
    return page(
        _PAGE.format(
            description=escape(description),
            events=escape(events),
            graphiql=f'<a href="{escape(graphiql)}">GraphiQL</a>' if graphiql else "",
            hint=_HINT.format(key=escape(demo_key)) if demo_key else "",
        ),
        _POLICY,
    )
