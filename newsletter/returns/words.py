# ruff: noqa: E501
"""What servers say in words when they refuse a message, and whose it is.

The tables are data: a pattern in lower case, and the servers that say so. Patterns are searched for
in one line of lower-case text, in which white space is one space. What blames the sender counts
before what may pass, and that before what says that an address is gone.
"""

import re

from newsletter.domain.returns import Severity

POLICY: tuple[tuple[str, str], ...] = (
    (r"\bspam(?:my|ming|mers?|like)?\b|\bspam[- ]|\bunsolicited\b|\bjunk\b", "everybody's filters"),
    (r"\bdnsbl\b|\bs25r\b", "lists"),
    (r"black[- ]?list|block[- ]?list|deny[- ]?list|\br[bh]bl\b|\bblocked\b|\bblocking\b", "lists"),
    (r"\bbanned\b|\bblocked using\b|\blisted (?:at|by|in|on)\b|\b(?:is|was) on (?:a|the|our) block", ""),
    (r"\bdmarc\b|\bspf\b|\bdkim\b|sender policy framework|domainkeys|sender[- ]id\b", "Gmail, Yahoo"),
    (r"unauthenticated (?:email|mail|sender)|authentication (?:checks?|required|failed)", "Gmail"),
    (r"\breputation\b|\bsenderbase\b|\bsenderscore\b|\bcloudmark\b|\bproofpoint\b|\bmimecast\b", ""),
    (r"\bvirus\b|\bmalware\b|\bmalicious\b|\bphish|\binfected\b|\bworm\b|\btrojan\b", "ClamAV"),
    (r"\bpolicy\b|\bpolicies\b|\bprohibited\b|\bterms of service\b", "Postfix, Yahoo, Mail.ru"),
    (r"\bcontent (?:rejected|denied|filter\w*|restriction\w*|not accept\w*)", "Postfix, Exim"),
    (r"message (?:content )?(?:was |has been |is )?(?:rejected|refused) (?:as|due to|because)", ""),
    (r"(?:message|mail|e-?mail) (?:was |has been |is )?(?:filtered|considered|classified|identif)", ""),
    (r"\bcomplaints?\b|\bunusual rate\b|\btss0\d\b|\b421 rp-00\d|\btoo many (?:bad|spam)", "Yahoo"),
    (r"rate (?:limit|that)\w* .{0,60}\b(?:your|this) (?:ip|server|sender|domain)", "Outlook"),
    (r"\bsender (?:e-?mail )?(?:address |domain |verif\w+ |host |ip )*(?:is |was )?"
     r"(?:rejected|refused|denied|not (?:allowed|accepted|exist|found|authori[sz]ed|valid)|"
     r"unknown|invalid|fail\w*|does not (?:exist|resolve)|must|unverif)", "Postfix, Exim"),
    (r"\b(?:mail from|from address|from: (?:header|address)|return[- ]path|envelope from|"
     r"originator)\b.{0,40}\b(?:rejected|refused|denied|not|invalid|unknown|fail)", ""),
    (r"\bsender verif\w+|\bverify the sender|\bcallout\b|\bcall-out\b|\bcallback verif", "Exim"),
    (r"client host (?:rejected|.{0,40}blocked)|helo (?:command )?rejected|\breverse dns\b", "Postfix"),
    (r"\bptr record|\brdns\b|\bno ptr\b|\bdynamic ip\b|\bdynamically assigned\b|\bdialup\b", "AOL"),
    (r"\bnot (?:authori[sz]ed|permitted|allowed) to (?:send|post|relay|submit|mail)", "Exchange"),
    (r"\bonly (?:accepts?|allow\w*) (?:mail|messages|e-?mail)? ?from\b|\brestricted\b", "Exchange"),
    (r"notauthori[sz]ed|not ?authenticated|authrequired|\brbac\b|delivery not authori[sz]ed", "Exchange"),
    (r"\bmessage (?:size|too (?:big|large|long))|\bsize (?:limit|exceeds)|\btoo (?:big|large)\b"
     r"|exceeds? (?:the )?(?:maximum |fixed )?(?:message )?(?:size|limit of size)|\bmaximum size", ""),
    (r"\b(?:ip|host|server|domain|address) .{0,30}\bhas been (?:blocked|banned|black)", "AOL"),
    (r"\battachments?\b.{0,40}\b(?:not|reject|block|denied|forbidden)|\bexecutable\b", ""),
    (r"\bwhite-?list\w*|\bnot on (?:the |my |our )?(?:allow|accept)", "personal filters"),
    (r"\bdoes not (?:want|wish) (?:to )?(?:receive|accept|your)|\brefuses? (?:mail|to accept)", ""),
    (r"\bsuspicious\b|\bsuspected\b|\blooks like\b|\bbulk (?:mail|e-?mail|sender)", "Gmail"),
    (r"\bverweigert\b|\babgelehnt\b.{0,40}\b(?:spam|richtlinie|inhalt)|\bgesperrt\b", "T-Online"),
    (r"\brejected by (?:the )?(?:recipient|user|header|content|anti)|\brejected for\b", ""),
    (r"\bdt:spm\b|\bofr_?\d*_?(?:50[0-9]|10[0-9])\b|\bmi:(?:spb|dmc|bad)|\bcf-md5\b", "163, Orange"),
)  # fmt: skip

