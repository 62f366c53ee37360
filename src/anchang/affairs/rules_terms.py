"""Which terms of a contract leave the office's standard (K05)."""

import hashlib
import json
from collections.abc import Mapping, Sequence

#: [{clause, standard, text}], in the order of the standard's and then the contract's places.
Terms = list[dict[str, str]]


def beyond_standard(clauses: Mapping[str, str], standard: Mapping[str, str]) -> Terms:
    """Places whose text is another than the standard's; a place that was left out counts too."""
    places = dict.fromkeys([*standard, *clauses])
    found = [
        {"clause": place, "standard": standard.get(place, "").strip(), "text": clauses.get(place, "").strip()}
        for place in places
    ]
    return [one for one in found if one["text"] != one["standard"]]


def digest_of(terms: Sequence[Mapping[str, str]]) -> str:
    """SHA-256 of the terms, whatever their order."""
    told = sorted((one["clause"], one["text"]) for one in terms)
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()
