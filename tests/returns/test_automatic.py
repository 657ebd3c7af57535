"""Programs that answer, and people who do not write like one."""

import pytest

from newsletter.domain.returns import ReturnKind
from newsletter.returns.understand import understand
from tests.returns.samples import OURS


def letter(subject: str, head: str = "", body: str = "hello") -> ReturnKind:
    lines = f"From: Ada <ada@example.net>\nTo: editor@example.org\nSubject: {subject}\n{head}"
    return understand(f"{lines}\n{body}\n".encode(), OURS).kind


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: five", "Out of Office: five", "OOO until Monday", "On vacation",
        "I am out of the office", "AUTO: Ada is out of the office", "five (Automatic Response)",
        "Abwesenheitsnotiz: fünf", "Automatische Antwort: fünf", "Nicht im Büro: fünf",
        "Réponse automatique : cinq", "Absence : cinq", "Je suis absente",
        "Respuesta automática: 5",
        "Ausencia", "Fuera de la oficina", "Resposta automática: cinco", "Ausência: cinco",
        "Risposta automatica: cinque", "Assenza: cinque", "Automatisch antwoord: vijf", "Afwezig",
        "Autosvar: fem", "Automatiskt svar: fem", "Frånvaro: fem", "Fravær: fem",
        "Automaattinen vastaus: viisi", "Odpowiedź automatyczna: pięć", "Nieobecność: pięć",
        "Automatická odpověď: pět", "Automatikus válasz: öt", "Răspuns automat: cinci",
        "Otomatik yanıt: beş", "Αυτόματη απάντηση: πέντε", "Автоматический ответ: пять",
        "Автоматична відповідь: п'ять", "自動返信: 五", "自动回复: 五", "不在通知", "부재중: 다섯",
        "자동 회신: 다섯", "תשובה אוטומטית: חמש", "رد تلقائي: خمسة",
        "Please confirm that you sent this", "Your message is awaiting verification",
        "Report Domain: example.org Submitter: isp.example Report-ID: 1",
    ],
)  # fmt: skip
def test_subjects_of_programs(subject: str) -> None:
    assert letter(subject) is ReturnKind.AUTOMATIC


@pytest.mark.parametrize(
    "subject",
    [
        "Re: Automatic reply: five", "AW: Abwesenheitsnotiz", "Absence makes the heart grow fonder",
        "On holiday reading, and other pleasures", "Away from home, I read you every day",
        "Autonomous cars", "I am awake", "Can you confirm the source of number two?",
        "Assent", "Automatic gearboxes", "",
        "Undelivered", "A message that was not delivered", "Mail delivery failed, so I write again",
    ],
)  # fmt: skip
def test_subjects_of_people(subject: str) -> None:
    assert letter(subject) is ReturnKind.REPLY


@pytest.mark.parametrize(
    "head",
    [
        "Auto-Submitted: auto-replied", "Auto-Submitted: auto-generated; owner-email=x",
        "X-Autoreply: yes", "X-Autorespond:", "Precedence: bulk", "Precedence: Auto_Reply",
        "X-Auto-Response-Suppress: OOF, AutoReply", "X-Auto-Response-Suppress: All",
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b",
    ],
)  # fmt: skip
def test_headers_of_programs(head: str) -> None:
    assert letter("five", f"{head}\n") is ReturnKind.AUTOMATIC


@pytest.mark.parametrize(
    "head",
    ["Auto-Submitted: no", "Precedence: list", "X-Auto-Response-Suppress: RN", "X-Mailer: Auto"],
)
def test_headers_of_people(head: str) -> None:
    assert letter("five", f"{head}\n") is ReturnKind.REPLY


@pytest.mark.parametrize(
    "body",
    [
        "Please confirm that you are the one who wrote number three. Click with me?",
        "I could not be delivered from this book; my mailbox is full of praise. 550 5.1.1 cheers",
        "The following address does not exist: heaven",
    ],
)
def test_words_of_people(body: str) -> None:
    assert letter("five", body=body) is ReturnKind.REPLY
