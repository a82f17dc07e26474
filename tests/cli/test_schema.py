"""`lyceum schema`: the schema as a file, and the documents that it promises to run."""

from pathlib import Path

import pytest
from graphql import build_schema

from tests.cli.conftest import Lyceum

DOCUMENTS = Path(__file__).parents[2] / "schema" / "documents"


def test_to_standard_output(lyceum: Lyceum) -> None:
    ended = lyceum("schema", "export")
    assert (ended.code, ended.err) == (0, "")
    query = build_schema(ended.out).query_type
    assert query is not None
    assert {"courseRun", "courseRuns", "node", "viewer"} <= query.fields.keys()
    assert lyceum("schema", "export", "-") == ended


def test_to_a_file_that_is_then_up_to_date(lyceum: Lyceum, tmp_path: Path) -> None:
    path = tmp_path / "schema.graphql"
    ended = lyceum("schema", "export", str(path))
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert path.read_text() == lyceum("schema", "export").out
    ended = lyceum("schema", "export", "--check", str(path))
    assert (ended.code, ended.out) == (0, f"{path} is up to date.\n")


def test_a_stale_file_is_noticed_and_left_as_it_is(lyceum: Lyceum, tmp_path: Path) -> None:
    path = tmp_path / "schema.graphql"
    lyceum("schema", "export", str(path))
    for stale in (path.read_bytes() + b"\n", path.read_bytes().replace(b"viewer", b"caller"), b"\xff"):
        path.write_bytes(stale)
        refusal = lyceum("schema", "export", "--check", str(path)).refusal
        assert refusal == f"{path} is not what the code says: run `make schema`"
        assert path.read_bytes() == stale


def test_an_absent_file_is_not_made_by_a_check(lyceum: Lyceum, tmp_path: Path) -> None:
    path = tmp_path / "schema.graphql"
    assert lyceum("schema", "export", "--check", str(path)).refusal
    assert not path.exists()


def test_a_file_that_cannot_be_written(lyceum: Lyceum, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent" / "schema.graphql"):
        assert str(path) in lyceum("schema", "export", str(path)).refusal


@pytest.mark.parametrize(
    ("removed", "name", "reason"),
    [
        ("occurredAt: DateTime!", "course", "Cannot query field 'occurredAt' on type 'DomainEvent'."),
        ("percentGrade: Float\n", "progress", "Cannot query field 'percentGrade' on type 'Progress'."),
        (
            "isActive: Boolean = null",
            "progress",
            "Expected value of type 'EnrollmentWhere' not to include unknown field 'isActive'.",
        ),
    ],
)
def test_a_change_that_breaks_a_document_of_a_webhook_is_refused(
    lyceum: Lyceum, tmp_path: Path, removed: str, name: str, reason: str
) -> None:
    path = tmp_path / "schema.graphql"
    lyceum("schema", "export", str(path))
    ended = lyceum("schema", "check-documents", str(path), str(DOCUMENTS))
    assert (ended.code, ended.out) == (0, f"{len(list(DOCUMENTS.glob('*.graphql')))} documents can be run.\n")
    assert removed in path.read_text()
    path.write_text(path.read_text().replace(removed, f"its{removed}"))
    ended = lyceum("schema", "check-documents", str(path), str(DOCUMENTS))
    assert (ended.code, ended.out) == (1, "")
    assert f"{DOCUMENTS / name}.graphql: {reason}" in ended.err


def test_there_must_be_documents_to_check(lyceum: Lyceum, tmp_path: Path) -> None:
    path = tmp_path / "schema.graphql"
    lyceum("schema", "export", str(path))
    refusal = lyceum("schema", "check-documents", str(path), str(tmp_path / "absent")).refusal
    assert refusal == f"{tmp_path / 'absent'} has no documents"
    path.write_text("type Query {")
    refusal = lyceum("schema", "check-documents", str(path), str(DOCUMENTS)).refusal
    assert refusal == f"{path}: Syntax Error: Expected Name, found <EOF>."
