"""The comments in the protos, which documentation is made from."""

import re
from collections.abc import Iterator

from google.protobuf import descriptor_pb2


class Comments:
    """The comments in the protos, by the full name of what they stand above."""

    def __init__(self, descriptors: bytes) -> None:
        """Reads them.

        Args:
            descriptors: A FileDescriptorSet with source info.
        """
        self._comments = {
            name: _paragraphs(comment)
            for file in descriptor_pb2.FileDescriptorSet.FromString(descriptors).file
            for name, comment in _comments(file)
        }

    def of(self, full_name: str) -> str:
        """Returns the comment of an element, empty without one."""
        return self._comments.get(full_name, "")


def _comments(file: descriptor_pb2.FileDescriptorProto) -> Iterator[tuple[str, str]]:
    comments = {
        tuple(location.path): location.leading_comments
        for location in file.source_code_info.location
        if location.leading_comments
    }
    for path, name in _names(file):
        if path in comments:
            yield f"{file.package}.{name}", comments[path]


def _names(file: descriptor_pb2.FileDescriptorProto) -> Iterator[tuple[tuple[int, ...], str]]:
    """Yields the paths of descriptor.proto's SourceCodeInfo, and what they lead to."""
    for index, message in enumerate(file.message_type):
        yield from _names_in_message(message, (4, index), message.name)
    for index, enum in enumerate(file.enum_type):
        yield from _names_in_enum(enum, (5, index), enum.name)
    for index, service in enumerate(file.service):
        yield (6, index), service.name
        for number, method in enumerate(service.method):
            yield (6, index, 2, number), f"{service.name}.{method.name}"


def _names_in_message(
    message: descriptor_pb2.DescriptorProto, path: tuple[int, ...], name: str
) -> Iterator[tuple[tuple[int, ...], str]]:
    yield path, name
    for index, field in enumerate(message.field):
        yield (*path, 2, index), f"{name}.{field.name}"
    for index, nested in enumerate(message.nested_type):
        yield from _names_in_message(nested, (*path, 3, index), f"{name}.{nested.name}")
    for index, enum in enumerate(message.enum_type):
        yield from _names_in_enum(enum, (*path, 4, index), f"{name}.{enum.name}")


def _names_in_enum(
    enum: descriptor_pb2.EnumDescriptorProto, path: tuple[int, ...], name: str
) -> Iterator[tuple[tuple[int, ...], str]]:
    yield path, name
    for index, value in enumerate(enum.value):
        yield (*path, 2, index), f"{name}.{value.name}"


def _paragraphs(comment: str) -> str:
    lines = (line.strip() for line in comment.strip().splitlines())
    return re.sub(r"(?<=\S)\n(?=\S)", " ", "\n".join(lines))
