"""The catalogue of events, to be read: what targets of webhooks are told, and when."""

from collections.abc import Mapping
from html import escape
from typing import Any, Final

import orjson
from starlette.responses import Response

from app.web.pages import page

_PAGE: Final = """\
<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Lyceum events</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/static/explorer/index.css">
    <link rel="stylesheet" href="/static/events/index.css">
  </head>
  <body>
    <header>
      <strong>Lyceum events</strong>
      {links}
    </header>
    <main class="events">
      <p>Webhooks tell of these events: each is posted to the target of every subscription to it, as JSON,
        signed as <a href="https://www.standardwebhooks.com/">Standard Webhooks</a> says. A subscription with
        a GraphQL document is sent what the document asks of the event instead.</p>
      <ul>
        {contents}
      </ul>
      {events}
    </main>
  </body>
</html>
"""
_EVENT: Final = """\
<section id="{type}">
        <h2><a href="#{type}">{type}</a></h2>
        <p>{description}</p>
        <table>
          <thead><tr><th>Member</th><th>Type</th></tr></thead>
          <tbody>
            {members}
          </tbody>
        </table>
        <details>
          <summary>Example</summary>
          <pre tabindex="0">{example}</pre>
        </details>
        <p><a href="{address}">JSON Schema of {type}</a></p>
      </section>"""

_POLICY: Final = {"style-src": "'self'", "img-src": "data:"}


def events_page(events: Mapping[str, Mapping[str, Any]], links: Mapping[str, str]) -> Response:
    """Answer with a page of events: of each type the JSON Schema, with its address as `$id`.

    It links to other pages by their names.
    """
    shown = (
        _EVENT.format(
            type=escape(type_),
            description=escape(schema["description"]),
            members="\n            ".join(_members(schema)),
            example=escape(orjson.dumps(schema["examples"][0], option=orjson.OPT_INDENT_2).decode()),
            address=escape(schema["$id"]),
        )
        for type_, schema in events.items()
    )
    return page(
        _PAGE.format(
            links="\n      ".join(f'<a href="{escape(to)}">{escape(name)}</a>' for name, to in links.items()),
            contents="\n        ".join(f'<li><a href="#{escape(it)}">{escape(it)}</a></li>' for it in events),
            events="\n      ".join(shown),
        ),
        _POLICY,
    )


def _members(schema: Mapping[str, Any], path: str = "") -> list[str]:
    rows = []
    for name, member in schema["properties"].items():
        type_ = _type(member) + ("" if name in schema["required"] else ", may be absent")
        rows.append(f"<tr><td><code>{escape(path + name)}</code></td><td>{escape(type_)}</td></tr>")
        if "properties" in member:
            rows += _members(member, f"{path}{name}.")
    return rows


def _type(schema: Mapping[str, Any]) -> str:
    """A type in words."""
    if "const" in schema:
        return f"always {schema['const']}"
    if "enum" in schema:
        return "one of " + ", ".join(schema["enum"])
    if "oneOf" in schema:
        return " or ".join(map(_type, schema["oneOf"]))
    types = schema["type"]
    text = types if isinstance(types, str) else " or ".join(types)
    return f"{text} ({schema['format']})" if "format" in schema else text
