"""Reads of the reports. Every one takes an `Asked` (queries.asked) and answers plain JSON values."""
