"""What the OpenAPI document and the API page say."""

from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from gateway import docs, export, live, openapi
from gateway.bootstrap import SERVICES
from gateway.config import Settings
from gateway.transcoder import Transcoder
from kit.comments import Comments
from tests.protos import compiled

LOGIN: list[dict[str, list[str]]] = [{"accessToken": []}, {"accessCookie": []}]
DESCRIPTORS = Settings.model_fields["descriptors"].default.read_bytes()


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    routes, comments = Transcoder(SERVICES).routes, Comments(DESCRIPTORS)
    return openapi.document(routes, comments, "v1", live.told(), export.exported(SERVICES))


@pytest.fixture(scope="module")
def echo() -> dict[str, Any]:
    routes = Transcoder(compiled.echo().services_by_name.values()).routes
    comments = Comments(compiled.descriptor_set("tests/echo/v1/echo.proto"))
    return openapi.document(routes, comments, "v1")


def test_it_is_valid_openapi(document: dict[str, Any], echo: dict[str, Any]) -> None:
    validate(document, cls=OpenAPIV31SpecValidator)
    validate(echo, cls=OpenAPIV31SpecValidator)


def test_every_operation_says_what_it_does(document: dict[str, Any]) -> None:
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation["description"]
            assert all(parameter["description"] for parameter in operation["parameters"])


def test_nothing_is_changed_by_get(document: dict[str, Any]) -> None:
    """What changes something takes a key for retries; these do not, and are no GET all the same."""
    without = {
        (method, path)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if "Idempotency-Key" not in [parameter["name"] for parameter in operation["parameters"]]
    }
    assert {(method, path) for method, path in without if method != "get"} == {
        ("post", "/v1/sessions:refresh"),
        ("post", "/v1/identityProviders/{provider_id}:begin"),
        ("post", "/v1/me/identityProviders/{provider_id}:begin"),
        ("post", "/v1/customers:lookUp"),
        ("post", "/v1/suppressions:check"),
        ("post", "/v1/unsubscribe:lookUp"),
        ("post", "/v1/releases:lookUp"),
    }
    assert sum(method == "get" for method, _ in without) == sum(
        "get" in methods for methods in document["paths"].values()
    )


def test_columns_and_decimals_have_their_types(document: dict[str, Any]) -> None:
    usage = document["components"]["schemas"]["Usage"]["properties"]
    assert usage["start"]["items"] == {
        "type": "string",
        "format": "date-time",
        "examples": ["2026-04-06T13:00:00+02:00"],
    }
    assert usage["kwh"]["items"]["type"] == ["number", "null"]
    assert usage["hours"]["items"]["type"] == ["integer", "null"]
    total = document["components"]["schemas"]["Usage.Total"]["properties"]
    assert total["cost"]["type"] == ["number", "null"]


def test_the_idempotency_key_is_a_header_and_no_field(document: dict[str, Any]) -> None:
    register = document["paths"]["/v1/accounts:register"]["post"]
    assert [parameter["name"] for parameter in register["parameters"]] == ["Idempotency-Key"]
    schema = register["requestBody"]["content"]["application/json"]["schema"]
    assert set(schema["properties"]) == {"customerNumber", "pin", "email", "password"}
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["customerNumber", "pin", "email", "password"]


def test_access_is_told(document: dict[str, Any]) -> None:
    assert document["paths"]["/v1/sessions"]["post"]["security"] == []
    assert document["paths"]["/v1/me"]["get"]["security"] == LOGIN


def test_a_browser_may_log_in_by_cookie(document: dict[str, Any]) -> None:
    scheme = document["components"]["securitySchemes"]["accessCookie"]
    assert (scheme["type"], scheme["in"]) == ("apiKey", "cookie")
    assert scheme["name"] == "__Host-kundeapp-access"


def test_what_a_browser_keeps_is_told_at_its_field(echo: dict[str, Any]) -> None:
    opened = echo["components"]["schemas"]["Opened"]["properties"]
    assert "`__Host-kundeapp-refresh`" in opened["refresh"]["description"]
    assert "__Host-" not in opened["ends"]["description"]
    close = echo["paths"]["/v1/doors/{name}"]["delete"]
    assert "`__Host-kundeapp-access`, `__Host-kundeapp-refresh`" in close["description"]
    page = docs.page(echo).decode()
    assert "<code>__Host-kundeapp-device</code>" in page


