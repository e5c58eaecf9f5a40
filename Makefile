# `make help` explains itself. Everything is installed into .venv and generated into gen.
.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?= python3
BIN := .venv/bin
export PYTHONPATH :=

PROTOS := $(shell find protos -name '*.proto')
GOOGLEAPIS := $(addprefix google/,api/annotations.proto api/field_behavior.proto api/http.proto api/httpbody.proto rpc/error_details.proto rpc/status.proto)

##@ Everyday

help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup gen ## Start everything here, with demo data; Ctrl-C stops it
	@exec $(BIN)/kundeapp run

test: setup gen ## Run all tests, on a real PostgreSQL and NATS
	$(BIN)/pytest

ci: lint types imports protos check-gen test ## Run all that a change must pass

##@ Parts

setup: .venv/.installed ## Install what the hashed requirements name into .venv

.venv/.installed: requirements-bootstrap.txt requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bootstrap.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements-dev.txt
	mkdir -p gen/kundeapp
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-build-isolation --no-deps --editable .
	@touch $@

gen: gen/.made ## Generate Python and the description of the events from the protos

gen/.made: $(PROTOS) kit/asyncapi.py kit/comments.py .venv/.installed
	@rm -rf gen && mkdir -p gen/googleapis gen/stubs
	@cd $$($(BIN)/python -c 'import pathlib, google.api.http_pb2 as http; print(pathlib.Path(http.__file__).parents[2])') && \
		cp --parents $(GOOGLEAPIS) $(CURDIR)/gen/googleapis
	$(BIN)/python -m grpc_tools.protoc --proto_path=protos --proto_path=gen/googleapis \
		--plugin=protoc-gen-mypy=$(BIN)/protoc-gen-mypy --plugin=protoc-gen-mypy_grpc=$(BIN)/protoc-gen-mypy_grpc \
		--python_out=gen --grpc_python_out=gen --mypy_out=quiet:gen --mypy_grpc_out=quiet:gen \
		--descriptor_set_out=gen/kundeapp/protos.binpb --include_imports --include_source_info $(PROTOS)
	$(BIN)/python -m grpc_tools.protoc --proto_path=gen/googleapis \
		--plugin=protoc-gen-mypy=$(BIN)/protoc-gen-mypy --mypy_out=quiet:gen/stubs $(GOOGLEAPIS)
	$(BIN)/python -m kit.asyncapi gen/kundeapp/protos.binpb > gen/kundeapp/asyncapi.json
	$(BIN)/python -m kit.fonts gen/kundeapp/fonts
	@touch $@

requirements: setup ## Pin the newest versions of the requirements, with hashes
	for name in requirements-bootstrap requirements requirements-dev; do \
		$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url \
			--python-version 3.11 --no-header $$name.in -o $$name.txt; done

##@ Checks

lint: setup ## Check style
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: setup ## Mend style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: setup gen ## Check types
	$(BIN)/pyright

imports: setup gen ## Check that imports point one way
	$(BIN)/lint-imports

protos: setup gen ## Check the protos
	$(BIN)/buf lint

check-gen: setup ## Check that the pinned requirements match what they are made from
	@for name in requirements-bootstrap requirements requirements-dev; do \
		cp $$name.txt .venv/$$name.txt; \
		$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
			--python-version 3.11 --no-header $$name.in -o .venv/$$name.txt; \
		diff -u $$name.txt .venv/$$name.txt || { echo "Run: make requirements" >&2; exit 1; }; done

bench: setup gen ## Run the benchmarks, and write bench/RESULTS.md
	$(BIN)/python -m bench

.PHONY: help run test ci setup gen requirements lint format types imports protos check-gen bench
