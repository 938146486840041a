"""What operators and the build use: checks, pins, and servers of other versions."""