SOFT: tuple[tuple[str, str], ...] = (
    (r"\b(?:mail ?box|mail ?folder|inbox|account|user|mail ?drop|disk|storage|space)\b"
     r".{0,50}\b(?:full|over ?quota|exceed\w*|out of|no space|too much|too full)\b", "everybody"),
    (r"\bquota\b|\bover ?quota\b|\bout ?of ?(?:space|storage)\b|\bstorage (?:space|limit)", "Gmail"),
    (r"\b(?:exceed\w*|over) (?:the |its |his |their )?(?:\w+ )?(?:storage|space|limit|quota|alloc)", ""),
    (r"\binsufficient (?:system |disk )?(?:storage|space|resources)|\bno space left\b", "Sendmail"),
    (r"\bnot enough (?:storage |disk )?space|\bdisk full\b|\bfile too large\b|\bmaildir .{0,9}over", ""),
    (r"\btemporar\w*|\btry (?:your message )?(?:again|later)|\bretry\b|\btransient\b", "everybody"),
    (r"\bgr[ea]y-?list\w*|\bdeferred\b|\bdelayed\b|\bcurrently\b|\bat this time\b", "Postfix"),
    (r"\btime[- ]?out\b|\btimed out\b|\bexpired\b|\bretry time\w*|\btoo old\b|\btoo long\b", "Exim"),
    (r"\bhop count\b|\btoo many hops\b|\bloops?\b|\blooping\b|\bmail ?loop|\bloop detected", "Postfix"),
    (r"\bconnection (?:refused|timed|reset|lost|dropped|closed)|\bcould ?n[o']t connect\b"
     r"|\bunable to connect\b|\bno route\b|\bnetwork (?:is )?unreachable\b|\bnot responding\b", "Postfix"),
    (r"\bhost (?:or domain name )?(?:not found|unknown|unreachable|is down)|\bunknown host\b"
     r"|\bunrouteable\b.{0,9}\b(?:mail )?domain|\bdomain (?:not found|.{0,30}does ?n[o']t exist)"
     r"|\b(?:no|bad|invalid|illegal|unknown) (?:mail )?(?:domain|host|mx)\b|\bname ?server\b|\bnxdomain\b"
     r"|\bdns (?:error|domain|lookup|fail)|\bno (?:mail exchanger|such (?:domain|host))|\bname service\b",
     "Postfix, Sendmail, Exim, Gmail"),
    (r"\brelay(?:ing)?\b.{0,20}\b(?:denied|not|prohibited|access)|\bunable to relay\b|\brcpthosts\b"
     r"|\bnot a (?:relay|gateway)|\bdo(?:es)? ?n[o']t relay\b", "Postfix, qmail, Exchange"),
    (r"\btoo many (?:messages|connections|recipients|errors|emails)|\brate[- ]?limit|\bat a rate\b"
     r"|\bthrottl|\bbusy\b|\boverload|\bload average\b", "Gmail, Outlook"),
    (r"\bserver (?:error|failure|unavailable|configuration)|\blocal (?:error|configuration)"
     r"|\bconfiguration (?:error|problem)|\binternal error\b|\bsystem (?:error|failure|not)", ""),
    (r"\bno valid recipients|\bno recipients\b|\bno address associated\b|\bsuspended\b", "Postfix"),
    (r"\bcan(?:not|'t) (?:create|open|write)|\bpermission denied\b|\bi/o error\b|\bmaintenance\b", ""),
    (r"\bvoll\b|\b(?:postfach|speicher\w*|kontingent).{0,40}\b(?:voll|über\w*|erschöpft)", "T-Online"),
    (r"\bbo[iî]te .{0,40}\bpleine|\bquota d[ée]pass|\btrop de connexions\b|\bsatur[ée]e\b", "Orange"),
    (r"\bbuz[oó]n .{0,30}\bllen[oa]|\bcuota (?:excedida|superada)|\bcasella .{0,30}\bpiena\b", ""),
    (r"\bskrzynk\w+ .{0,30}\b(?:pełn|przepełn)|\bпереполнен\w*|\bcaixa .{0,30}\bcheia\b", "WP, Mail.ru"),
    (r"\bverzonden\b.{0,20}\bvol\b|\bpostvak\b.{0,20}\bvol\b|\bメールボックス.{0,9}(?:一杯|超)", ""),
)  # fmt: skip

