"""How reports and answers of programs look: subjects, senders and first words, by language.

The tables are data: one pattern each, searched for in lower-case text whose white space is one
space. Where headers say it (RFC 3834, RFC 3464), none of these is asked.
"""

import re
from functools import cache

DAEMONS = (
    r"mailer-?daemon",
    r"\bmail delivery (?:sub)?system\b",
    r"\bmail delivery service\b",
    r"<>",
)
"""Senders that only report."""

SYSTEMS = (
    r"\bpostmaster\b",
    r"\bmail(?:er)?[-_.]?(?:delivery|system|admin|router|error)",
    r"\bmdaemon\b",
    r"microsoft ?exchange",
    r"\bsystem administrator\b",
    r"\bdelivery subsystem\b",
    r"\bmaildaemon\b",
    r"\b(?:bounces?|ndr|root|nobody|smtp)@",
)
"""Senders that report, among other things."""

FAILURE_SUBJECTS = (
    r"\bun-?deliver(?:able|ed)\b|\bnon[- ]?deliver(?:y|able)\b",
    r"\b(?:mail|message|delivery|e-?mail)\b.{0,40}\b(?:fail\w*|error|problem|undeliverable|returned"
    r"|rejected|bounced?|not (?:yet )?(?:been )?deliver\w*|could ?n[o']t be delivered)",
    r"^(?:failure notice|failure delivery|failed (?:mail|delivery)|failed:|rejected:"
    r"|processing error)",
    r"^(?:returned mail|bounced?\b|error sending|delivery (?:report|status|notif))",
    r"\breturned (?:mail|to sender)\b|\buser unknown\b",
    r"\bunzustellbar|\bnicht (?:zugestellt|zustellbar|übermittelt)"
    r"|\bzustellung .{0,30}fehlgeschlagen",
    r"\bnon remis|\béchec (?:de|d')|\bimpossible de remettre|\bnon distribu",
    r"\bmancat[oa] (?:recapito|consegna)|\bnon recapitabile|\bnon consegnat",
    r"\bno se (?:ha )?(?:pudo|podido) entregar|\bno entregad|\berror de entrega|\bfallo (?:de"
    r"|en la)",
    r"\bnão (?:foi )?entregue|\bfalha (?:na|de) entrega|\bnão entregáve",
    r"\bonbestelbaar|\bniet (?:bezorgd|afgeleverd)",
    r"\bniedostarcz|\bnie dostarczon|\bzwrot wiadomo",
    r"\boförmedl|\bkunde inte levereras|\bikke leveres|\bkan ikke leveres|\bnedoruč"
    r"|\bkézbesíthetetlen",
    r"не доставлен|недоставлен|не может быть доставлен|не удалось доставить",
    r"退信|无法投递|投递失败|配信(?:できません|不能|エラー)|送信できません|未送達|배달 ?실패|반송",
)

FIRST_WORDS = (
    r"this is the qmail-send program|this is the deliver program|this message was created auto",
    r"this is (?:the|an?) .{0,60}(?:mail (?:system|delivery)|postfix|delivery status notif)",
    r"\b(?:could ?n[o']t|could not|cannot|can not|unable to|was ?n[o']t able to|was not) (?:be )?"
    r"deliver",
    r"delivery (?:to .{1,200} |has )?failed|the following (?:addresses|recipients?)\b",
    r"did not reach the following|\bfailed recipients?\b|\bhas been returned\b"
    r"|\bis undeliverable\b",
    r"konnte nicht zugestellt|n'a pas (?:pu|été)|impossible de (?:remettre|livrer)"
    r"|non è stato possibile",
    r"no (?:se )?(?:pudo|ha podido) (?:ser )?entrega|não (?:pôde"
    r"|foi) (?:ser )?(?:possível )?entreg",
    r"kon niet worden (?:bezorgd|afgeleverd)|nie (?:mogła|została) .{0,20}dostarczon",
    r"не может быть доставлен|не удалось доставить|未能投递|无法(?:投递|发送)|配信できません",
)

DELAYS = (
    r"\bnot yet been (?:delivered|sent)|\bstill being retried\b|\bwill be retried (?:until|for)\b",
    r"\b(?:this is (?:just |only )?an? )?(?:warning|advisory)(?: message)?[- ]only\b",
    r"\bmessage (?:has been |is )?delayed\b|\bhas been delayed\b|notification \(delay\)",
    r"\bdelivery attempts will continue\b|\bwe will continue to (?:try|attempt)",
    r"\bzustellung .{0,40}verzögert|\bnoch nicht zugestellt|\bretard[ée]e?\b.{0,20}\b(?:remise"
    r"|livr)",
    r"\bentrega .{0,20}(?:retrasada|atrasada)|\bin ritardo\b|\bvertraagd\b|задержан",
)
"""What failed so far may still arrive."""

