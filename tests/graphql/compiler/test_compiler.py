"""The compiled executor on small schemas: what it generates, what it calls, and what it leaves to graphql-core."""

import asyncio
import logging
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
import strawberry
from aiodataloader import DataLoader
from graphql import ExecutionResult, GraphQLError, GraphQLResolveInfo, build_schema, parse
from graphql import execute as by_graphql_core
from graphql.pyutils import Path

from app.db.engine import Database
from app.graphql.compiler import execute, fallbacks, source
from tests.graphql.clients import client_of

SCHEMA = build_schema("""
interface Named { name: String! }
type Person implements Named { name: String!, age: Int, friends: [Person!], best: Person!, tags: [String!] }
type Pet implements Named { name: String!, owner: Person, kind: Kind }
enum Kind { CAT DOG }
union Being = Person | Pet
type Query { person(name: String = "Ada", at: [Int!]): Person, people: [Person], beings: [Being!], named: Named }
type Mutation { add(value: Int!): Int, fail: Int! }
""")


@pytest.fixture(autouse=True)
def none_before() -> Iterator[None]:
    """Count from zero."""
    fallbacks.clear()
    yield


async def later(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


def person(name: str, **values: Any) -> dict[str, Any]:
    return {"__typename": "Person", "name": name, **values}


async def both(text: str, root: Any, **options: Any) -> ExecutionResult:
    """What comes of an operation, which is the same for both executors. `root` makes the root anew."""
    document = parse(text)
    results: list[ExecutionResult] = []
    for run in (execute, by_graphql_core):
        result = run(SCHEMA, document, root(), **options)
        results.append(result if isinstance(result, ExecutionResult) else await result)
    ours, theirs = results
    assert repr(ours.data) == repr(theirs.data)
    assert list(map(told, ours.errors or [])) == list(map(told, theirs.errors or []))
    assert not fallbacks
    return ours


def told(error: GraphQLError) -> Any:
    return error.formatted, repr(error.original_error)


async def test_fields_stand_in_the_order_of_the_document() -> None:
    result = await both(
        "{ named { kind: __typename ...on Person { age best { name } name } } people { age name } }",
        lambda: {
            "named": later(person("Ada", age=36, best=later(person("Bob")))),
            "people": [person("Cy", age=later(1)), None, later(person("Di"))],
        },
    )
    assert repr(result.data) == repr(
        {
            "named": {"kind": "Person", "age": 36, "best": {"name": "Bob"}, "name": "Ada"},
            "people": [{"age": 1, "name": "Cy"}, None, {"age": None, "name": "Di"}],
        }
    )


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("include", [True, False])
async def test_what_is_skipped_and_included(skip: bool, include: bool) -> None:
    text = """query ($skip: Boolean!, $include: Boolean!) { people { ...F @skip(if: $skip) name }
      people @include(if: $include) { best { name } } }
    fragment F on Person { age @include(if: $include) name friends { name @skip(if: $skip) age } }"""
    people = [person("Ada", age=1, friends=[person("Bob")], best=person("Cy"))]
    variables = {"skip": skip, "include": include}
    await both(text, lambda: {"people": people}, variable_values=variables)


async def test_errors_are_those_of_graphql_core() -> None:
    def boom(info: Any) -> Any:
        raise RuntimeError("boom")

    people = [
        person("Ada", age="old", best=None, friends=[person("Bob"), person("Cy", best=boom)]),
        person("Di", age=boom, tags=["a", None], best=person("Ed"), friends=7),
        person("Fay", best=person(RuntimeError("returned")), tags=None),  # type: ignore[arg-type]
    ]
    result = await both(
        "{ people { name age tags friends { name best { name } } best { name age } } }",
        lambda: {"people": people},
    )
    assert result.data is not None
    assert next(error.path for error in result.errors or ()) == ["people", 0, "age"]


async def test_errors_of_variables_and_arguments() -> None:
    text = "query ($name: String!, $at: [Int!]) { person(name: $name, at: $at) { name } }"
    for variables in ({}, {"name": 1}, {"name": "Bob", "at": [1, "x", None]}, {"name": None, "at": 3}):
        result = await both(text, dict, variable_values=variables)
        assert result.errors


async def test_arguments_are_a_resolver_s_own() -> None:
    given = []

    def resolve(info: Any, name: str, at: list[int]) -> Any:
        at.append(0)
        given.append((name, at))
        return person(name)

    root = {"person": resolve}
    for _ in range(2):
        execute(SCHEMA, document := parse("{ a: person(at: [1]) { name } b: person(at: 2) { name } }"), root)
    execute(SCHEMA, document, root)
    assert given == [("Ada", [1, 0]), ("Ada", [2, 0])] * 3


async def test_a_mutation_runs_field_by_field_and_no_resolver_twice() -> None:
    calls: list[int] = []

    async def add(info: Any, value: int) -> int:
        calls.append(value)
        await asyncio.sleep(0)
        calls.append(-value)
        return value

    async def fail(info: Any) -> int:
        raise RuntimeError("failed")

    text = "mutation { a: add(value: 1) b: add(value: 2) fail c: add(value: 3) }"
    result = await both(text, lambda: {"add": add, "fail": fail})
    assert result.data is None
    assert calls == [1, -1, 2, -2] * 2


async def test_one_batch_for_a_field_of_all_objects() -> None:
    batches: list[list[int]] = []

    async def load(keys: list[int]) -> list[Any]:
        batches.append(keys)
        return [person(f"P{key}", age=key) for key in keys]

    def root() -> Any:
        loader = DataLoader(load)

        def friend(number: int) -> Any:
            return person(f"F{number}", best=lambda info: loader.load(number))

        def friends(of: int) -> list[Any]:
            return [friend(10 * of), friend(10 * of + 1)]

        return {"people": [person(f"R{of}", friends=later(friends(of))) for of in range(3)]}

    result = await both("{ people { friends { best { name age } } } }", root)
    assert not result.errors
    assert batches == [[0, 1, 10, 11, 20, 21]] * 2


async def test_what_resolvers_are_told() -> None:
    told: list[GraphQLResolveInfo[Any]] = []

    def best(info: GraphQLResolveInfo[Any]) -> Any:
        told.append(info)
        return person("Bob")

    text = "query ($at: [Int!]) { people { friends { it: best { name } } } }"
    people = [None, person("Ada", friends=[person("Cy", best=person("Ed")), person("Di", best=best)])]
    root = {"people": people}
    await both(text, lambda: root, context_value="context", variable_values={"at": [1]})
    ours, theirs = told
    assert ours.path.as_list() == ["people", 1, "friends", 1, "it"]
    assert ours.path == theirs.path == ours[4]
    assert isinstance(ours.path, Path)
    assert ours.field_nodes == theirs.field_nodes
    for name in ("field_name", "return_type", "parent_type", "root_value", "context"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert ours.variable_values.coerced == theirs.variable_values.coerced
    assert ours._replace(context=None).path == theirs.path


def test_the_source_can_be_read() -> None:
    document = parse("{ people { name years: age } }")
    execute(SCHEMA, document, {"people": [person("Ada", age=1)]})
    text = source(SCHEMA, document)
    assert "# people\ndef make_Person(" in text
    assert "'years': v if (v := get(s, 'age'))" in text


def test_tracebacks_show_the_source() -> None:
    class Interrupting:
        @property
        def name(self) -> str:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as raised:
        execute(SCHEMA, parse("{ people { name } }"), {"people": [Interrupting()]})
    assert "'name': v if (v := get(s, 'name'))" in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(
    ("text", "options", "reason"),
    [
        ("{ __schema { queryType { name } } }", {}, "introspection"),
        ("{ people { name } }", {"field_resolver": lambda *_: None}, "option field_resolver"),
        ("query A { people { name } } query B { people { age } }", {}, "no operation"),
        ("query ($if: Boolean) { people @skip(if: $if) { name } }", {}, "condition"),
        ("query @experimental_disableErrorPropagation { people { name } }", {}, "directive of an operation"),
    ],
)
def test_the_rest_is_left_to_graphql_core(
    text: str, options: Any, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    document = parse(text)
    with caplog.at_level(logging.DEBUG, "app.graphql.compiler"):
        for _ in range(2):
            assert execute(SCHEMA, document, {}, **options) == by_graphql_core(
                SCHEMA, document, {}, **options
            )
    assert fallbacks == {reason: 2}
    assert caplog.messages == [f"left to graphql-core: {reason}"]


def test_more_combinations_of_conditions_than_are_compiled() -> None:
    names = "abcde"
    variables = ", ".join(f"${name}: Boolean!" for name in names)
    fields = " ".join(f"{name}: name @include(if: ${name})" for name in names)
    document = parse(f"query ({variables}) {{ people {{ {fields} }} }}")
    for number in range(32):
        chosen = {name: bool(number >> place & 1) for place, name in enumerate(names)}
        result = execute(SCHEMA, document, {"people": [person("Ada")]}, variable_values=chosen)
        assert isinstance(result, ExecutionResult)
        assert result.data == {"people": [{name: "Ada" for name in names if chosen[name]}]}
    assert fallbacks == {"combinations of conditions": 16}


async def test_fields_of_strawberry() -> None:
    """Plain ones are read, and those with a resolver or an extension are resolved."""
    allowed = []

    class IsAllowed(strawberry.BasePermission):
        message = "not allowed"

        def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:
            allowed.append(info.path.as_list())
            return bool(source.name != "Bob")

    @strawberry.type
    class User:
        name: str
        secret: str | None = strawberry.field(permission_classes=[IsAllowed], default="x")

        @strawberry.field
        async def greeting(self, word: str = "Hello") -> str:
            return f"{word} {self.name}"

    @strawberry.type
    class Query:
        @strawberry.field
        def users(self) -> list[User]:
            return [User(name="Ada"), User(name="Bob")]

    schema = strawberry.Schema(Query)._schema
    document = parse('{ users { secret name greeting(word: "Hi") } }')
    result = execute(schema, document)
    assert not isinstance(result, ExecutionResult)
    answer = await result
    assert answer.data == {
        "users": [
            {"secret": "x", "name": "Ada", "greeting": "Hi Ada"},
            {"secret": None, "name": "Bob", "greeting": "Hi Bob"},
        ]
    }
    assert [error.formatted["path"] for error in answer.errors or ()] == [["users", 1, "secret"]]
    assert allowed == [["users", 0, "secret"], ["users", 1, "secret"]]
    assert "'name': v if (v := s.name).__class__ is str" in source(schema, document)
    assert not fallbacks


def test_a_function_of_many_objects_takes_the_place_of_the_resolver() -> None:
    schema = build_schema("type Query { all: [It!] } type It { twice(by: Int = 2): Int }")
    it: Any = schema.type_map["It"]
    calls = []

    def resolve(root: int, info: Any, by: int) -> int:
        calls.append(root)
        return root * by

    def many(info: Any, by: int) -> Any:
        return (lambda roots: [root * by for root in roots]) if calls else None

    it.fields["twice"].resolve = resolve
    it.fields["twice"].extensions["many"] = many
    result = execute(schema, parse("{ all { twice(by: 3) } }"), {"all": [1, 2, 3]})
    assert isinstance(result, ExecutionResult)
    assert result.data == {"all": [{"twice": 3}, {"twice": 6}, {"twice": 9}]}
    assert calls == [1]


@pytest.mark.parametrize("compiled", [True, False])
async def test_a_setting_turns_it_off(database: Database, compiled: bool) -> None:
    async with client_of(database, compiled_executor=compiled) as client:
        answer = await client.post("{ __schema { queryType { name } } __typename }")
        assert answer.json()["data"]["__typename"] == "Query"
    assert bool(fallbacks) is compiled
