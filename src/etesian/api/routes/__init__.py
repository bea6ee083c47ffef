"""The routes, one file per resource. Each asks the store, fills a shape and answers it."""
