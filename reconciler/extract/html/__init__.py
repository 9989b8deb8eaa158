"""HTML as it is written → the blocks of lines a reader sees."""
