"""Leaves: how values of scalars and enums are completed, as source text and as what it calls."""

import datetime as dt
from collections.abc import Callable
from enum import Enum
from functools import cache
from typing import Any
from uuid import UUID

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLScalarType,
    GraphQLString,
    Undefined,
)
from graphql.pyutils import inspect

from app.graphql.compiler.kinds import Kind, Kinds

WRITTEN = "written"
"""An extension of scalars: a class of values that the encoder of answers writes as the scalar's values are
written. They stay as they are in an answer that is for the encoder only."""

REPEATED = frozenset((dt.date, UUID))
"""Classes of which equal values are the same value, and worth remembering."""

_SPECIFIED: dict[Any, tuple[str, str]] = {
    GraphQLString: ("(v := {read}).__class__ is str", "v is None"),
    GraphQLID: ("(v := {read}).__class__ is str", "v is None"),
    GraphQLInt: ("(v := {read}).__class__ is int and -2147483648 <= v <= 2147483647", "v is None"),
    GraphQLFloat: ("(v := {read}).__class__ is float and -inf < v < inf", "v is None"),
    GraphQLBoolean: ("(v := {read}) is True or v is False", "v is None"),
}


class Odd:
    """A value that is not completed by the short way: it is an error, or awaited, or called first."""

    __slots__ = ("error", "value")

    def __init__(self, value: Any, error: Exception | None) -> None:
        self.value = value
        self.error = error


class Leaf:
    """Completes values of a leaf type. With `calls`, a value that can be called is not a value yet."""

    def __init__(self, type_: GraphQLScalarType | GraphQLEnumType, is_required: bool, calls: bool) -> None:
        self.type = type_
        self.is_required = is_required
        self.calls = calls
        self.written: type | None = type_.extensions.get(WRITTEN)
        self.column = _column(self.expression("x", "m", "c"))

    def expression(self, read: str, memo: str, convert: str) -> str:
        """Source text that reads and completes a value, or gives `Odd`."""
        if isinstance(self.type, GraphQLEnumType):
            return f"{memo}[{read}]"
        known = _SPECIFIED.get(self.type)
        if known is not None:
            test, null = known
            accepted = test.format(read=read) if self.is_required else f"{test.format(read=read)} or {null}"
            return f"v if {accepted} else {convert}(v)"
        completed = f"{memo}[v] if v.__class__ in REPEATED else {convert}(v)"
        if self.written:
            completed = f"v if v.__class__ is {memo}.written else {completed}"
        if self.is_required:
            return completed.replace("v.__class__", f"(v := {read}).__class__", 1)
        return f"None if (v := {read}) is None else {completed}"


class Memo(dict[Any, Any]):
    """The values of a leaf that one execution has completed already."""

    __slots__ = ("_calls", "_coerce", "_is_required", "_kinds", "_odds", "_type", "written")

    def __init__(self, leaf: Leaf, kinds: Kinds, odds: list[Odd], *, is_encoded: bool) -> None:
        self.written = leaf.written if is_encoded else None
        self._type = leaf.type
        self._coerce = leaf.type.coerce_output_value
        self._is_required = leaf.is_required
        self._calls = leaf.calls
        self._kinds = kinds
        self._odds = odds

    def __missing__(self, value: Any) -> Any:
        completed = self.convert(value)
        class_ = value.__class__
        if completed.__class__ is not Odd and (
            class_ in REPEATED or class_ is str or value is None or isinstance(value, Enum)
        ):
            self[value] = completed
        return completed

    def convert(self, value: Any) -> Any:
        """Complete a value. What is odd is remembered in the list of odd values as well."""
        kind = self._kinds[value.__class__]
        if kind is Kind.NULL and not self._is_required:
            return None
        error: Exception | None = None
        if kind is Kind.PLAIN and not (self._calls and callable(value)):
            try:
                completed = self._coerce(value)
            except Exception as raised:
                error = raised
            else:
                if completed is not None and completed is not Undefined:
                    return completed
                error = TypeError(
                    f"Expected `{inspect(self._type)}.coerce_output_value({inspect(value)})`"
                    f" to return non-nullable value, returned: {inspect(completed)}"
                )
        odd = Odd(value, error)
        self._odds.append(odd)
        return odd


Column = Callable[[list[Any], Memo, Callable[[Any], Any]], list[Any]]
"""Completes many values."""

NAMES = {"REPEATED": REPEATED, "inf": float("inf")}
"""What the source text of expressions refers to."""


@cache
def _column(expression: str) -> Column:
    column: Column = eval(f"lambda values, m, c: [{expression} for x in values]", NAMES)  # noqa: S307
    return column
