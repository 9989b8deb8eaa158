"""Watches a mailbox for payment notices, posts each as an income exactly once, releases paid orders."""
