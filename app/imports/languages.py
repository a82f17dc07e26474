"""Codes of languages that records name for people."""

from functools import cache

from babel import Locale


@cache
def _codes() -> dict[str, str]:
    names = Locale("en").languages
    # Of those that share a name the shortest is the language itself.
    return {names[code].lower(): code for code in sorted(names, key=len, reverse=True)}


def language_code(text: str) -> str:
    """The code of a language by its English name, as enterprise catalogs show it.

    What follows the name, as in `Chinese - Simplified`, is left out. Other text is a
    code itself.
    """
    return _codes().get(text.partition(" - ")[0].strip().lower(), text)
