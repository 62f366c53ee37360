"""Reading of files that people bring: workbooks and text tables, without models and without writing
anything."""
