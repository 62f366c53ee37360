"""Chinese names and text: titles, pinyin with heteronym surnames, and the few tokens that search uses."""

import re
import unicodedata
from functools import lru_cache

from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PHRASES_DICT

_TITLES = re.compile(r"(先生|女士|小姐|太太|夫人)$")
_HAN_RUN = re.compile(r"[㐀-䶿一-鿿]+")
_WORD = re.compile(r"[a-z0-9]+")

#: Surnames whose reading differs from the character's usual one.
_SURNAMES = {
    "单": "shan", "仇": "qiu", "解": "xie", "查": "zha", "曾": "zeng", "区": "ou", "朴": "piao", "盖": "ge",
    "种": "chong", "覃": "qin", "乐": "yue", "任": "ren", "华": "hua", "秘": "bi", "冼": "xian", "纪": "ji",
    "员": "yun", "召": "shao", "翟": "zhai", "尉": "wei", "繁": "po", "折": "she", "黑": "he", "缪": "miao",
    "褚": "chu", "晁": "chao", "谌": "chen", "逄": "pang", "乜": "nie", "郗": "chi", "隗": "wei", "牟": "mou",
}  # fmt: skip
_COMPOUND_SURNAMES = {
    "欧阳": ("ou", "yang"), "司马": ("si", "ma"), "上官": ("shang", "guan"), "诸葛": ("zhu", "ge"),
    "东方": ("dong", "fang"), "皇甫": ("huang", "fu"), "尉迟": ("yu", "chi"), "公孙": ("gong", "sun"),
    "慕容": ("mu", "rong"), "令狐": ("ling", "hu"), "长孙": ("zhang", "sun"), "宇文": ("yu", "wen"),
    "司徒": ("si", "tu"), "司空": ("si", "kong"), "夏侯": ("xia", "hou"), "万俟": ("mo", "qi"),
    "澹台": ("tan", "tai"), "单于": ("chan", "yu"), "端木": ("duan", "mu"), "南宫": ("nan", "gong"),
    "独孤": ("du", "gu"), "轩辕": ("xuan", "yuan"), "钟离": ("zhong", "li"), "申屠": ("shen", "tu"),
    "濮阳": ("pu", "yang"), "淳于": ("chun", "yu"), "西门": ("xi", "men"), "百里": ("bai", "li"),
    "闻人": ("wen", "ren"), "赫连": ("he", "lian"), "呼延": ("hu", "yan"), "太史": ("tai", "shi"),
}  # fmt: skip

MAX_TOKENS = 64
MAX_TOKEN_LENGTH = 40


def strip_title(name: str) -> str:
    """`欧阳墨先生` -> `欧阳墨`. A name that is only a title stays as it is."""
    text = unicodedata.normalize("NFKC", name).strip()
    return _TITLES.sub("", text).strip() or text


def name_and_sex(name: str) -> tuple[str, str | None]:
    """The name without title, and `male`, `female` or None as the title says."""
    text = unicodedata.normalize("NFKC", name).strip()
    match = _TITLES.search(text)
    sex = None if match is None else "male" if match.group(1) == "先生" else "female"
    return strip_title(text), sex


def is_compound_surname(name: str) -> bool:
    return name[:2] in _COMPOUND_SURNAMES


def surname(name: str) -> str:
    return name[:2] if is_compound_surname(name) else name[:1]


def syllables(name: str) -> list[str]:
    """Pinyin without tones, one entry per Han character; surnames by their own reading."""
    text = strip_title(name).lower()
    if is_compound_surname(text):
        return [*_COMPOUND_SURNAMES[text[:2]], *_plain_syllables(text[2:])]
    if text[:1] in _SURNAMES:
        return [_SURNAMES[text[0]], *_plain_syllables(text[1:])]
    return _plain_syllables(text)


def _plain_syllables(text: str) -> list[str]:
    """As pypinyin reads it: phrases by their own reading, other characters one by one."""
    if len(text) <= 4 and is_han(text) and not _holds_phrase(text):
        return [word for character in text for word in _reading(character)]
    return _read(text)


def _read(text: str) -> list[str]:
    parts = lazy_pinyin(text, style=Style.NORMAL, v_to_u=False)
    return [word for part in parts for word in _WORD.findall(part.lower())]


@lru_cache(maxsize=10_000)
def _reading(character: str) -> tuple[str, ...]:
    return tuple(_read(character))


def _holds_phrase(text: str) -> bool:
    size = len(text)
    return any(text[i:j] in PHRASES_DICT for i in range(size - 1) for j in range(i + 2, size + 1))


def pinyin(name: str) -> str:
    """`欧阳墨` -> `ouyangmo`. Also the key by which names sort."""
    return "".join(syllables(name))


def initials(name: str) -> str:
    """`欧阳墨` -> `oym`; a Latin word counts by its first letter."""
    return "".join(part[0] for part in syllables(name))


def bigrams(text: str) -> list[str]:
    """Overlapping pairs of every run of Han characters; a single character stands alone."""
    found: list[str] = []
    for run in _HAN_RUN.findall(unicodedata.normalize("NFKC", text)):
        found += [run] if len(run) == 1 else [run[i : i + 2] for i in range(len(run) - 1)]
    return list(dict.fromkeys(found))


def search_tokens(text: str, phones: tuple[str, ...] = (), limit: int = MAX_TOKENS) -> list[str]:
    """Tokens to store for one name or title: bigrams, the last characters, pinyin, initials, words, phones.

    Deterministic, without repeats, at most `limit`. Of phone numbers only the last four digits are stored.
    Prefix search on pinyin and initials finds `ouy` and `oy`; a single character is the start of a bigram, or
    the last one.
    """
    clean = strip_title(text).lower()
    pairs = bigrams(clean)
    last = [run[-1] for run in _HAN_RUN.findall(clean)]
    tails = [re.sub(r"\D", "", phone.split("-")[0])[-4:] for phone in phones]
    latin = _WORD.findall(clean)
    parts = syllables(clean) if last else []
    # The given name alone is typed as often as the whole.
    given = "".join(parts[len(surname(clean)) :]) if 1 < len(parts) <= 6 else ""
    spoken = ["".join(parts), "".join(part[0] for part in parts), given]
    tokens = [*tails, *spoken, *latin, *pairs, *last]
    return list(dict.fromkeys(token[:MAX_TOKEN_LENGTH] for token in tokens if token))[:limit]


def is_han(text: str) -> bool:
    """Whether the text is nothing but Han characters."""
    return _HAN_RUN.fullmatch(text) is not None


def query_tokens(text: str) -> list[str]:
    """Tokens that must all be found (Latin ones and single characters by prefix) for what a person typed."""
    clean = strip_title(text).lower()
    return list(dict.fromkeys([*bigrams(clean), *_WORD.findall(clean)]))
