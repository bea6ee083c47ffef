"""One attempt or callback, from its workload to its outcome."""
