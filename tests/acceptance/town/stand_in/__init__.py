"""The Town Crier as the sandbox plays it."""
