"""What sending under limits needs is what sending needs."""

from tests.integration.publishing.conftest import house, network, quiet_house_of_worker, worker

__all__ = ["house", "network", "quiet_house_of_worker", "worker"]
