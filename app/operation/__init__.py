"""Running the portal: the worker that survives its database, its state, its checks, its copies."""
