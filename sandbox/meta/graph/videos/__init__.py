"""Videos of Pages on the graph hosts: uploads, plain videos, reels, video stories, their status (meta 4.5 to 4.7)."""
