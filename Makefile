.PHONY: help install test check web bench clean

help:  ## Show what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install:  ## Install for development, with everything the tests and checks need
	pip install -e '.[test,check]'

test:  ## Run the tests
	pytest

check:  ## Lint, check the formatting and the types
	ruff check .
	ruff format --check .
	mypy

web:  ## Build the studio's page into the package
	python hatch_build.py

bench:  ## Measure Pellucid beside its peers, where they are installed
	pellucid bench

clean:  ## Remove what building and testing left behind
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
