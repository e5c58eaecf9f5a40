"""What decoding, encoding and OpenAPI all need to know of a descriptor."""

from google.protobuf.descriptor import Descriptor, FieldDescriptor, OneofDescriptor

WRAPPERS = frozenset(
    f"google.protobuf.{name}Value"
    for name in ("Bool", "Int32", "Int64", "UInt32", "UInt64", "Float", "Double", "String", "Bytes")
)

WRITTEN_AS_TEXT = frozenset(
    f"google.protobuf.{name}" for name in ("Timestamp", "Duration", "FieldMask")
)

HTTP_BODY = "google.api.HttpBody"
"""An answer that is sent as it is, with a type of its own; it is all of an answer or no part."""

REQUEST_ID = "request_id"
"""The field that the Idempotency-Key header fills, in a request that has it."""


class UnsupportedType(TypeError):  # noqa: N818 - names what it found
    """A message type has no JSON form here."""


# Any would need every type that may stand in it, and hide from a reader what an answer is.
_UNSUPPORTED = {
    "google.protobuf.Any": "name the type instead",
    HTTP_BODY: "it can only be the whole answer of an RPC",
}


def refuse_unsupported(descriptor: Descriptor) -> None:
    """Refuses the types that have no JSON form.

    Raises:
        UnsupportedType: If it is such a type.
    """
    why = _UNSUPPORTED.get(descriptor.full_name)
    if why is not None:
        raise UnsupportedType(f"{descriptor.full_name} has no JSON form here: {why}.")


def oneof_of(field: FieldDescriptor) -> OneofDescriptor | None:
    """Returns the oneof of a field; the one that stands for `optional` is none."""
    oneof = field.containing_oneof
    if oneof is None or (len(oneof.fields) == 1 and oneof.name == f"_{field.name}"):
        return None
    return oneof


def map_entry(field: FieldDescriptor) -> Descriptor | None:
    """Returns the entry type of a map, None for any other field."""
    entry = field.message_type
    return entry if entry is not None and entry.GetOptions().map_entry else None


def takes_null(field: FieldDescriptor) -> bool:
    """Tells whether null is a value of the field, and not the lack of one."""
    message_type = field.message_type
    return (
        message_type is not None
        and message_type.full_name == "google.protobuf.Value"
        and not field.is_repeated
    )


def is_always_there(field: FieldDescriptor) -> bool:
    """Tells whether an answer has the field in any case: null, then, says that it is unset."""
    return oneof_of(field) is None and not takes_null(field)


def type_below(field: FieldDescriptor) -> Descriptor | None:
    """Returns the type whose fields a dotted name goes on to, None where it cannot."""
    below = field.message_type
    if below is None or field.is_repeated or below.full_name.startswith("google.protobuf."):
        return None
    return below


def has_text_form(field: FieldDescriptor) -> bool:
    """Tells whether a query parameter can hold the field, or one value of it."""
    message_type = field.message_type
    return message_type is None or message_type.full_name in WRAPPERS | WRITTEN_AS_TEXT
