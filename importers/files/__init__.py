"""The files themselves: the archive, their journal, their sources, what is reported of them."""
