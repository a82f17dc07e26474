"""Names of languages, for people."""

from functools import lru_cache

from babel import Locale

_VARIANTS = {"cmn": "Mandarin"}
"""What BCP 47 lets follow a language, and CLDR has no name for."""


@lru_cache(maxsize=1000)
def language_name(code: str) -> str:
    """The English name of a BCP 47 code: that of the language alone, but of Chinese which one it is.

    Enterprise contract 8.2. A code without a name is its own.
    """
    english = Locale("en")
    language, *variants = code.replace("_", "-").split("-")
    name: str | None = english.languages.get(language.lower())
    if name is None:
        return code
    if language.lower() != "zh" or not variants:
        return name
    variant = variants[-1]
    known = (
        english.scripts.get(variant.title())
        or english.territories.get(variant.upper(), "").removesuffix(" China")
        or _VARIANTS.get(variant.lower())
        or english.languages.get(variant.lower(), variant)
    )
    return f"{name} - {known}"


def language_names(codes: list[str]) -> list[str]:
    """The names of codes, each once, in their order."""
    return list(dict.fromkeys(map(language_name, codes)))
