"""Plans: the ledger of claims that circulate in the trade, and its arithmetic."""
