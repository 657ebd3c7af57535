"""The meaning of the columns in a CSV of subscribers: our own, and those of other programs.

listmonk, Mailchimp, Ghost and Substack each have their own way to say that a reader left. A row is
refused if that is unclear, because nobody who left elsewhere may get mail from here.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Literal

from newsletter.domain.errors import UsageError
from newsletter.domain.model import STATES, State
from newsletter.services.subscriptions import FIELDS

Rule = Literal["filled", "true", "false", "unclear"]

# The columns of each field. If a file has several of one field, the first of these is used.
_COLUMNS: Mapping[str, Sequence[str]] = {
    **{name: (name,) for name in FIELDS},
    "address": ("email", "email address", "mail", "address"),
    "name": ("name", "full name"),
    "first name": ("first name", "firstname"),
    "last name": ("last name", "lastname", "surname"),
    "timezone": ("timezone", "time zone"),
    "paused_until": ("paused until",),
    "state": ("status", "state"),
}
_FIELD_OF = {column: key for key, columns in _COLUMNS.items() for column in columns}

_WORDS: Mapping[State, Sequence[str]] = {
    "active": ("active", "enabled", "subscribed", "confirmed"),
    "pending": ("pending", "unconfirmed"),
    "unsubscribed": ("unsubscribed", "disabled", "blocklisted", "blacklisted", "inactive"),
    "bounced": ("bounced", "cleaned"),
    "complained": ("complained", "spam"),
}
_STATE_OF = {word: state for state, words in _WORDS.items() for word in words}

# The columns that may say that a reader left: the cells that do, and the reader's state.
_PARTINGS: Mapping[str, tuple[Rule, State]] = {
    "unsub time": ("filled", "unsubscribed"),  # Mailchimp
    "unsub campaign title": ("filled", "unsubscribed"),
    "unsub campaign id": ("filled", "unsubscribed"),
    "unsub reason": ("filled", "unsubscribed"),
    "unsub reason other": ("filled", "unsubscribed"),
    "clean time": ("filled", "bounced"),
    "clean campaign title": ("filled", "bounced"),
    "clean campaign id": ("filled", "bounced"),
    "subscribed to emails": ("false", "unsubscribed"),  # Ghost
    "deleted at": ("filled", "unsubscribed"),
    "email disabled": ("true", "unsubscribed"),  # Substack
    "active subscription": ("unclear", "unsubscribed"),
    "subscribed": ("false", "unsubscribed"),
    "unsubscribed": ("true", "unsubscribed"),
    "unsubscribed at": ("filled", "unsubscribed"),
}
# Substack's "active subscription" is false for all who do not pay. It counts only without these.
_CLEARER_THAN_PAYING = ("email disabled", "status", "state")
_ABOUT_LEAVING = re.compile(
    r"unsub|opt(?:ed)? ?out|bounce|clean|suppress|block|complain|spam|disabl|inactiv|delet|remov"
)
_ABOUT_STAYING = re.compile(r"active|subscri|consent|opt|confirm|permission|status|state")
_NO, _YES = ("false", "no", "0"), ("true", "yes", "1")
_SAYS_LEFT = (
    *(word for state in ("unsubscribed", "bounced", "complained") for word in _WORDS[state]),
    *("cancelled", "canceled", "opted out", "opt-out", "optout"),
)

# Mailchimp has a file for each state, and only its name may say which.
_FILES: Mapping[str, State | None] = {
    "unsubscribed_": "unsubscribed",
    "cleaned_": "bounced",
    "nonsubscribed_": None,
}


def known(headers: Sequence[str]) -> int:
    """How many fields these headers have columns for."""
    return len({_FIELD_OF.get(_plain(header)) for header in headers} - {None})


def places(headers: Sequence[str]) -> dict[str, int]:
    """The place of each column that is used, by its field or by the name it has in _PARTINGS.

    Raises UsageError if there is no address, and if a column of ours is there twice or is
    misspelt: its values would be lost.
    """
    names = [_plain(header) for header in headers]
    used = {
        key: names.index(column)
        for key, columns in _COLUMNS.items()
        if (column := next((column for column in columns if column in names), ""))
    }
    _refuse_unknown(headers, names, used)
    used |= {name: place for place, name in enumerate(names) if name in _PARTINGS}
    if not used.keys().isdisjoint(_CLEARER_THAN_PAYING):
        used.pop("active subscription", None)
    return used


def _plain(header: str) -> str:
    """ "E-Mail_address" is "email address"."""
    return " ".join(re.sub(r"[\W_]+", " ", header.casefold()).split()).replace("e mail", "email")


def _refuse_unknown(headers: Sequence[str], names: Sequence[str], used: Mapping[str, int]) -> None:
    if "address" not in used:
        unknown = [repr(header) for header in headers if _plain(header) not in _FIELD_OF]
        raise UsageError(
            "line 1 must name the columns, address or email and any of"
            f" {', '.join(FIELDS[1:])}; not known: {', '.join(unknown) or 'none'};"
            " nothing was taken"
        )
    if set(_COLUMNS["state"]) <= set(names):
        raise UsageError("both status and state say who left", "keep one; nothing was taken")
    for header, name in zip(headers, names, strict=True):
        if name in _FIELD_OF and names.count(name) > 1:
            raise UsageError(f"two columns are called {header!r}", "nothing was taken")
        close = get_close_matches(name, _FIELD_OF, n=1, cutoff=0.85)
        if close and name not in _FIELD_OF and _FIELD_OF[close[0]] not in used:
            advice = f"if it means {close[0]}, call it so, and if not, remove it; nothing was taken"
            raise UsageError(f"the column {header!r} is not known", advice)


def refuse_unclear(ignored: Mapping[str, Iterable[str]]) -> None:
    """Raises UsageError if an unused column may say that readers left."""
    unclear = [
        repr(header)
        for header, cells in ignored.items()
        if _may_tell_who_left(_plain(header), {cell.casefold() for cell in cells} - {""})
    ]
    if unclear:
        raise UsageError(
            f"{', '.join(unclear)} may tell who left, and nobody who left may be written to:"
            " say it in a column called status (active, unsubscribed, bounced, complained), and"
            " remove what says it now; nothing was taken"
        )


def _may_tell_who_left(name: str, values: set[str]) -> bool:
    if name in _PARTINGS:  # understood, and not used because a clearer column is there
        return False
    if _ABOUT_LEAVING.search(name) and values - set(_NO):
        return True
    if _ABOUT_STAYING.search(name) and values & set(_NO):
        return True
    return not values.isdisjoint(_SAYS_LEFT)


def gone(state: str) -> bool:
    """Whether such a reader may not be written to."""
    return state not in ("", "active", "pending")


def state_of_file(name: str) -> State | None:
    """The state of all readers in a file, if its name says so.

    Raises UsageError if by its name nobody in it ever subscribed.
    """
    start = next((start for start in _FILES if name.casefold().startswith(start)), "")
    state = _FILES.get(start, "unsubscribed" if "unsub" in name.casefold() else None)
    if start and state is None:
        finding = f"{name}: by its name it holds contacts who never subscribed"
        raise UsageError(finding, "import those who did; nothing was taken")
    return state


def state(cell: Mapping[str, str], of_file: State | None) -> str:
    """The gravest of all states that a row names; "" if it names none.

    ``cell`` has the keys of ``places``. An unknown word is returned as it is, and ``check`` refuses
    it. Raises UsageError if it is unclear whether the reader left.
    """
    states: list[str] = [of_file] if of_file else []
    if "state" in cell:
        states.append(_named_state(cell["state"]))
    for column, (rule, state) in _PARTINGS.items():
        if column in cell and _applies(rule, column, cell[column].casefold()):
            states.append(state)
    return max(states, key=_gravity, default="")


def _named_state(word: str) -> str:
    if not word:
        raise UsageError("the state is empty: it does not say whether they left")
    return _STATE_OF.get(word.casefold(), word)


def _gravity(state: str) -> int:
    order = ("active", "pending", "unsubscribed", "bounced", "complained")
    return order.index(state) if state in STATES else len(order)


def _applies(rule: Rule, column: str, value: str) -> bool:
    if rule == "filled":
        return value not in ("", *_NO)
    if value not in _YES + _NO:
        raise UsageError(f"{column} is {value!r}: it does not say whether they left")
    if rule == "unclear" and value in _NO:
        raise UsageError(
            f"{column} is {value!r}: they read for free, or they left;"
            " say which in a column called status"
        )
    return value in (_YES if rule == "true" else _NO)
