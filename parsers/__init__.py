"""One module per sender of payment notices; every module without a leading underscore is found by itself."""
