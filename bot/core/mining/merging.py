"""Merges patterns of one length that differ only where a variable stands.

The idea of looking for the words that many lines share, and of judging the rest by how much it
varies, is that of Brain (Yu et al., IEEE TSC 2023) and of ByteBrain (SIGMOD 2025); here it is
done on sets of masked lines, so that neither order nor repetition changes the result.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from bot.core.mining.masks import SLOT, Chunks
from bot.core.mining.slots import cue, needed, says, shared

_ROUNDS = 30
_CUTS = 4
"""Of a pattern's rarest places so many choices are tried as variables together."""
_NEIGHBOURS = 4
"""Variables side by side need so many times the values: they look like messages mixed up."""

_NAMED = re.compile("[=:]")

Renamed = dict[Chunks, Chunks]


def merge(patterns: Iterable[Chunks]) -> Renamed:
    """For each pattern what it became: itself, or one with more wildcards. Deterministic."""
    became = {pattern: pattern for pattern in patterns}
    for _ in range(_ROUNDS):
        live = set(became.values())
        known = _known_cues(live)
        step: Renamed = {}
        for group in _by_length(live):
            step |= _one_place(group, known) or _several_places(group, known)
        step = step or _continued(live)
        if not step:
            break
        became = {old: step.get(new, new) for old, new in became.items()}
    return became


def _by_length(patterns: Iterable[Chunks]) -> list[list[Chunks]]:
    groups: defaultdict[int, list[Chunks]] = defaultdict(list)
    for pattern in patterns:
        groups[len(pattern)].append(pattern)
    return [sorted(group) for _, group in sorted(groups.items()) if len(group) > 1]


def _known_cues(patterns: Iterable[Chunks]) -> frozenset[str]:
    """The words that stand before a merged variable in some template."""
    found = set()
    for pattern in patterns:
        for place, chunk in enumerate(pattern):
            if SLOT in chunk:
                found.add(cue(pattern, place, chunk[: chunk.index(SLOT)]))
    return frozenset(found - {""})


def _one_place(group: list[Chunks], known: frozenset[str]) -> Renamed:
    """Merge what differs in one place only, where that has had enough values."""
    alike: defaultdict[tuple[int, int], list[Chunks]] = defaultdict(list)
    places = range(len(group[0]))
    open_places = [place for place in places if len({one[place] for one in group}) > 1]
    for pattern in group:
        # The sum without one place's hash stands for the pattern without that place.
        hashes = {place: hash((place, pattern[place])) for place in open_places}
        whole = sum(hashes.values())
        for place, one in hashes.items():
            alike[place, whole - one].append(pattern)
    better = _Choice()
    for (place, _), members in alike.items():
        if len(members) > 1:
            better.offer(members, (place,), known)
    return better.renamed()


def _several_places(group: list[Chunks], known: frozenset[str]) -> Renamed:
    """Merge what shares its frequent chunks, where each of the other places varies enough."""
    if len(group) < 4 or len(group[0]) < 3:
        return {}
    often = Counter((place, chunk) for one in group for place, chunk in enumerate(one))
    alike: defaultdict[tuple[tuple[int, ...], Chunks], list[Chunks]] = defaultdict(list)
    for pattern in group:
        for rare in _rare(pattern, often):
            kept = tuple(c for place, c in enumerate(pattern) if place not in rare)
            alike[tuple(sorted(rare)), kept].append(pattern)
    better = _Choice()
    for (places, _), members in alike.items():
        if len(members) > 3:
            better.offer(members, places, known)
    return better.renamed()


def _continued(patterns: Iterable[Chunks]) -> Renamed:
    """Let a variable that ends a pattern, glued to its name, go on for more words.

    `environment:<+>` is also `environment:Oracle Corporation`, but not `rhost=<+> user=root`.
    """
    ends = {(*pattern[:-1], lead) for pattern in patterns if (lead := _open_end(pattern[-1]))}
    step: Renamed = {}
    for pattern in patterns if ends else ():
        named = [place for place, chunk in enumerate(pattern) if _name_end(chunk)]
        if not named:
            continue
        place, words = named[-1], pattern[named[-1] + 1 :]
        lead = pattern[place][: _name_end(pattern[place])]
        new = (*pattern[:place], lead + SLOT, *[SLOT] * len(words))
        if words and new != pattern and (*pattern[:place], lead) in ends:
            step[pattern] = new
    return step


def _name_end(chunk: str) -> int:
    found = _NAMED.search(chunk)
    return found.end() if found else 0


def _open_end(chunk: str) -> str:
    """The name that a variable at a chunk's end is glued to; empty where there is none."""
    lead, slot, tail = chunk.partition(SLOT)
    return lead if slot and not tail and lead[-1:] in ("=", ":") else ""


def _rare(pattern: Chunks, often: Counter[tuple[int, str]]) -> list[set[int]]:
    """Choices of places that are clearly rarer than the others; at least two, at most half."""
    ranked = sorted((often[place, chunk], place) for place, chunk in enumerate(pattern))
    steps = []
    for size in range(2, len(ranked) // 2 + 1):
        jump = ranked[size][0] / ranked[size - 1][0]
        if jump >= 2:
            steps.append((-jump, size))
    return [{place for _, place in ranked[:size]} for _, size in sorted(steps)[:_CUTS]]


class _Choice:
    """Of the merges that are possible the best for each pattern."""

    def __init__(self) -> None:
        self._best: dict[Chunks, tuple[int, int, Chunks]] = {}

    def offer(self, members: list[Chunks], places: tuple[int, ...], known: frozenset[str]) -> None:
        """Note what these members would become, if each place may be a variable."""
        frame = members[0]
        constant = sum(says(c) for place, c in enumerate(frame) if place not in places)
        made = list(frame)
        for place in places:
            values = {one[place] for one in members}
            beside = 1
            if place - 1 in places or place + 1 in places:
                beside = _NEIGHBOURS
            if len(values) < beside * needed(frame, place, values, known):
                return
            lead, tail = shared(values)
            made[place] = lead + SLOT + tail
            constant += says(lead)
        if constant < max(2, len(places) + (len(places) > 1)):
            return
        new = tuple(made)
        rank = (len(places), -len(members), new)
        for one in members:
            if one != new and (one not in self._best or rank < self._best[one]):
                self._best[one] = rank

    def renamed(self) -> Renamed:
        """The best for each pattern that changes."""
        return {old: rank[2] for old, rank in self._best.items()}
