"""The table of requests that both transcoders answer, and where they may differ."""

from collections.abc import Mapping
from dataclasses import dataclass, field

# Why ours answers otherwise than Envoy.
WRONG_FIELD = "a wrong field in what can be read is 422 (RFC 9110, 15.5.21), and is named"
NO_METHOD = "a path that answers other methods is 405 with Allow (RFC 9110, 15.5.6)"
EMPTY_SEGMENT = "an empty segment is a segment: another path than the one without it"
BOUND = "a field that the path or the body fills is no parameter as well"
KEY = "the Idempotency-Key is a header, and no field"
TWICE = "one value for a field, whichever of its names is used"
STRICT_TEXT = "true and false are the only booleans"
STRICT_PARAMETER = (
    "a parameter fills a field, not a part of one that has a text of its own, nor of a list"
)
STRICT_JSON = "only what proto3's JSON mapping names is taken, and of an enum only what it declares"
UNKNOWN = "an unknown field is refused by name, not dropped"
NO_BODY = "a body that is left out is a mistake where the request has fields for it"
UNTAKEN_BODY = "a body that nothing reads is a mistake"
MEDIA_TYPE = "content that is not declared to be JSON is 415 (RFC 9110, 15.5.16)"
NOT_UTF_8 = "text that is no UTF-8 is the client's mistake"
COLUMNS = "columns and decimals are numbers (kundeapp.json.v1)"
RESPONSE_BODY = "Envoy does not know response_body"

JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Case:
    """A request, and what comes of it.

    Attributes:
        request: The method and the target.
        status: What ours answers.
        body: The content, none if empty.
        headers: Headers of the request.
        differs: Why Envoy answers otherwise; None if it must not.
    """

    request: str
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    differs: str | None = None

    def __str__(self) -> str:
        return f"{self.request} {self.body.decode('latin-1')[:60]}".strip()


def get(target: str, status: int = 200, differs: str | None = None) -> Case:
    return Case(f"GET {target}", status, differs=differs)


def post(
    body: bytes, status: int = 200, differs: str | None = None, target: str = "POST /v1/things"
) -> Case:
    return Case(target, status, body, JSON, differs)


