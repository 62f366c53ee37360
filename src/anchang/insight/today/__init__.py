"""Today (今日): what waits for the reader, per kind of work."""
