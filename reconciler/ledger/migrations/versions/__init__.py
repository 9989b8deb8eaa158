"""The ledger's versions, oldest first; each script upgrades from the one before."""
