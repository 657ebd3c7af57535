"""What note apps and people name their sections and fields, in the languages that we met.

A heading is compared without case, signs and numbers around it; so is the key of a field.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from newsletter.domain.model import normalise

Section = Literal[
    "takeaways", "highlights", "quotes", "summary", "related", "metadata", "noise", "body"
]
"""What stands under a heading. "body": anything; it ends what an outer heading said."""
LISTED = {"takeaways", "highlights", "quotes"}

_LONGEST = 80
_IN_THE_EPISODE = re.compile(
    r"(?:in|from|on) (?:this|today's|the) (?:episode|conversation|show|interview)[,:]? (?=\S)"
)
_CLIPPED = re.compile(r"(highlight|note|bookmark)\b.{0,40}\b(?:page|location)\b")
NAMELESS = re.compile(r"\W*speaker[ _]?[0-9]+\W*", re.IGNORECASE)
"""What a machine calls somebody whom it does not know."""
_SHOWN = {"mentioned", "discussed", "cited", "recommended"}  # resources, books, people
_NARROWED = 4
_MOST_WORDS = 8  # of a heading that begins with the name of a section

_SECTIONS: Mapping[Section, str] = {
    "takeaways": """
        takeaway, takeaways, key takeaway, key takeaways, main takeaways, top takeaways, my
        takeaways, key claims, main claims, claims, key arguments, main arguments,
        key themes, predictions, key views, key messages, key statements, key findings,
        main findings, findings, hot takes, controversial takes, contrarian takes,
        contrarian views,
        quick takeaways, actionable takeaways, insight, insights, key insights, main
        insights, key point, key points, main points, key ideas, key idea, main ideas, big
        ideas, lessons, lessons learned, key lessons, learnings, key learnings, what i learned,
        what did you learn, what did i learn, what you learned, what stuck, what stuck with me,
        what stayed with me,
        what you'll learn, what you will learn, you'll learn,
        you will learn, things i learned, snips, snip, episode ai notes,
        ai notes, ai takeaways, core ideas, key facts, tldr takeaways, remember, worth
        remembering, erkenntnisse, wichtige erkenntnisse, wichtigste erkenntnisse, kernaussagen,
        kernpunkte, wichtigste punkte, das wichtigste, die wichtigsten punkte, lektionen, points
        clés, points essentiels, idées clés, à retenir, ce qu'il faut retenir, l'essentiel,
        enseignements, puntos clave, ideas clave, ideas principales, conclusiones, aprendizajes,
        lo más importante, lecciones, punti chiave, idee chiave, da ricordare, pontos
        principais, principais aprendizados, aprendizados, ideias principais, belangrijkste
        punten, belangrijkste inzichten, inzichten, lessen, viktiga insikter, lärdomar, 要点, 重点,
        关键要点, 关键见解, 本集带走, 本期带走, 本集要点, 本期要点, 本期收获,
        收获, 学び, ポイント, 重要なポイント, najważniejsze wnioski, wnioski,
        kluczowe punkty, 핵심 포인트, 핵심 내용, 핵심 인사이트, 주요 내용, 주요 포인트,
        인사이트, 배운 점, điểm chính, ý chính, các ý chính, bài học, bài học chính""",
    "highlights": """
        highlight, highlights, key highlights, my highlights, episode highlights, airrquotes,
        clips, highlights & notes, highlights and notes, highlights first synced by, new
        highlights added, hervorhebungen, markierungen,
        points forts, surlignages, destacados, evidenziazioni, destaques, markeringen, 亮点, 划线,
        ハイライト""",
    "quotes": """
        quote, quotes, key quotes, best quotes, favourite quotes, favorite quotes, notable
        quotes, memorable quotes, top quotes, quotations, zitat, zitate, citation, citations,
        cita, citas, citazioni, citazione, citações, citação, frases, citaten, citaat, citat,
        引用, 名言, 金句, cytaty""",
    "summary": """
        summary, episode summary, ai summary, short summary, overview, tldr, tl;dr, abstract,
        synopsis, in short, zusammenfassung, überblick, kurzfassung, résumé, en bref, resumen,
        resumo, riassunto, sintesi, samenvatting, sammanfattning, 摘要, 总结, 概要, まとめ,
        podsumowanie,
        streszczenie, 요약, 핵심 요약, 한줄 요약, tóm tắt""",
    "related": "",  # a pattern of its own, in notes.py
    "metadata": """
        metadata, meta, episode metadata, episode info, episode information, podcast info, info,
        information, properties, details, episode details, about this episode, document
        metadata, metadaten, infos, informationen, eigenschaften, métadonnées, informations,
        metadatos, información, propiedades, metadati, informazioni, metadados, informações,
        gegevens, 元数据, 信息, 材料信息, メタデータ, 节目信息, 节目介绍, 关于本期, 基本信息""",
    "noise": """
        transcript, full transcript, full episode transcript, episode transcript, transcription,
        raw transcript, raw content, raw text, full article, original text, contradictions,
        wiki updates, wiki updates made, transcript excerpt, shownotes, show
        notes, episode notes, description,
        episode description, podcast description, episode ai description, ai description,
        chapters, chapter, chapter markers, timestamps, time stamps, timeline, outline,
        outlines, mind map, mindmap, mindmaps, table of contents, contents, toc, keywords, tags,
        q&a, q & a, qa, faq, questions & answers, questions and answers, questions, resources,
        links, useful links, references, sources, footnotes, bibliography, further reading,
        tools mentioned, tools discussed, books, books mentioned, mentioned books, mentioned in this
        episode, mentioned in the episode, mentions, people mentioned, people,
        about the guest, about the guests, about
        the host, about the show, about the podcast, about the author, guest bio, bio, sponsors,
        sponsor, our sponsors, ads, à faire, nog doen, offene fragen,
        to do, todo, to-do, todos, tasks, next steps, action items,
        actions, action
        steps, action step, homework, my notes, my note, personal note, reflection,
        why i listened, connections, notes to self, note to self, my take, my takes, my opinion,
        my view, to read, to look up, look up, follow up,
        follow-up, follow-ups, habits,
        recommendations, who should listen, who should listen to this,
        personal notes, my thoughts, thoughts, my reflections, reflections,
        my questions, open questions, flashcards, full document, full text, comments, backlinks,
        linked references, unlinked references, see the video, audio, player, listen, watch,
        episode links, subscribe, support the show, support us, credits, connect, follow us,
        social, contact, contact information, mentioned material,
        navigation, menu, newsletter, vocabulary, glossary, log, changelog,
        share, share this, leave a comment, join the discussion, transkript, abschrift,
        beschreibung, kapitel, kapitelmarken, inhalt, inhaltsverzeichnis, stichworte,
        schlagworte, quellen, verweise, weiterführende links, werbung, aufgaben, meine gedanken,
        meine notizen, fragen, gliederung, transcripción, transcripcion, descripción, capítulos,
        capitulos, enlaces, recursos, palabras clave, tareas, mis notas, preguntas, description
        de l'épisode, chapitres, liens, ressources, mots-clés, mots clés, mes notes, tâches,
        trascrizione, descrizione, capitoli, collegamenti, link, risorse, parole chiave,
        transcrição, descrição, ligações, palavras-chave, minhas notas, transcriptie,
        beschrijving, hoofdstukken, bronnen, trefwoorden, taken, transkription, beskrivning,
        topics covered, topics discussed, what we cover, what we covered, what we discuss, what
        we discussed, we discuss, we discussed, we cover, 主题概览,
        访谈主题概览, 嘉宾介绍, 嘉宾背景, 嘉宾与背景, 人物介绍, 被访谈人基本介绍,
        值得继续追问, 延伸问题,
         嘉宾简介, 文字稿, 逐字稿, 转录, 章节, 大纲, 思维导图, 关键词,
        相关笔记, 关联笔记, 评分明细,
        文字起こし, 書き起こし, 目次,
        チャプター, 問い, transkrypcja, opis,
        rozdziały, linki, źródła""",
    "body": """
        notes, note, notizen, notas, appunti, notities, 笔记, メモ, notatki, background,
        context, related context, pipeline notes""",
}

Field = Literal["podcast", "episode", "url", "published", "speakers", "author", "category", "time"]

# The first key of a field that stands on a page wins over those that follow it here.
_FIELDS: Mapping[Field, str] = {
    "podcast": """
        show title, show name, podcast title, podcast name, podcast, show, podcast show, feed,
        series, programme, channel, channel name, sendung, émission, balado,
        programa, pódcast, trasmissione,
        播客, 节目, 番組, ポッドキャスト, audycja, 채널, 팟캐스트, kênh, name of the site,
        publisher, which podcast, podcast or show""",
    "episode": """
        episode title, episode name, full title, full-title, fulltitle, episode, title,
        folgentitel, folge, titel, titre de l'épisode, épisode, titre, título del episodio,
        episodio, título, titulo, titolo, episódio, aflevering, avsnitt, 标题, 单集, タイトル,
        エピソード,
        odcinek, tytuł, 제목, tiêu đề, name, hypothesis title, 书名, which episode""",
    "url": """
        episode link, episode url, ep link, ep. link,
        snipd, snipd link, snipd url, url, episode page, link, web,
        website, webpage, page, source url, source link, source, reference, uri, youtube,
        youtube url,
        youtube link, video url, video link, permalink, lien, enlace, quelle, collegamento, bron,
        链接, リンク, 출처, 링크, 원본, nguồn, liên kết,
        podwise, podwise link, podwise url, airr, airr link,
        spotify url, spotify link, spotify, hypothesis uri, pc地址, listen, listen here, listen on,
        apple url, apple link, apple podcasts,
        apple podcasts url, overcast, overcast url, audio page""",
    "published": """
        episode publish date, publish date, published date, published, published at, published
        on, publication date, date published, publish time, release date, released, air date,
        pub date, upload date, uploaded, uploaded on, date uploaded,
        aired, veröffentlicht, veröffentlicht am, erschienen, erschienen am, erscheinungsdatum,
        publicationdate, publié le, publié, date de publication, publicado, publicado el,
        fecha de publicación,
        pubblicato, pubblicato il, data di pubblicazione, publicado em, data de publicação,
        date de sortie, publicatiedatum, gepubliceerd, publicerad, opublikowano, 发布日期, 发布时间,
        原文发表, 公開日, 配信日, date, datum,
        fecha, data,
        日期, 날짜, 게시일, ngày, ngày đăng""",
    "speakers": """
        owner / host, owner/host, host, hosts, host(s), cohost, cohosts, co-host, co-hosts,
        hosted by, guest, guests, guest(s),
        speaker, speakers, speaker(s), said by, featuring, with, presenter, presenters, interviewer,
        interviewee, participant, participants,
        moderation, moderator, gastgeber, gastgeberin, gast, gäste, sprecher, zu
        gast, hôte, invité, invités, invitée, invité(s), invité(e),
        invité(e)s, animateur, animé par, anfitrión,
        anfitriona, presentador, presentadora, invitado, invitada, invitados, conduttore,
        ospite, ospiti, apresentador, convidado, convidada, convidados, presentator, gasten,
        värd, gäst, 主持人, 嘉宾, ホスト, ゲスト, 話し手, 語り手, 聞き手, 出演, 出演者, 司会,
        パーソナリティ, prowadzący, gość, goście, 게스트, 진행자,
        khách mời, contributors""",
    "author": """
        author, authors, author(s), creator, creators, show author, autor, autorin, auteur,
        autore, 作者, 著者""",
    "category": """
        category, categories, type, source type, kategorie, catégorie, categoría, categoria""",
    "time": """
        time, timestamp, time stamp, at, position, start, start time, snip start time, zeit,
        zeitstempel, zeitmarke, minute, tiempo, minuto, temps, horodatage, 时间""",
}

# Fields that say nothing we keep; they are known, so that they are no insights.
_OTHERS = """
        status, tags, tag, aliases, alias, topic, topics, created, created at, created
        time, create time, creation date, date created, updated, updated at, last updated,
        modified, last modified, last edited, last edited time, added, date added, exported,
        export date, exported on, episode export date, last snip date, snips count, imported,
        synced, last synced, last synced at, first synced, last highlighted, last highlighted
        date, highlighted, highlighted at, highlighted on, highlights count, highlights,
        duration, length, episode duration, listened, listened on, date listened, listened at,
        read on, finished, rating, score, my rating, stars, cover, image, thumbnail, banner,
        icon, document tags, document note, document notes, mentioned books, isbn, language, id,
        uid, uuid, collapsed, cssclass, cssclasses, permalink, publish, show notes link, show
        notes, show link, show url, podcast url, podcast link, feed url, audio, audio url,
        media, media url, video, up, down, next, prev, previous, parent, children, related, see
        also, subject, area, project, people, season, episode number, number, number of
        highlights, color, colour, location, location type, book id, asin, amazon book id,
        description, summary, ai summary, episode ai description, episode description, keywords,
        template, note-written, reviewed, reviewed date, processed, generated, plays, views,
        favourite, favorite, format, medium, network, owner, dauer, sprache,
        schlagworte, stichworte, gehört, gehört am, erstellt, erstellt am, geändert, bewertung,
        bild, thema, themen, durée, langue, mots-clés, étiquettes, écouté le, créé le, note
        personnelle, duración, idioma, etiquetas, creado, escuchado, escuchado el, durata,
        lingua, etichette, ascoltato, duração, marcadores, criado, ouvido em, duur, taal, längd,
        时长, 标签, 时间长度, 再生時間, タグ, czas trwania, tagi, język, sponsor"""


def _names(listed: str) -> list[str]:
    return [" ".join(name.split()) for name in listed.split(",") if name.strip()]


_OR = re.compile(r" ?[/&,] ?| (?:and|or|und|et|y|e) ")


def names_in(listed: str) -> frozenset[str]:
    """The names in a text with commas between them."""
    return frozenset(_names(listed))


_SECTION_OF: dict[str, Section] = {
    normalise(name): section for section, listed in _SECTIONS.items() for name in _names(listed)
}
_FIELD_OF: dict[str, tuple[Field | None, int]] = dict.fromkeys(
    map(normalise, _names(_OTHERS)), (None, 0)
) | {
    normalise(name): (field, rank)
    for field, listed in _FIELDS.items()
    for rank, name in enumerate(_names(listed))
}


def bare(text: str) -> str:
    """A short heading or key without what surrounds its words; "" for a long one."""
    if len(text) > _LONGEST:
        return ""
    plain = normalise(text)
    wordy = [index for index, letter in enumerate(plain) if letter.isalpha()]
    if not wordy:
        return ""
    closes = plain[wordy[-1] + 1 : wordy[-1] + 2] == ")" and ("(s" in plain or "(e" in plain)
    return plain[wordy[0] : wordy[-1] + 1 + closes]


def section(heading: str) -> Section | None:
    """What a heading announces: "✨ Key takeaways", "Transcript (made by a machine)"."""
    name = _NUMERAL.sub("", bare(heading))
    numbers = (name, name.removesuffix("s"), f"{name}s")
    known = next((_SECTION_OF[each] for each in numbers if each in _SECTION_OF), None)
    if clipped := _CLIPPED.match(name):
        known = "quotes" if clipped[1] == "highlight" else "noise"
    if name in _ALONE:
        return "noise"
    if known or not name:
        return known
    if name.endswith(_WORDS_OF):
        return "quotes"
    if (ours := _OF_THE_ISSUE.match(name)) and _SECTION_OF.get(name[ours.end() :]) == "noise":
        return "noise"
    if opened := _IN_THE_EPISODE.match(name):
        return section(name[opened.end() :])
    return _labelled(name) or _of_parts(name) or _narrowed(name.split())


def _labelled(name: str) -> Section | None:
    """ "Overview: key highlights": what stands behind the colon is the surer."""
    label, _, rest = name.partition(": ")
    inner = section(rest) if rest and label in _SECTION_OF else None
    return inner if inner in LISTED else None


_ALONE = names_in(
    """
    private, diary, journal, personal log, privat, tagebuch, journal intime, diario,
    for later, maybe later, someday, später, plus tard, más tarde, più tardi, mais tarde,
    あとで, 後で, 以后, 稍后, 나중에, next week, next time, next episode, coming up, coming next,
    up next, in the next episode, nächste woche, la semaine prochaine, la próxima semana"""
)
"""No insights, by the whole heading alone: "The Diary of a ..." is a show's name, and "Later in
life" what is told."""
_WORDS_OF = ("の言葉", "のことば", "の名言", "的话", "金句")
_OF_THE_ISSUE = re.compile(r"(?:today's|this (?:week|episode|issue)'s|our|a word from our) (?=\S)")
_OF_DAYS = names_in(
    """
    daily, daily note, daily notes, dailynote, dailynotes, day note, diary, journal, tagebuch,
    diario, dagboek, dziennik"""
)


