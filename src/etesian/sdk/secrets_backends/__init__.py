"""Where connections and variables may come from, besides the platform's own store."""
