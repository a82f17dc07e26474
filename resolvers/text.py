"""Text as databases can hold it."""

from app.errors import BadUserInput


def storable(value: str, argument: str) -> str:
    """The text itself. Raises `BadUserInput` for NUL and lone surrogates, which databases refuse."""
    if "\x00" in value:
        raise BadUserInput(f"{argument}: a NUL character is not allowed", field=argument)
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise BadUserInput(f"{argument}: a lone surrogate is not allowed", field=argument) from error
    return value


def camel_case(name: str) -> str:
    """The GraphQL spelling of a Python name."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
