"""Notes in the bin of an app, which exports them with the others: nobody wants them read."""

from typing import Any

from newsletter.domain.errors import BriefRejected

_MARKS = ("isTrashed", "trashed", "is_trashed", "inTrash", "isDeleted", "is_deleted", "deleted")


def is_in_bin(value: Any) -> bool:
    return isinstance(value, dict) and any(value.get(mark) is True for mark in _MARKS)


def without_bin(whole: Any) -> Any:
    """Without the objects that say that they are in the bin.

    Raises BriefRejected where the whole is one, or a list of them.
    """
    if is_in_bin(whole) or (isinstance(whole, list) and whole and all(map(is_in_bin, whole))):
        raise BriefRejected(
            "in the bin of the app that it is from: restore it there to have it read"
        )
    return _kept(whole)


def _kept(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _kept(each) for key, each in value.items() if not is_in_bin(each)}
    if isinstance(value, list):
        return [_kept(each) for each in value if not is_in_bin(each)]
    return value
