"""The words of codes: errors, refusals, notices, to-dos, events. Each app registers its own, once.

    # deals/errors.py
    say({"unit_taken": _("%(unit)s is taken by someone else.")})

Sentences are found at the edge, in the reader's language; a missing parameter leaves the sentence readable.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

_words: dict[str, Any] = {}
_values: dict[str, dict[str, Mapping[str, Any]]] = {}
_keys: dict[str, dict[str, Any]] = {}
_twice: list[str] = []


def say(words: Mapping[str, Any]) -> None:
    """Register sentences (lazy translations with %(name)s parameters) by code."""
    for code, sentence in words.items():
        if code in _words and str(_words[code]) != str(sentence):
            _twice.append(code)
            continue
        _words[code] = sentence


def say_values(code: str, **words: Mapping[str, Any]) -> None:
    """Parameters of this sentence that are codes themselves, each with its words; other values stand as given.
    Several apps may add words for theirs; the first word of a code stands."""
    known = _values.setdefault(code, {})
    for name, meanings in words.items():
        known[name] = {**meanings, **known.get(name, {})}


def say_keys(**words: Mapping[str, Any]) -> None:
    """Words of the codes that stand under a name inside structured values (`item`, `money` of a payment line)."""
    for name, meanings in words.items():
        _keys[name] = {**meanings, **_keys.get(name, {})}


def key_word(name: str, code: Any) -> str:
    """The word of a code under this name, else the code itself."""
    return str(_keys.get(name, {}).get(str(code), code))


def worded_twice() -> list[str]:
    """Codes that two apps word differently: the first one stands, and the start-up check names them."""
    return list(_twice)


def knows(code: str) -> bool:
    return code in _words


def codes() -> list[str]:
    return sorted(_words)


def worded(code: str, params: Mapping[str, Any] | None = None) -> str:
    """The sentence in the active language; an unregistered code reads as itself."""
    sentence = _words.get(code)
    if sentence is None:
        return code
    text = str(sentence)
    if "%(" not in text:
        return text
    values = _values.get(code, {})
    told = {k: str(values[k].get(str(v), v) if k in values else v) for k, v in (params or {}).items()}
    safe: dict[str, Any] = defaultdict(lambda: "…", told)
    return text % safe


__all__ = ["codes", "key_word", "knows", "say", "say_keys", "say_values", "worded", "worded_twice"]
