"""Writes the catalogues of translations anew from the English templates.

Run as `python -m tests.support.messages`. Translations stay; a new message comes without one, and
one whose English changed is marked fuzzy until somebody has looked at it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from io import BytesIO

from babel.messages import Catalog
from babel.messages.catalog import Message
from babel.messages.pofile import read_po, write_po

from bot.chat import catalogue as catalogues
from bot.chat.english import TEXTS
from bot.chat.texts_singular import ONE
from bot.core.config import Language

TRANSLATED = tuple(language for language in Language if language is not Language.ENGLISH)
_HEAD = """\
# What the bot says, by message key (msgctxt). Words in braces are parameters: keep them.
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plurals}\\n"

"""


def read(language: Language) -> dict[str, Message]:
    """The messages of a catalogue as it stands, by key; none when there is no catalogue yet."""
    if not catalogues.path(language).exists():
        return {}
    with catalogues.path(language).open("rb") as file:
        return {str(message.context): message for message in read_po(file) if message.id}


def source(key: str) -> str | tuple[str, str]:
    """The English of a message: one template, or those for one and for many."""
    return (ONE[key].template, TEXTS[key]) if key in ONE else TEXTS[key]


def forms(message: Message) -> tuple[str, ...]:
    """The translations of a message, one a plural form."""
    text = message.string or ""
    return (text,) if isinstance(text, str) else tuple(text)


def written(language: Language) -> bytes:
    """The catalogue as it should stand: every message in its order, with what is translated."""
    old = read(language)
    tag = language.replace("-", "_")
    catalogue = Catalog(locale=tag)
    for key in TEXTS:
        before = old.get(key)
        fuzzy = before is not None and (before.fuzzy or before.id != source(key))
        text = forms(before) if before and all(forms(before)) else None
        flags = {"fuzzy"} if fuzzy else set[str]()
        catalogue.add(source(key), _fitting(key, text, catalogue), flags=flags, context=key)
    body = BytesIO()
    write_po(body, catalogue, width=100, omit_header=True)
    head = _HEAD.format(language=tag, plurals=catalogue.plural_forms)
    return head.encode() + body.getvalue()


def _fitting(
    key: str, text: tuple[str, ...] | None, catalogue: Catalog
) -> str | tuple[str, ...] | None:
    """A translation in as many forms as its message has by now."""
    if text is None or key not in ONE:
        return text and text[0]
    return text if len(text) == catalogue.num_plurals else text[:1] * catalogue.num_plurals


def main(say: Callable[[str], object] = sys.stdout.write) -> int:
    """Write every catalogue; returns 1 when something waits for a translator."""
    waiting = 0
    for language in TRANSLATED:
        body = written(language)
        catalogues.path(language).parent.mkdir(parents=True, exist_ok=True)
        catalogues.path(language).write_bytes(body)
        left = [key for key, m in read(language).items() if m.fuzzy or not all(forms(m))]
        waiting += len(left)
        say(f"{language}: {len(TEXTS)} messages, to be translated: {', '.join(left) or 'none'}\n")
    return 1 if waiting else 0


if __name__ == "__main__":
    sys.exit(main())
