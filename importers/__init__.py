"""Files in, records out: the formats, and the only writers of payments."""
