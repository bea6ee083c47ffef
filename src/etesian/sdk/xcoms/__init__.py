"""What tasks hand to each other: values, and references to values that are not there yet."""
