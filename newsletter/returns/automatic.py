# ruff: noqa: E501
"""Answers that no person wrote: out of office, challenges, receipts, reports of other kinds."""

import re

from newsletter.returns.parts import Part

# Whatever their value, only programs that answer by themselves add these.
_MARKS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-autoreply-from",
    "x-auto-reply",
    "x-auto-response",
    "x-mail-autoreply",
    "x-mailer-autoresponder",
    "x-vacation",
    "x-ms-exchange-inbox-rules-loop",
    "x-cron-env",
    "x-boxbe-guestlist",
    "x-challenge-response",
    "x-tmda-fingerprint",
    "x-asmtp-challenge",
)
_PRECEDENCE = frozenset({"auto_reply", "auto-reply", "autoreply", "bulk", "junk"})
_REPORTS = frozenset({"disposition-notification", "tlsrpt", "dmarc"})
_SUPPRESS = re.compile(r"\b(?:all|oof|autoreply)\b", re.IGNORECASE)
_DMARC = re.compile(r"^report domain:.{1,300}submitter:", re.IGNORECASE)
# What vacation programs put before the subject that they answer, by language.
_SUBJECTS = re.compile(
    r"^\W{0,3}(?:(?:auto|automatic)[ :-]{0,2}(?:reply|response|respond\w*|antwort|svar)"
    r"|out[- ]of[- ](?:the )?office|ooo\b|away from (?:the |my )?office|on (?:vacation|holiday|leave)\b"
    r"|i am (?:away|out of|on vacation)|vacation (?:reply|response|message)|automated (?:reply|response)"
    r"|abwesen\w*|automatische (?:antwort|abwesen\w*)|(?:ich bin )?nicht im (?:büro|hause)|autoantwort"
    r"|r[ée]ponse automatique|absen(?:ce|t) (?:du bureau|de)|message d'absence|absence\b"
    r"|respuesta autom[áa]tica|fuera de (?:la )?oficina|ausencia|autorespuesta"
    r"|resposta autom[áa]tica|fora do escrit[óo]rio|aus[êe]ncia"
    r"|risposta automatica|fuori (?:sede|ufficio)|assente|assenza"
    r"|automatisch(?:e)? (?:antwoord|beantwoord|bericht|afwezig)\w*|afwezig\w*|niet aanwezig"
    r"|autosvar|automatiskt? svar|frånvar\w*|fravær\w*|automaattinen vastaus|poissa\b"
    r"|automatyczna odpowiedź|odpowiedź automatyczna|autoodpowiedź|nieobecno\w*"
    r"|automatick[áa] odpov\w*|mimo kancelář|automatikus v[áa]lasz|házon kívül|răspuns automat"
    r"|otomatik yan[ıi]t|ofis dışında|αυτόματη απάντηση|автоматический ответ|автоответ\w*|нет на месте"
    r"|автоматична відповідь|自動(?:返信|応答)|不在(?:の|通知|連絡)|自动(?:回复|答复)|自動回覆|외출|부재중|자동 ?(?:회신|응답)"
    r"|תשובה אוטומטית|رد تلقائي|الرد التلقائي)",
    re.IGNORECASE,
)
_CHALLENGE = re.compile(
    r"(?:please )?(?:confirm|verify) (?:your |that you )?(?:e-?mail|message|sender|identity|sent)"
    r"|\b(?:challenge|sender) (?:verification|response)\b|\[boxbe\]|\bspamarrest\b|\bspam arrest\b"
    r"|\bmessage (?:is )?(?:awaiting|waiting for) (?:your )?(?:verification|approval|confirmation)"
    r"|\bbestätigen sie ihre (?:e-?mail|nachricht)",
    re.IGNORECASE,
)


def is_answer(message: Part) -> bool:
    """Whether a program of the reader's wrote it, and not a mail server that reports a failure."""
    return (
        any(name in message.raw_headers for name in _MARKS)
        or message.header("precedence").casefold() in ("auto_reply", "auto-reply", "autoreply")
        or message.kind_of_report in _REPORTS
        or any(part.type == "message/disposition-notification" for part in message.report())
        or _by_subject(message.header("subject"))
    )


def is_automatic(message: Part) -> bool:
    """Whether its headers say that no person wrote it (RFC 3834), or that none is to answer."""
    submitted = message.header("auto-submitted").casefold().partition(";")[0].strip()
    return (
        submitted not in ("", "no")
        or message.header("precedence").casefold() in _PRECEDENCE
        or bool(_SUPPRESS.search(message.header("x-auto-response-suppress")))
    )


def _by_subject(subject: str) -> bool:
    return any(pattern.search(subject) for pattern in (_SUBJECTS, _CHALLENGE, _DMARC))
