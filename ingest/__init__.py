"""Where networks and other programs reach Masthead: consent, callbacks and readiness; generic over <provider>."""