VACATION_SUBJECTS = (
    r"^(?:\[?auto(?:mated|matic)?[ :-]{0,2}(?:reply|response|respond\w*|antwort|svar)|auto: )",
    r"^(?:out[- ]of[- ](?:the )?office|ooo\b|away from (?:my|the) (?:desk|office|mail)"
    r"|vacation reply)",
    r"^i am (?:currently )?(?:away|out of (?:the )?office|on (?:vacation|holiday|leave))\b",
    r"^.{0,80}\(automatic response\)$",
    r"^(?:automatische antwort|(?:ich bin )?nicht im (?:büro|hause))\b",
    r"^(?:r[ée]ponse automatique|message d'absence|je suis absent)",
    r"^(?:respuesta autom[áa]tica|fuera de (?:la )?oficina|autorespuesta|estoy ausente)",
    r"^(?:resposta autom[áa]tica|fora do escrit[óo]rio|estou ausente)",
    r"^(?:risposta automatica|fuori (?:sede|ufficio))",
    r"^(?:automatische? (?:antwoord|beantwoord|bericht|afwezig)\w*|niet aanwezig)",
    r"^(?:automatisch antwoord|autosvar|automatiskt? svar|ikke til stede)",
    r"^(?:automaattinen vastaus|\[?automatyczna odpowiedź|odpowiedź automatyczna)",
    r"^(?:automatick[áa] odpov|mimo kancelář|automatikus v[áa]lasz|házon kívül|răspuns automat)",
    r"^(?:otomatik yan[ıi]t|ofis dışında|αυτόματη απάντηση|εκτός γραφείου)",
    r"^(?:автоматический ответ|автоответ|нет на месте|автоматична відповідь)",
    r"^(?:自動(?:返信|応答|回覆)|不在(?:の|通知|連絡)|自动(?:回复|答复))",
    r"^(?:부재중|자동 ?(?:회신|응답))",
    r"^(?:תשובה אוטומטית|رد تلقائي|الرد التلقائي)",
    # One word that a person may begin with, too: alone, or before a colon.
    r"^(?:abwesen\w*|absen(?:ce|t)|ausencia|ausência|assenz?a|assente|afwezig\w*|frånvar\w*"
    r"|fravær\w*|poissa|nieobecn\w*|on (?:vacation|holiday|leave))\b[^:]{0,20}(?::|$)",
)
"""What programs put before the subject that they answer. A person's "Re:" stands before it."""

CHALLENGE_SUBJECTS = (
    r"\b(?:please )?(?:confirm|verify) (?:your|that you) (?:e-?mail|message|sent|identity|are)",
    r"\bsender (?:address )?verification\b|\bchallenge[- /]response\b|\bspam ?arrest\b|\bboxbe\b",
    r"\bmessage (?:is |has been )?(?:awaiting|waiting for|waitlisted|held for)\b",
    r"\bbestätigen sie (?:bitte )?(?:ihre|dass sie)\b.{0,60}\b(?:absender|gesendet|nachricht)",
)
"""Asks the sender to prove that somebody sent it."""

CHALLENGES = (
    r"\bto have your address added\b|\blink below to be added\b|\bboxbe guest list\b",
    r"\b(?:guest|allowed) list\b.{0,200}\b(?:click|confirm|verif)",
)
"""The same in the text, which people may write in other words."""

REPORT_SUBJECTS = (r"^report domain:.{1,300}submitter:", r"^tls report domain:")
"""Of DMARC and TLS: reports about mail, not about a message."""

QUOTED = (
    r"(?:this is |below (?:this line )?is |here is |--- ?)?(?:an? |the )?(?:copy of (?:the|your)|"
    r"original|unsent|undelivered|rejected|bounced|(?:non-?delivered|returned) ?)[ -]"
    r"(?:[\w-]+ ){0,3}(?:message|mail|text)\b.{0,60}"
    r"(?:follow\w*|headers?|below|attached|included|---+|===+|\*\*\*+|:\s*$)",
    r"(?:original|returned|unsent|undelivered) (?:message|mail)[ .:>*=_#-]*$",
    r"(?:message|mail) headers?\b.{0,40}(?:follow|---+|:\s*$)",
    r"(?:the )?headers? (?:of|and) .{0,40}(?:message|original)",
    r"(?:ursprüngliche|originale?|mensaje|message|messaggio|mensagem|oryginal\w*) "
    r"(?:nachricht|original\w*|d'origine|originale|wiadomo\w*)\b",
    r"(?:received: (?:from|by)\b|return-path:|mime-version:|x-mailer:)",
)
"""Lines from which on a report quotes the message that came back."""

ABOUT = (
    r"(?:subject|betreff|objet|asunto|assunto|oggetto|sent|date|from|to|cc|message[- ]id)"
    r"\b[^:]{0,20}:"
)
"""Lines of a report that quote a header of that message."""


def has(signs: tuple[str, ...], text: str) -> bool:
    """Whether one of a table's stands in a ``plain`` text."""
    return _any_of(signs).search(text) is not None


@cache
def _any_of(signs: tuple[str, ...]) -> re.Pattern[str]:
    """Compiled when it is first asked for: start-up is felt."""
    return re.compile("|".join(signs))


def plain(text: str) -> str:
    """As the patterns want it."""
    return " ".join(text.casefold().replace("\u2019", "'").split())
