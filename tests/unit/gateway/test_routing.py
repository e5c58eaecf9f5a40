"""Which route answers which path."""

from dataclasses import dataclass
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.transcoder import templates
from gateway.transcoder.routing import AmbiguousRoutes, RouteTable
from gateway.transcoder.templates import InvalidTemplate, Template


@dataclass(frozen=True)
class Endpoint:
    http_method: str
    template: Template


def table(*routes: str) -> RouteTable[Endpoint]:
    pairs = (route.split(" ") for route in routes)
    return RouteTable(Endpoint(method, templates.parse(path)) for method, path in pairs)


def found(routes: RouteTable[Endpoint], request: str) -> str | None:
    match = routes.match(*request.split(" "))
    return None if match is None else match.endpoint.template.text


def values(template: str, path: str) -> dict[str, str]:
    match = table(f"GET {template}").match("GET", path)
    assert match is not None
    return {
        ".".join(variable.field_path): variable.value(match.segments)
        for variable in match.endpoint.template.variables
    }


class TestGrammar:
    @pytest.mark.parametrize(
        ("text", "segments", "verb"),
        [
            ("/v1/me", ("v1", "me"), ""),
            ("/v1/sessions:refresh", ("v1", "sessions"), "refresh"),
            ("/v1/{name=shelves/*/books/*}:go", ("v1", "shelves", "*", "books", "*"), "go"),
            ("/v1/{a.b_c}/{d}", ("v1", "*", "*"), ""),
            ("/v1/*/x/**", ("v1", "*", "x", "**"), ""),
            ("/.well-known/x", (".well-known", "x"), ""),
            ("/v1/{name=**}:go", ("v1", "**"), "go"),
        ],
    )
    def test_templates_are_parsed(self, text: str, segments: tuple[str, ...], verb: str) -> None:
        template = templates.parse(text)
        assert (template.segments, template.verb) == (segments, verb)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "v1",
            "/",
            "/v1/",
            "/v1//x",
            "/v1/{}",
            "/v1/{a",
            "/v1/{a=}",
            "/v1/{a={b}}",
            "/v1/{a.}",
            "/v1/{1a}",
            "/v1/**/x",
            "/v1/{a=**}/x",
            "/v1/a*",
            "/v1/x:",
            "/v1/x:a:b",
            "/v1/x:a/b",
            "/v1/x y",
            "/v1/x?y",
        ],
    )
    def test_what_is_no_template_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidTemplate):
            templates.parse(text)


class TestValues:
    def test_a_variable_takes_its_segments(self) -> None:
        assert values("/v1/{name=a/*}/{b.c}", "/v1/a/x/y") == {"name": "a/x", "b.c": "y"}

    def test_one_segment_is_decoded_whole(self) -> None:
        assert values("/v1/{a}", "/v1/x%2Fy%20%C3%A6") == {"a": "x/y æ"}

    def test_what_was_encoded_twice_is_decoded_once(self) -> None:
        assert values("/v1/{a}", "/v1/x%252Fy") == {"a": "x%2Fy"}

    def test_several_segments_keep_what_would_split_them(self) -> None:
        assert values("/v1/{a=x/*}", "/v1/x/y%2Fz%20%C3%A6%3a") == {"a": "x/y%2Fz æ%3a"}

    def test_the_rest_may_be_nothing(self) -> None:
        assert values("/v1/{a=**}", "/v1") == {"a": ""}
        assert values("/v1/{a=**}", "/v1/x/y") == {"a": "x/y"}

    def test_bytes_that_are_no_utf_8_are_refused(self) -> None:
        with pytest.raises(UnicodeDecodeError):
            values("/v1/{a}", "/v1/%ff")

    @given(st.text(min_size=1))
    def test_any_text_survives_the_way_through_a_segment(self, text: str) -> None:
        assert values("/v1/{a}", "/v1/" + quote(text, safe="")) == {"a": text}


class TestMatching:
    def test_a_literal_wins_over_a_variable(self) -> None:
        routes = table("GET /v1/x/{a}", "GET /v1/x/current")
        assert found(routes, "GET /v1/x/current") == "/v1/x/current"
        assert found(routes, "GET /v1/x/other") == "/v1/x/{a}"

    def test_a_less_specific_route_answers_what_the_other_does_not(self) -> None:
        routes = table("GET /v1/x/{a}", "DELETE /v1/x/current", "GET /v1/x/current/deep")
        assert found(routes, "GET /v1/x/current") == "/v1/x/{a}"

    def test_a_search_that_ends_blind_turns_back(self) -> None:
        routes = table("GET /v1/a/b/c", "GET /v1/{x}/b/d", "GET /{x=**}")
        assert found(routes, "GET /v1/a/b/d") == "/v1/{x}/b/d"
        assert found(routes, "GET /v1/a/b/e") == "/{x=**}"

    def test_a_verb_is_no_part_of_the_value(self) -> None:
        routes = table("POST /v1/{a}:go", "POST /v1/{a}")
        assert found(routes, "POST /v1/x:go") == "/v1/{a}:go"
        assert found(routes, "POST /v1/x:other") == "/v1/{a}"
        assert found(routes, "POST /v1/x%3Ago") == "/v1/{a}"

    def test_no_segment_is_empty(self) -> None:
        routes = table("GET /v1/{a}", "GET /v1/{a}/x")
        assert found(routes, "GET /v1/") is None
        assert found(routes, "GET /v1//x") is None
        assert found(routes, "GET /v1") is None

    def test_an_encoded_literal_is_the_same_literal(self) -> None:
        assert found(table("GET /v1/me"), "GET /v1/%6de") == "/v1/me"

    def test_head_is_answered_as_get(self) -> None:
        routes = table("GET /v1/x", "POST /v1/y")
        assert found(routes, "HEAD /v1/x") == "/v1/x"
        assert found(routes, "HEAD /v1/y") is None

    def test_a_path_knows_its_methods(self) -> None:
        routes = table("GET /v1/x", "POST /v1/x", "PUT /v1/{a}", "GET /v1/y")
        assert routes.methods("/v1/x") == {"GET", "POST", "PUT"}
        assert routes.methods("/v1") == set()

    def test_a_star_answers_any_method(self) -> None:
        assert found(table("* /v1/x"), "BREW /v1/x") == "/v1/x"


class TestAmbiguity:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("GET /v1/x", "GET /v1/x"),
            ("GET /v1/{a}", "GET /v1/{b}"),
            ("GET /v1/{a}/x", "GET /v1/y/{b}"),
            ("GET /v1/{a=**}", "GET /v1/{b=**}"),
            ("GET /v1/{a}/x/{b}", "GET /v1/y/{c=**}"),
            ("POST /v1/{a}:go", "POST /v1/*:go"),
            ("* /v1/x", "GET /v1/x"),
        ],
    )
    def test_two_routes_for_the_same_request_are_refused(self, one: str, other: str) -> None:
        with pytest.raises(AmbiguousRoutes):
            table(one, other)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("GET /v1/x", "POST /v1/x"),
            ("GET /v1/x", "GET /v1/{a}"),
            ("GET /v1/{a}/x", "GET /v1/{a}/y"),
            ("GET /v1/{a}/{b}", "GET /v1/{c=**}"),
            ("GET /v1/{a}:go", "GET /v1/{a}"),
            ("GET /v1/{a}", "GET /v1/{a}/{b}"),
            ("GET /v1/x/{a}", "GET /v1/{b=**}"),
        ],
    )
    def test_a_more_specific_route_is_no_doubt(self, one: str, other: str) -> None:
        assert table(one, other).endpoints
