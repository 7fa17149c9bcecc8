.PHONY: help install test check web docs bench clean

help:  ## Show what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install:  ## Install for development, with everything the tests and checks need
	pip install -e '.[test,browser,check]'

test:  ## Run the tests
	pytest -n 2

check:  ## Lint, check the formatting and the types
	ruff check .
	ruff format --check .
	mypy

web:  ## Build the studio's page into the package
	python -m build_steps.page

docs:  ## Build the documentation into build/docs; needs the extra `docs`
	sphinx-build -q -W --keep-going docs build/docs

bench:  ## Measure everything in docs/performance.md and docs/gallery.md, and fill their tables: about twelve minutes on a quiet machine
	pellucid bench --json --chart benchmarks/results/bench.png > benchmarks/results/bench.json.part
	mv benchmarks/results/bench.json.part benchmarks/results/bench.json
	python benchmarks/to_95.py --json benchmarks/results/to_95.json
	python benchmarks/start.py --json benchmarks/results/start.json
	python benchmarks/growth.py --json benchmarks/results/growth.json --chart benchmarks/results/growth.png
	python benchmarks/ideas.py --json benchmarks/results/ideas.json
	python benchmarks/large_data.py --json benchmarks/results/large_data.json
	python benchmarks/gallery.py --json benchmarks/results/gallery.json --page docs/gallery.md
	python benchmarks/page.py

clean:  ## Remove what building and testing left behind
	rm -rf build dist docs/generated .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
