"""Exports: what a list shows, as a workbook that says who took it out and when."""
