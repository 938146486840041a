"""graph.facebook.com: `/{version}/{node}[/{edge}]` and what it answers."""
