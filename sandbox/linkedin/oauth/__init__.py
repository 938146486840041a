"""www.linkedin.com/oauth: the consent of a member, and what it is worth (linkedin 2)."""
