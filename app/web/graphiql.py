"""GraphiQL: the query editor in the browser, served with its own assets and nothing from elsewhere."""

import json
from collections.abc import Mapping
from html import escape
from typing import Final

from starlette.responses import Response

from app.web.pages import page

FIRST_QUERY: Final = """\
# Welcome to Lyceum.
#
# Run this query with the button or Ctrl-Enter.
# Ctrl-Space completes as you type; the book in
# the margin documents every type and field.
# The paths of older REST APIs are at /docs/.

{
  courses(first: 3) {
    nodes {
      key
      title
      runs(first: 3) {
        nodes {
          key
          start
        }
      }
    }
  }
}
"""

_PAGE: Final = """\
<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>GraphiQL · Lyceum</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/static/graphiql/index.css">
    <script type="module" src="/static/graphiql/index.js"></script>
  </head>
  <body>
    <div id="graphiql" {data}></div>
  </body>
</html>
"""

# Monaco, the editor inside GraphiQL, writes its theme and line positions as inline styles.
_POLICY: Final = {
    "script-src": "'self'",
    "worker-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "font-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
}


def graphiql_page(endpoint: str, default_headers: Mapping[str, str]) -> Response:
    """Answer with a page that sends its queries to `endpoint`, a path of this server.

    `default_headers` stand in the page's headers tab, where its user sees and changes them; they are
    readable by whoever may open the page.
    """
    data = {"endpoint": endpoint, "query": FIRST_QUERY, "headers": json.dumps(default_headers, indent=2)}
    attributes = " ".join(f'data-{name}="{escape(value)}"' for name, value in data.items())
    return page(_PAGE.format(data=attributes), _POLICY)
