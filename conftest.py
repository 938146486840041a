"""Fixtures for every test of the project, those beside a provider included."""

pytest_plugins = [
    "tests.fixtures.tracing",
    "tests.fixtures.servers",
    "tests.fixtures.databases",
    "tests.fixtures.programs",
    "tests.fixtures.clocks",
    "tests.fixtures.logs",
]
