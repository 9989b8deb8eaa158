"""Lines and blocks → label/value pairs and statements: where a value ends is told by structure alone."""