def test_what_a_cookie_fills_may_be_left_out(echo: dict[str, Any]) -> None:
    body = echo["paths"]["/v1/doors:reopen"]["post"]["requestBody"]
    assert body["required"] is False
    schema = body["content"]["application/json"]["schema"]
    assert "required" not in schema
    assert "`__Host-kundeapp-refresh`" in schema["properties"]["refresh"]["description"]
    assert echo["paths"]["/v1/doors"]["post"]["requestBody"]["required"] is True


def test_a_form_that_stands_for_an_empty_body_is_told(document: dict[str, Any]) -> None:
    body = document["paths"]["/v1/unsubscribe/{token}"]["post"]["requestBody"]
    assert body["required"] is False
    assert set(body["content"]) == {"application/x-www-form-urlencoded", "multipart/form-data"}
    for content in body["content"].values():
        assert content["schema"]["properties"] == {"List-Unsubscribe": {"const": "One-Click"}}
        assert content["schema"]["required"] == ["List-Unsubscribe"]
    assert "<code>List-Unsubscribe=One-Click</code>" in docs.page(document).decode()


def test_what_has_no_http_form_is_not_there(document: dict[str, Any]) -> None:
    operations = {
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
    }
    assert "ListSigningKeys" not in operations
    assert "ImportReadings" not in operations


def test_paths_have_a_variable_a_segment(echo: dict[str, Any]) -> None:
    assert "/v1/things/{name}:publish" in echo["paths"]
    assert "/v1/shelves/{child.name}/books/{an_int64}" in echo["paths"]
    assert "/v1/files/{name}" in echo["paths"]


def test_a_file_is_no_json(echo: dict[str, Any]) -> None:
    answer = echo["paths"]["/v1/downloads/{name}"]["get"]["responses"]["200"]
    assert answer["content"] == {"*/*": {}}
    assert answer["description"] in docs.page(echo).decode()
    assert "HttpBody" not in echo["components"]["schemas"]


def test_the_live_stream_is_told_with_all_that_may_come(document: dict[str, Any]) -> None:
    stream = document["paths"]["/v1/me/stream"]["get"]
    assert stream["security"] == LOGIN
    events = stream["responses"]["200"]["content"]["text/event-stream"]["x-events"]
    assert events["offer.made"] == {"$ref": "#/components/schemas/OfferMade"}
    page = docs.page(document).decode()
    for message in events.values():
        schema = document["components"]["schemas"][message["$ref"].rpartition("/")[2]]
        assert schema["description"] in page


def test_the_export_is_told_with_what_each_service_hands_out(document: dict[str, Any]) -> None:
    file = document["paths"]["/v1/me/export"]["get"]["responses"]["200"]
    services = file["content"]["application/json"]["schema"]["properties"]["services"]
    assert {"identity", "metering", "events"} <= set(services["properties"])
    assert "`days`" in services["properties"]["metering"]["description"]
    assert "ExportMyData" not in str(document["paths"].keys())


def test_what_may_come_of_a_request_is_named_with_its_headers(document: dict[str, Any]) -> None:
    of_any = {"200", "400", "413", "431", "503", "default"}
    reserving = document["paths"]["/v1/events/{event_id}/reservations"]["post"]["responses"]
    assert of_any | {"401", "404", "408", "409", "415", "422", "429"} <= set(reserving)
    assert of_any <= set(document["paths"]["/v1/purposes"]["get"]["responses"])
    for status, header in (("401", "WWW-Authenticate"), ("429", "Retry-After")):
        refusal = reserving[status]["$ref"].rpartition("/")[2]
        assert header in document["components"]["responses"][refusal]["headers"]
        assert document["components"]["headers"][header]["required"] is True


def test_query_parameters_are_dotted(echo: dict[str, Any]) -> None:
    parameters = {
        parameter["name"] for parameter in echo["paths"]["/v1/query"]["get"]["parameters"]
    }
    assert {"child.name", "tags", "aTime", "from", "Idempotency-Key"} <= parameters
    assert parameters.isdisjoint({"requestId", "children", "labels", "aStruct"})


def test_the_page_has_every_operation_and_every_code(document: dict[str, Any]) -> None:
    page = docs.page(document).decode()
    for methods in document["paths"].values():
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in page
    assert 'id="ACCOUNT_EXISTS"' in page


def test_the_page_leads_to_the_documents(document: dict[str, Any]) -> None:
    page = docs.page(document).decode()
    assert 'href="/openapi.json"' in page
    assert 'href="/asyncapi.json"' in page


def test_the_page_needs_no_script_and_no_other_host(document: dict[str, Any]) -> None:
    page = docs.page(document).decode()
    assert "<script" not in page
    assert "style=" not in page
    assert "src=" not in page
    assert 'href="http' not in page
