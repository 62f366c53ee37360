"""Reads of customers and leads."""