_KINDS = {"tags", "tag", "type", "kind", "category", "categories"}


def is_of_days(key: str, tags: Iterable[str]) -> bool:
    """Whether a tag, or a part of it, says that a page is one of a diary: "#journal/2026"."""
    if bare(key) not in _KINDS:
        return False
    parts = (part for tag in tags for part in tag.replace(",", " ").strip("#[] ").split("/"))
    return any(bare(part.replace("-", " ").replace("_", " ")) in _OF_DAYS for part in parts)


_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NUMERAL = re.compile(r"^[一二三四五六七八九十]{1,3}、\s*")
_PARTED = re.compile(r",? (?:&|and|und|et|y) |, ")


def _of_parts(name: str) -> Section | None:
    """ "Studies, references & resources": two parts that hold no insights say so of all."""
    found = [_SECTION_OF.get(part) for part in _PARTED.split(name)]
    return "noise" if found.count("noise") > 1 else None


def _narrowed(words: list[str]) -> Section | None:
    """The name of a section with more words around it."""
    if len(words) > _MOST_WORDS + 4:
        return None
    if words[-1] in _SHOWN and (shown := _SECTION_OF.get(" ".join(words[:-1]))) == "noise":
        return shown
    for end in range(min(len(words) - 1, 5), 0, -1):
        known = _SECTION_OF.get(" ".join(words[:end]).rstrip(":"))
        if known and _goes_on(words, end, known):
            return known
    # "One-sentence takeaway", "top five insights"
    narrowed = len(words) <= _NARROWED and _SECTION_OF.get(words[-1]) == "takeaways"
    return "takeaways" if narrowed else None


