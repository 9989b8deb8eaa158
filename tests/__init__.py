"""The promises of the product, each kept by a test."""
