"""One folder is one section of the menu, one file is one page (`console.menu`)."""
