"""Sentences for the codes of file and cell errors."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from anchang.platform.wording import say, worded

FILE_MESSAGES = {
    "file_unknown": _("This is not a spreadsheet or text table that can be read. Save it as .xlsx or .csv."),
    "file_damaged": _("The file is damaged. Open it in Excel or WPS and save it again."),
    "file_encrypted": _("The file is locked with a password. Save it without one."),
    "file_empty": _("There is nothing in the file."),
    "file_too_large": _("The file has %(megabytes)s MB; at most %(limit)s MB are read."),
    "file_zip_bomb": _("The file unpacks to far more than a workbook needs and was not opened."),
    "file_too_many_rows": _("The file has more than %(limit)s rows. Split it."),
    "file_too_many_columns": _("Row %(row)s has more than %(limit)s columns."),
    "file_cell_too_long": _(
        "A cell in row %(row)s is longer than %(limit)s characters. Is a quotation mark missing?"
    ),
    "file_no_header": _("No header row was found. The first rows must name the columns."),
    "mapping_wrong": _("Some fields have no matching column."),
    "column_missing": _("Choose the column for this field."),
    "column_used_twice": _("This column is already used for another field."),
    "no_such_column": _("The file has no such column."),
    "unknown_field": _("There is no such field."),
}

# Short words like `required` are codes of cells only, so they stay out of the common register.
CELL_MESSAGES = {
    "required": _("This cell must be filled in."),
    "too_long": _("The text is longer than %(limit)s characters."),
    "phone_missing": _("There is no phone number."),
    "phone_invalid": _("This is not a valid phone number."),
    "date_invalid": _("There is no such date."),
    "not_a_number": _("This is not a number."),
    "negative": _("This must not be negative."),
    "not_positive": _("This must be more than zero."),
    "too_large": _("This number is too large."),
    "range_reversed": _("The first number must not be larger than the second."),
    "floor_invalid": _("This is not a storey."),
    "not_in_list": _("This word is not in the list of choices."),
    "digits_lost": _(
        "The spreadsheet has shortened this number. Format the column as text and export it again."
    ),
    "control_character": _("The cell has characters that can't be stored."),
    "unreadable_character": _("The cell has characters that can't be read. Save the file as UTF-8."),
}

say(FILE_MESSAGES)


def message(code: str, params: Mapping[str, Any] | None = None) -> str:
    """The sentence for a cell's code in the active language. Apps word the codes of their own imports."""
    template = CELL_MESSAGES.get(code)
    return str(template) % dict(params or {}) if template else worded(code, params)
