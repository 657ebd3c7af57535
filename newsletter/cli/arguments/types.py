"""How the values of arguments are read; what is wrong with one is said in one sentence."""

import re
from argparse import ArgumentTypeError
from datetime import date

from newsletter.domain.numbers import parse_id


def day(text: str) -> date:
    from newsletter.domain.days import parse_day
    from newsletter.domain.errors import UsageError

    try:
        return parse_day(text)
    except UsageError as error:
        raise ArgumentTypeError(str(error)) from None


def hour(text: str) -> int:
    from newsletter.domain.errors import UsageError
    from newsletter.domain.timezones import parse_hour

    try:
        return parse_hour(text)
    except UsageError as error:
        raise ArgumentTypeError(str(error)) from None


def dkim_selector(text: str) -> str:
    if not re.fullmatch("[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", text):
        raise ArgumentTypeError(f"{text!r} is no selector: write letters and digits, such as news1")
    return text


def insight_id(text: str) -> int:
    if (number := parse_id(text)) is None:
        raise ArgumentTypeError(f"{text!r} is no number of an insight, such as 12")
    return number


def return_id(text: str) -> int:
    if (number := parse_id(text)) is None:
        raise ArgumentTypeError(f"{text!r} is no number of a return, such as 12")
    return number


def days(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,3}", text):
        raise ArgumentTypeError(f"{text!r} is no number of days: write one from 1 to 9999")
    return int(text)


def count(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,5}", text):
        raise ArgumentTypeError(f"{text!r} is no count: write a number from 1 on")
    return int(text)


def port(text: str) -> int:
    if not (re.fullmatch("[0-9]{1,5}", text) and int(text) <= 65535):
        raise ArgumentTypeError(f"{text!r} is no port: write a number up to 65535 (0: any)")
    return int(text)