_WHO = r"(?:user|users|mail ?box|recipients?|addressee|account|address|alias|mailbox name|inbox|person)"
HARD: tuple[tuple[str, str], ...] = (
    (rf"\b(?:no|not a) (?:such |valid |known |active |local )*{_WHO}\b(?! (?:policy|quota|associated|record))", "everybody"),
    (r"\b550\b[^a-z]{0,12}unrouteable address", "Exim"),
    (rf"\b(?:unknown|invalid|bad|non-?existent|nonexist\w*|inexistent|incorrect|illegal|"
     rf"obsolete) (?:destination |recipient |virtual |local |mail |"
     rf"e-?mail |rcpt |to )*{_WHO}\b(?! error)", "Postfix, Sendmail, Exim"),
    (rf"\b{_WHO}(?: name| id)?[\s,:;)>'\"=-]{{0,3}}(?:\S+ ){{0,2}}?(?:is |was |are )?(?:\w+ )?"
     r"(?:unknown|not (?:found|known|exist\w*|recogni[sz]ed|listed|registered|valid|active|"
     r"on this (?:server|system))|invalid|inactive|non-?existent|deactivated|disabled|"
     r"closed|terminated|deleted|removed|expunged|discontinued|cancelled|inexistent\w*)\b",
     "everybody"),
    (rf"\b{_WHO}\b.{{0,60}}\b(?:does ?n[o']t|do(?:es)? not|did not|no longer|doesnt) "
     r"(?:\w+ )?(?:exists?|valid|active|available|in (?:use|service)|work|have (?:an?|any) )",
     "Gmail, Yahoo, iCloud"),
    (r"\bdo(?:es)? ?n[o']t (?:exist|have an? .{0,30}account)|\bdoes not (?:exist|have an? .{0,30}account)"
     r"|\bno longer (?:exists?|works? here|valid|with|employed|in (?:use|service))|\bnot exist\b", "Yahoo"),
    (rf"\bthere is no (?:one|{_WHO}|mail)|\bno mailbox\b|\bno one here by\b|\bnobody (?:here )?by", "qmail"),
    (rf"\b(?:could|can|was|were)(?: ?n[o']t|not| not) (?:be )?(?:found|find|locate[d]?|resolve[d]?) "
     rf"(?:the |this |any )?{_WHO}", "Exchange"),
    (rf"\b{_WHO}\b.{{0,40}}\b(?:could ?n[o']t|cannot|can't|could not|can not|was not|was ?n't) "
     r"be (?:found|resolved|located|recogni)", "Outlook"),
    (r"\bresolver\.adr\.(?:\w*recip\w*not\w*found|invalid|bad)\w*|\brecipient ?not ?found\b"
     r"|\brecip(?:ient)?notfound\b", "Exchange, Outlook"),
    (r"\bnot (?:listed|found) in (?:the |public |domino |address |name |directory )+"
     r"(?:name|address|director|book)|\bnot found in (?:the )?(?:domino )?directory\b", "Domino"),
    (r"\bunknown (?:local[- ]part|or illegal alias|to (?:address|address:))|\bunknown: ?recipient\b"
     r"|\bdelivery error: dd\b|\brecipient (?:address )?rejected: (?:user|undeliverable|unknown|no such|"
     r"invalid|address unknown)|\buser unknown\b|\bunknown user\b|\bnotre?gistered\b", "Postfix, Exim, Yahoo"),
    (r"\bis ?n[o']t a (?:valid |known |registered )?(?:user|mailbox|account|customer|subscriber)"
     r"|\bno account (?:here )?by (?:that|this) name|\bthis account has been (?:disabled|deleted|closed|"
     r"discontinued|deactivated)|\bmailbox (?:has been |is )?(?:disabled|inactive)", "AOL, Yahoo"),
    (r"\bempf[äa]nger\w* .{0,40}\b(?:unbekannt|existiert nicht|nicht gefunden|ung[üu]ltig)"
     r"|\bbenutzer .{0,30}\b(?:unbekannt|existiert nicht|nicht)\b|\bunbekannter? (?:empf|benutzer|nutzer)"
     r"|\b(?:adresse|postfach|konto) .{0,30}\bexistiert nicht\b", "T-Online, GMX, web.de"),
    (r"\b(?:destinataire|adresse|utilisateur|bo[iî]te)s? .{0,40}\b(?:inconnue?|invalide|inexistante?|"
     r"n'existe (?:pas|plus))|\bn'existe (?:pas|plus)\b|\blpn416\b|\bofr_?416\b", "Orange, Free, SFR"),
    (r"\b(?:usuario|destinatario|direcci[oó]n|cuenta|buz[oó]n|conta|caixa|endere[cç]o|usu[aá]rio)\b"
     r".{0,40}\b(?:desconocid|desconhecid|inexistente|no existe|n[aã]o existe|inv[aá]lid)", "Terra, UOL"),
    (r"\b(?:utente|destinatario|casella|indirizzo|account) .{0,30}\b(?:sconosciut|inesistente|non esiste|"
     r"non trovat)", "Libero, Tiscali"),
    (r"\b(?:gebruiker|adres|postvak) .{0,30}\b(?:onbekend|bestaat niet)|\bnie istnieje\b|\bbrak takiego\b"
     r"|\bnie ma takiego\b|\bneexistuje\b|\bokänd\b|\bukendt\b|\bukjent\b", "KPN, WP, Onet, Seznam"),
    (r"не существует|не найден|неизвестн\w+ (?:получател|пользовател|адрес)|нет такого", "Yandex, Mail.ru"),
    (r"用户不存在|收件人不存在|邮箱不存在|地址不存在|不存在的(?:用户|邮箱)|找不到(?:用户|收件人)", "QQ, 163, Sina"),
    (r"存在しません|見つかりません(?:でした)?|宛先.{0,12}不明", "Docomo, Yahoo Japan"),
)  # fmt: skip

