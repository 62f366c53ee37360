"""Reading of files that people bring: workbooks and text tables. No models, nothing is written."""

from anchang.platform.importing import messages as messages  # registers the words of file errors