def _goes_on(words: list[str], end: int, known: Section) -> bool:
    """Whether the rest only narrows the name: "from this episode", "(3)", "by [[Readwise]]"."""
    if words[end - 1].endswith(":") or words[end][0] in "([|–—-:":
        return True
    if end > 1 and " ".join(words[:end]) in {"new highlights added", "highlights first synced by"}:
        return True
    narrow = {
        "mentioned",
        "extracted",
        "worth",
        "from",
        "of",
        "for",
        "in",
        "i",
        "with",
        "aus",
        "von",
        "der",
        "dieser",
        "de",
        "du",
        "del",
        "di",
    }
    return known != "body" and len(words) <= _MOST_WORDS and words[end] in narrow and end > 0


def words(key: str) -> str:
    """``keyPoints`` and ``key_points`` as words."""
    return _CAMEL.sub(" ", key).replace("_", " ")


def field(key: str) -> tuple[Field | None, int] | None:
    """The field of a key and its rank (0 is the surest); None if the key is not known."""
    if NAMELESS.fullmatch(key):
        return None  # the words of somebody follow
    name = bare(words(key))
    plain = " ".join(name.replace("_", " ").replace("-", " ").split())
    known = _FIELD_OF.get(name) or _FIELD_OF.get(plain)
    known = known or _FIELD_OF.get(plain.removeprefix("episode "))
    known = known or _FIELD_OF.get(plain.removeprefix("podcast "))
    several = [] if known else _OR.split(plain)
    parts = {_FIELD_OF.get(part, (None, -1))[0] for part in several}
    return (
        _FIELD_OF[several[0]]
        if len(several) > 1 and len(parts) == 1 and None not in parts
        else known
    )
