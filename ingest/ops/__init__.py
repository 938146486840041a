"""What operators and supervisors ask."""
