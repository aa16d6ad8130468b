"""Sentences whose verb agrees with a subject that stands far back, past nouns of either number.

"the keys to the cabinet near a door are old ." The subject's number alone settles the form of the verb; the nouns
between are distractors, each singular or plural with equal chance. (The task of Linzen, Dupoux and Goldberg, TACL 2016,
with a grammar of our own.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from lstmviz.training.automaton import Automaton, Move, State

NUMBERS: Final = ("singular", "plural")
DETERMINERS: Final = {"singular": ("the", "a", "every", "this"), "plural": ("the", "some", "most", "these")}
NOUNS: Final = {
    "singular": ("key", "cabinet", "door", "letter", "teacher", "river", "song", "child", "lamp", "wheel"),
    "plural": ("keys", "cabinets", "doors", "letters", "teachers", "rivers", "songs", "children", "lamps", "wheels"),
}
VERBS: Final = {"singular": ("is", "was", "seems", "remains"), "plural": ("are", "were", "seem", "remain")}
PREPOSITIONS: Final = ("to", "near", "behind", "beside", "with")
ADJECTIVES: Final = ("old", "quiet", "small", "lost", "new", "strange")
END: Final = "."

# The chance that another distractor follows, after 0, 1, 2 and 3 of them: at most 3, 1.3 on average.
P_MORE: Final = (0.7, 0.6, 0.4, 0.0)


Allowed = tuple[str, ...]


def automaton() -> Automaton:
    """Return the sentences as an automaton; its states are tuples that begin with what comes next.

    ("sentence",); ("noun", numbers that the determiner allows); ("verb or more", number of the subject, distractors so
    far); ("determiner", number, n); ("distractor", number, n, allowed); ("adjective", number); ("end",).
    """
    moves: dict[State, list[Move]] = {("sentence",): list(_determiners(lambda allowed: ("noun", allowed)))}
    for allowed in (NUMBERS, ("singular",), ("plural",)):
        moves["noun", allowed] = list(_nouns(allowed, lambda number: ("verb or more", number, 0)))
    for number in NUMBERS:
        for n, p_more in enumerate(P_MORE):
            moves["verb or more", number, n] = list(_verb_or_more(number, n, p_more))
            if p_more:
                _add_distractor(moves, number, n)
        moves["adjective", number] = [Move(word, 1 / len(ADJECTIVES), ("end",)) for word in ADJECTIVES]
    moves["end",] = [Move(END, 1.0, ("sentence",))]
    return Automaton(("sentence",), moves)


def _add_distractor(moves: dict[State, list[Move]], number: str, n: int) -> None:
    moves["determiner", number, n] = list(_determiners(lambda allowed: ("distractor", number, n, allowed)))
    for allowed in (NUMBERS, ("singular",), ("plural",)):
        moves["distractor", number, n, allowed] = list(_nouns(allowed, lambda _: ("verb or more", number, n + 1)))


def _verb_or_more(number: str, n: int, p_more: float) -> Iterator[Move]:
    for word in PREPOSITIONS if p_more else ():
        yield Move(word, p_more / len(PREPOSITIONS), ("determiner", number, n))
    for word in VERBS[number]:
        yield Move(word, (1 - p_more) / len(VERBS[number]), ("adjective", number))


def _determiners(to: Callable[[Allowed], State]) -> Iterator[Move]:
    """Yield a determiner for either number with equal chance; one that goes with both says nothing about the number."""
    for word in sorted(set(DETERMINERS["singular"] + DETERMINERS["plural"])):
        allowed = tuple(number for number in NUMBERS if word in DETERMINERS[number])
        yield Move(word, sum(0.5 / len(DETERMINERS[number]) for number in allowed), to(allowed))


def _nouns(allowed: Allowed, to: Callable[[str], State]) -> Iterator[Move]:
    for number in allowed:
        for word in NOUNS[number]:
            yield Move(word, 1 / len(allowed) / len(NOUNS[number]), to(number))
