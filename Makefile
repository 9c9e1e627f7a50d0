# Needs git, python3 and make. uv is used when it is there, else installed into the environment in .venv.

BIN := .venv/bin
UV = $(shell command -v uv || echo $(BIN)/uv)
# On a terminal, the installation shows its progress.
QUIET = $(shell test -t 2 || echo --quiet)
FRAMEWORK ?= fastapi
# On a terminal, a line for each test says how many of how many; a pipe gets dots.
PYTEST = $(BIN)/python -m pytest -n auto --dist worksteal $(if $(MAKE_TERMOUT),--verbose) $(if $(VARIANT),--variant "$(VARIANT)") \
	$(if $(ROTATION),--rotation $(ROTATION))
# Some tests need Chromium or Chrome, nginx with openssl, curl and sqlite3, systemd-analyze, PgBouncer, redis-server with rabbitmq-server, or buildah with debootstrap, and
# are skipped without them. BROWSER=required, NGINX=required, SYSTEMD=required, POOLER=required, BROKERS=required and IMAGE=required make their absence an
# error; none in place of required leaves these tests out. What is given to make is in the environment of the tests.

# uv trusts its own list of certificates unless configured to use the machine's, as pip does.
export UV_SYSTEM_CERTS ?= true
# The tests start hundreds of processes, which without byte code of their own modules take several times as long.
unexport PYTHONDONTWRITEBYTECODE
export PATH := $(CURDIR)/$(BIN):$(PATH)

# Another interpreter than the first that fits: make PYTHON=/path/to/python3
ifdef PYTHON
export UV_PYTHON ?= $(PYTHON)
endif

.DEFAULT_GOAL := help
.PHONY: help try render test test-fast test-all test-extensions mutants lint format bench clean

help: ## Show the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

try: .venv/ready ## Render the default service into a temporary folder and serve it (FRAMEWORK=flask for Flask)
	@$(BIN)/python -m tools.try_template $(FRAMEWORK)

render: .venv/ready ## Render a variant into a folder (VARIANT="framework=flask,auth=accounts" OUT=folder)
	@$(BIN)/python -m tools.render "$(VARIANT)" "$(OUT)"

test: .venv/ready ## Render every combination and execute rows of them (VARIANT="framework=flask" for a slice, ROTATION=7 for more)
	@$(PYTEST)

test-fast: .venv/ready ## Render every combination and execute a little, in a minute or two
	@$(PYTEST) -m "not slow and not browser and not nginx and not systemd and not pooler and not brokers and not image"

test-all: .venv/ready ## Execute every combination
	@$(PYTEST) --all-variants

test-extensions: .venv/ready ## Add each extension of docs/extensions.md to a project, with its newest version from the network
	@$(PYTEST) --extensions tests/extensions

mutants: .venv/ready ## Break the template in known ways, and see the suite notice (CHANGED=main, PART=3 or ONLY=README.md for some of them)
	@$(BIN)/python -m tools.mutants $(ONLY) $(if $(CHANGED),--changed $(CHANGED)) $(if $(PART),--part $(PART))

lint: .venv/ready ## Check style and types of the hooks, the tests and the benchmarks, and the workflow
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/zizmor --offline --quiet .github

format: .venv/ready ## Format the hooks, the tests and the benchmarks
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: .venv/ready ## Measure rendering, start and the generated suites against what they stand on
	@$(BIN)/python -m benchmarks

clean: ## Remove the environments and everything that was built
	rm -rf .venv .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache

.venv/ready: pyproject.toml
	@! test -t 2 || echo "Installing into .venv" >&2
	@command -v uv >/dev/null || $(MAKE) --no-print-directory .venv/bin/uv
	@$(UV) sync --inexact $(QUIET) --compile-bytecode
	@touch $@

.venv/bin/uv: PYTHON ?= python3
.venv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "python3 is %d.%d here, 3.11 or newer is needed: make PYTHON=/path/to/python3" % sys.version_info[:2])'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install $(QUIET) --disable-pip-version-check "uv>=0.13,<0.14"
