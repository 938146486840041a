"""The parts of `make check` that no tool of others does. Each is a program: silent and 0, or its findings and 1."""
