"""Images: uploaded in chunks, decoded in a limited child, kept by content, shown and fetched by signed address."""
