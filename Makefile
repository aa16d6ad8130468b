# make demo: see it.  make test: all that CI runs.  make test-all: the long form of it.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test test-all fuzz check lint types style docs reference notebooks pictures bench clean

demo: $(VENV)/demo-ready
	$(BIN)/lstmviz demo $(ARGS)

# One worker more than cores, since browser tests wait; each on one thread, since several in turn would wait for each other.
# They keep bytecode, whatever the environment says: hundreds of processes would compile lstmviz anew.
WORKERS ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1)))
PYTEST := PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

test: lint
	$(PYTEST)

test-all: lint
	$(PYTEST) -m "long or not long" --hypothesis-profile long

MINUTES ?= 10
fuzz: $(VENV)/test-ready
	PYTHONPATH=tests $(BIN)/python -m fuzz.run --minutes $(MINUTES)

check: lint
	$(BIN)/python -m pytest -q tests/house/test_imports.py tests/house/test_page_modules.py

lint: $(VENV)/test-ready tools node_modules/ready
	@$(MAKE) --no-print-directory --jobs 2 --output-sync types style

types:
	$(BIN)/mypy

style:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	node_modules/.bin/biome check --error-on-warnings
	node_modules/.bin/tsc --project .
	node --test tests/js/*.test.mjs

docs: $(VENV)/test-ready
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet --fresh-env -c docs -d build/doctrees . build/site
	@echo "open build/site/index.html"

reference: $(VENV)/test-ready
	$(BIN)/python docs/make_cli.py

notebooks: $(VENV)/test-ready tools
	$(BIN)/python docs/make_notebooks.py

pictures: $(VENV)/test-ready tools
	$(BIN)/python docs/make_pictures.py
	$(BIN)/python docs/make_card_pictures.py

bench: $(VENV)/test-ready tools
	mkdir -p build/bench && $(BIN)/python benchmarks/page.py --folder build/bench

$(VENV)/python-ready:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "lstmviz needs Python 3.11 or newer, and this is " + sys.version.split()[0] + "; run: make demo PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "Python could not make a virtual environment; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@touch $@

$(VENV)/demo-ready: $(VENV)/python-ready pyproject.toml constraints.txt
	@echo "installing lstmviz and what it needs into $(VENV) (once; a minute or two)"
	$(PIP) --editable .
	@touch $@

$(VENV)/test-ready: $(VENV)/demo-ready
	$(PIP) --editable '.[test]'
	@touch $@

# What checks the page's modules; the page itself is served as it lies, and needs none of it.
node_modules/ready: package.json package-lock.json | tools
	npm ci --no-audit --no-fund --silent
	@touch $@

# A browser, node and npm for the page's tests, nginx for those of a path, openssl for those of TLS, and a C compiler for those of full disks, where missing.
# Chromium without windows takes a quarter less time for the page's tests; they run in the full one where there is none.
.PHONY: tools
tools:
	@missing=; \
	command -v chromium >/dev/null || missing="chromium fonts-dejavu-core"; \
	command -v node >/dev/null || missing="$$missing nodejs"; \
	command -v npm >/dev/null || missing="$$missing npm"; \
	PATH="$$PATH:/usr/sbin" command -v nginx >/dev/null || missing="$$missing nginx-light"; \
	command -v openssl >/dev/null || missing="$$missing openssl"; \
	echo '#include <stdio.h>' | cc -xc -fsyntax-only - 2>/dev/null || missing="$$missing gcc libc6-dev"; \
	sudo=$$(test "$$(id -u)" = 0 || echo sudo); \
	if test -n "$$missing"; then \
	  command -v apt-get >/dev/null || { echo "the tests need chromium, node, npm, nginx, openssl and cc on the PATH; install them"; exit 1; }; \
	  $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive \
	    apt-get install -y -qq --no-install-recommends $$missing >/dev/null || exit 1; fi; \
	command -v chromium-headless-shell >/dev/null || { command -v apt-get >/dev/null && \
	  $$sudo apt-get install -y -qq --no-install-recommends chromium-headless-shell >/dev/null 2>&1; } || true

clean:
	rm -rf $(VENV) node_modules dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
