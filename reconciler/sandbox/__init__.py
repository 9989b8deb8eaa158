"""
The other side, embedded: servers that behave as the real ones are documented to, odd manners included.

The demo, rehearsals of an outage and the tests all use these. Each is its own implementation, written from the
published descriptions; none imports the code that talks to it.
"""
