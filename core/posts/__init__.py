"""What people write, submit and approve: posts, their versions, and one publication for each chosen account."""
