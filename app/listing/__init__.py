"""The engine of lists: fields, filters, queries, sums, exports. It knows no list."""
