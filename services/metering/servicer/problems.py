"""What is wrong in a file that was otherwise taken, in the caller's language."""

from collections.abc import Iterable, Iterator

from kit import texts
from kit.errors import FieldError
from kit.texts import Language
from kundeapp.metering.v1 import imports_pb2 as pb


def problems_of(problems: Iterable[FieldError], language: Language) -> Iterator[pb.ImportProblem]:
    """Yields what a report says of problems."""
    for problem in problems:
        yield pb.ImportProblem(
            where=problem.field,
            reason=problem.reason,
            text=texts.render(problem.reason, language, problem.facts),
        )