CASES = (
    # Paths
    get("/v1/shelves/a"),
    get("/v1/shelves/a%20b%C3%A6"),
    get("/v1/shelves/a%2Fb"),
    get("/v1/shelves/a+b"),
    get("/v1/shelves/a:b"),
    get("/v1/shelves/current"),
    get("/v1/shelves/x/books/7"),
    get("/v1/shelves/x%2Fy/books/7"),
    get("/v1/shelves/x/books/seven", 422, differs=WRONG_FIELD),
    get("/v1/shelves/", 404),
    get("/v1/shelves//books/7", 404, differs=EMPTY_SEGMENT),
    get("/v1/files/a/b/c"),
    get("/v1/files/a%2Fb/c%20d"),
    get("/v1/files/"),
    get("/v1/files"),
    get("/v1/colours/RED"),
    get("/v1/colours/2"),
    get("/v1/colours/BLUE", 422, differs=WRONG_FIELD),
    get("/v1/nothing", 404),
    get("/", 404),
    get("/v1/query/", 404, differs=EMPTY_SEGMENT),
    get("/V1/query", 404),
    # Methods
    Case("DELETE /v1/things/a", 200),
    Case("DELETE /v1/things", 405, differs=NO_METHOD),
    Case("POST /v1/query", 405, differs=NO_METHOD),
    Case("PURGE /v1/things/a", 200),
    Case("PUT /v1/things/a", 200, b'{"anInt32":1}', JSON),
    Case("PATCH /v1/things/a", 200, b'{"anInt32":1}', JSON),
    Case("PATCH /v1/things/a?anInt32=2&colour=RED", 200, b'{"anInt32":1}', JSON),
    Case("PATCH /v1/things/a?child.anInt32=2", 422, b"{}", JSON, differs=BOUND),
    # Verbs
    Case("POST /v1/things:search", 200, b'{"name":"a"}', JSON),
    Case("POST /v1/things/a:publish", 200, b'{"anInt32":1}', JSON),
    Case("POST /v1/things/a%3Apublish", 405, b'{"anInt32":1}', JSON, differs=NO_METHOD),
    Case("POST /v1/things/a:nothing", 405, b"{}", JSON, differs=NO_METHOD),
    Case("POST /v1/things/a:touch", 200),
    Case("POST /v1/things/a:touch", 200, b"{}", JSON),
    Case("POST /v1/child", 200, b'{"child":{"name":"a"}}', JSON, differs=RESPONSE_BODY),
    Case("POST /v1/child", 200, b"{}", JSON, differs=RESPONSE_BODY),
    # Query parameters
    get("/v1/things?name=a"),
    get("/v1/query"),
    get("/v1/query?name=a%20b+c%26&renamed=d"),
    get("/v1/query?from=a"),
    get("/v1/query?an_int32=1"),
    get("/v1/query?anInt32=1"),
    get("/v1/query?anInt32=-2147483648&anInt64=-9223372036854775808&aUint64=18446744073709551615"),
    get("/v1/query?anInt32=2147483648", 422, differs=WRONG_FIELD),
    get("/v1/query?anInt32=1.5", 422, differs=WRONG_FIELD),
    get("/v1/query?anInt32=", 422, differs=WRONG_FIELD),
    get("/v1/query?aUint32=-1", 422, differs=WRONG_FIELD),
    get("/v1/query?aBool=true"),
    get("/v1/query?aBool=1", 422, differs=STRICT_TEXT),
    get("/v1/query?aBool=TRUE", 422, differs=STRICT_TEXT),
    get("/v1/query?aDouble=1.5e3&aFloat=0.1"),
    get("/v1/query?aDouble=x", 422, differs=WRONG_FIELD),
    get("/v1/query?aDouble=NaN"),
    get("/v1/query?someBytes=aGk%3D"),
    get("/v1/query?someBytes=-_8"),
    get("/v1/query?someBytes=%21", 422, differs=WRONG_FIELD),
    get("/v1/query?colour=GREEN"),
    get("/v1/query?colour=green", 422, differs=WRONG_FIELD),
    get("/v1/query?colour=1"),
    get("/v1/query?colour=77", 422, differs=WRONG_FIELD),
    get("/v1/query?child.name=a&child.child.aBool=true"),
    get("/v1/query?child.tags=a&child.tags=b"),
    get("/v1/query?child=a", 422, differs=WRONG_FIELD),
    get("/v1/query?children.name=a", 422, differs=STRICT_PARAMETER),
    get("/v1/query?tags=a&tags=b&numbers=1&numbers=2&colours=RED&colours=2"),
    get("/v1/query?tags=a,b"),
    get("/v1/query?labels.a=b", 422, differs=WRONG_FIELD),
    get("/v1/query?labels[a]=b", 422, differs=WRONG_FIELD),
    get("/v1/query?chosenText=a"),
    get("/v1/query?chosenText=a&chosenNumber=1", 422, differs=WRONG_FIELD),
    get("/v1/query?aTime=2026-04-06T13:00:00.5%2B02:00"),
    get("/v1/query?aTime=yesterday", 422, differs=WRONG_FIELD),
    get("/v1/query?times=2026-04-06T13:00:00Z&times=1970-01-01T00:00:00Z"),
    get("/v1/query?aDuration=1.5s"),
    get("/v1/query?aMask=name,anInt32"),
    get("/v1/query?aMask=child.anInt32"),
    get("/v1/query?wrappedString=a&wrappedInt64=7&wrappedBool=true&wrappedDouble=1.5"),
    get("/v1/query?wrappedBytes=aGk%3D"),
    get("/v1/query?wrappedString.value=a", 422, differs=STRICT_PARAMETER),
    get("/v1/query?optionalString=&optionalInt64=0"),
    get("/v1/query?anInt32=1&anInt32=2", 422, differs=TWICE),
    get("/v1/query?nope=1", 422, differs=WRONG_FIELD),
    get("/v1/query?child.nope=1", 422, differs=WRONG_FIELD),
    get("/v1/query?requestId=a", 422, differs=KEY),
    get("/v1/query?name=%ff", 400, differs=NOT_UTF_8),
    get("/v1/query?name"),
    get("/v1/shelves/a?name=b", 422, differs=BOUND),
    Case("POST /v1/things?name=a", 422, b"{}", JSON, differs=BOUND),
    # Bodies
    post(b"{}"),
    post(b'{"anInt64":"-9223372036854775808","aUint64":"18446744073709551615"}'),
    post(b'{"anInt64":-9007199254740993,"aFixed64":9007199254740993}'),
    post(b'{"anInt64":"9223372036854775808"}', 422, differs=WRONG_FIELD),
    post(b'{"anInt32":1.0}'),
    post(b'{"anInt32":"1"}'),
    post(b'{"anInt32":1.5}', 422, differs=WRONG_FIELD),
    post(b'{"anInt32":true}', 422, differs=WRONG_FIELD),
    post(b'{"anInt32":null,"tags":null,"child":null}'),
    post(b'{"aUint32":-1}', 422, differs=WRONG_FIELD),
    post(b'{"aBool":"true"}', 422, differs=STRICT_JSON),
    post(b'{"name":1}', 422, differs=WRONG_FIELD),
    post(b'{"aDouble":"Infinity","aFloat":"NaN"}'),
    post(b'{"aDouble":"1.5"}'),
    post(b'{"aFloat":1e39}', 422, differs=WRONG_FIELD),
    post(b'{"someBytes":"aGk="}'),
    post(b'{"someBytes":"aGk"}'),
    post(b'{"someBytes":"-_8="}'),
    post(b'{"someBytes":"a*b"}', 422, differs=WRONG_FIELD),
    post(b'{"colour":"RED","colours":["GREEN",1]}'),
    post(b'{"colour":"BLUE"}', 422, differs=WRONG_FIELD),
    post(b'{"colour":77}', 422, differs=STRICT_JSON),
    post(b'{"tags":["a","b"],"numbers":["1",2],"blobs":["YQ=="]}'),
    post(b'{"tags":"a"}', 422, differs=STRICT_JSON),
    post(b'{"tags":["a",null]}', 422, differs=STRICT_JSON),
    post(b'{"children":[{"name":"a"},{"children":[{"name":"b"}]}]}'),
    post(b'{"labels":{"a":"b"},"thingsByNumber":{"7":{"name":"c"}},"counts":{"true":1}}'),
    post(b'{"counts":{"yes":1}}', 422, differs=STRICT_JSON),
    post(b'{"chosenName":{"name":"a"}}'),
    post(b'{"chosenText":"a","chosenNumber":1}', 422, differs=WRONG_FIELD),
    post(
        b'{"aTime":"2026-04-06T13:00:00.123456789+02:00","aDuration":"-1.5s","aMask":"name,anInt32"}'
    ),
    post(b'{"aTime":"2026-13-06T13:00:00Z"}', 422, differs=WRONG_FIELD),
    post(b'{"aDuration":"1.5"}', 422, differs=WRONG_FIELD),
    post(b'{"aMask":"an_int32"}', 422, differs=STRICT_JSON),
    post(b'{"wrappedString":"","wrappedInt64":"7","wrappedBool":false,"wrappedBytes":"YQ=="}'),
    post(b'{"wrappedFloat":0.5,"wrappedDouble":null}'),
    post(b'{"aStruct":{"a":[1,null,{"b":true}]},"aValue":null,"aList":[1,"a"]}'),
    post(b'{"name":"a","name":"b"}'),
    post(b'{"anInt32":1,"an_int32":2}', 422, differs=TWICE),
    post(b'{"nope":1}', 422, differs=UNKNOWN),
    post(b'{"child":{"nope":1}}', 422, differs=UNKNOWN),
    post(b'{"requestId":"a"}', 422, differs=KEY),
    post(b"", 400, differs=NO_BODY),
    post(b"{", 400),
    post(b"nope", 400),
    post(b'{"name":"\xff"}', 400),
    post(b"[]", 422, differs=WRONG_FIELD),
    post(b"null", 422, differs=WRONG_FIELD),
    post(b'{"name":"b"}', 422, target="POST /v1/things/a:publish", differs=BOUND),
    Case(
        "POST /v1/things",
        415,
        b"name=a",
        {"content-type": "application/x-www-form-urlencoded"},
        differs=MEDIA_TYPE,
    ),
    Case("POST /v1/things", 415, b'{"name":"a"}', differs=MEDIA_TYPE),
    Case("GET /v1/query", 400, b'{"name":"a"}', JSON, differs=UNTAKEN_BODY),
    # Columns
    get("/v1/measures/a", differs=COLUMNS),
    # Files
    get("/v1/downloads/list.csv"),
    get("/v1/downloads/bl%C3%A5b%C3%A6r"),
)