_POLICY, _SOFT, _HARD = (
    re.compile("|".join(pattern for pattern, _ in table)) for table in (POLICY, SOFT, HARD)
)
_LONGEST = 2_000
_NAMES = re.compile(
    r"\b\S{1,200}@\S{1,200}|\bhttps?:\S{1,400}|\b(?:[\w-]{1,63}\.){1,9}[a-z]{2,24}\b"
)
# "The address may not exist" is a guess of whoever wrote the report, and no server's word.
_LISTS = re.compile(
    r"spamhaus|spamcop|\bsorbs\b|barracuda|uceprotect|senderscore|abuseat|surbl|uribl"
)
_GUESS = re.compile(
    r"[^.;:!?]{0,200}\b(?:may|might|possibl[ey]|perhaps|probably|either|maybe|likely|if)\b[^.;!?]{0,200}"
)


def of_words(text: str) -> Severity | None:
    """None where no table knows them. A host's name is no word: mx.antispam.example blames nobody,
    unless it is a list's."""
    text = " ".join(text[:_LONGEST].casefold().replace("’", "'").split())
    if _LISTS.search(text) or _POLICY.search(_NAMES.sub(" ", text)):
        return Severity.POLICY
    if _SOFT.search(text):
        return Severity.SOFT
    return Severity.HARD if _HARD.search(_GUESS.sub(" ", text)) else None
