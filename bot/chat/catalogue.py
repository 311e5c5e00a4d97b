"""Translations: one gettext catalogue a language, read from its .po file as it is.

Messages are found by their key (msgctxt); the English template is the source (msgid).
"""

from __future__ import annotations

import gettext
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from bot.core.config.language import Language

LOCALES = Path(__file__).parent / "locale"


def path(language: Language) -> Path:
    """Where the translations into a language stand; English needs none."""
    return LOCALES / language.replace("-", "_") / "LC_MESSAGES" / "release_master.po"


@cache
def catalogue(language: Language) -> gettext.NullTranslations:
    """The translations into a language; what they lack stays English."""
    if language is Language.ENGLISH:
        return gettext.NullTranslations()
    compiled = BytesIO()
    with path(language).open("rb") as file:
        write_mo(compiled, read_po(file, abort_invalid=True))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
