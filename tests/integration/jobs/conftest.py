"""What sending needs, and a queue server of this worker's own."""

from tests.integration.publishing.conftest import house, network, worker

__all__ = ["house", "network", "worker"]
