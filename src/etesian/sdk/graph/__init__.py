"""What is wired to what while a file is imported: edges, open blocks, order."""
