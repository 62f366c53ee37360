"""Printed documents (PDF) and spreadsheets (XLSX) made from plain data. Knows no model and no database."""
