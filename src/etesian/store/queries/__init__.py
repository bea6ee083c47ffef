"""What is asked of the database: one module per resource, one function per question, records out."""
