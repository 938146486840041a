"""The control interface under `/_sandbox` (PRODUCT 8): for tests, harnesses and `make run`, never for the product."""
