"""What pages are made of. Each module shows one thing; none of them reads or writes the database."""
