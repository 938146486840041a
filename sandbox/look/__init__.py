"""How the sandbox's own pages look: one layout, light and dark, no request to anywhere else."""
