"""Names: found by how letters begin and end, by titles, and by addresses; best effort.

Other names in the middle of a sentence, and all names in scripts without capitals, stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

_WORD = r"(?:[^\W\d_]+(?:['’-][^\W\d_]+)*|[^\W\d_]\.)"
_SMALL = (
    r"(?:van|von|vom|zu|zur|der|den|de|del|della|di|da|das|do|dos|du|la|le|los|las|al|el|bin|ibn)"
)
_NAME = rf"({_WORD}(?:(?: {_SMALL}){{0,2}} {_WORD}){{0,3}})"
_END = r"(?=\s{0,3}(?:\n|$|[<(|]? ?\[(?:email|phone) ))"
_AGAIN = r"(?: (?:again|nochmal|encore|de nuevo|novamente|di nuovo|снова))?"
_GREETING = re.compile(rf"{_AGAIN}(?P<comma>,?) {_NAME}", re.I)
_STOP = re.compile(r"\s?[,.!?;:)\n–—]|\s-|\s*$")
"""With a comma before it, a name must end where the greeting does: "Hello, Requesting a refund"."""
_ENDING = re.compile(
    rf"(?: you| wishes| truly)?(?:[,.!]?\s*\n\s{{0,3}}|,? |[.!] (?P<same>)){_NAME}[.,]?{_END}", re.I
)
_ITSELF = re.compile(rf" {_NAME}")
_CALLING = re.compile(rf" {_NAME},? (?:here|speaking|from|calling|writing)(?!\w)")
_UNDER = re.compile(rf" ?\r?\n{_NAME}(?=[ \t\r]*(?:\n|$))")
_FIELD = re.compile(rf"(?: name)?\s?: {{0,2}}{_NAME}")
_WHOLE = re.compile(
    rf" ({_WORD} {_WORD})(?=[,.!;\n]| and | from | writing | und | et | y | e | и |$)"
)
_TITLE = re.compile(rf"\.? {_NAME}")
_KIN = re.compile(rf",? {_NAME}")
_PARTY = re.compile(rf" ({_WORD}(?: {_SMALL}){{0,2}} {_WORD})")
_CUES: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (
        _GREETING,
        ("hi", "hello", "dear", "hey", "good morning", "good afternoon", "good evening",
         "greetings", "hallo", "liebe", "lieber", "guten tag", "guten morgen", "guten abend",
         "moin", "servus", "grüezi", "sehr geehrte", "sehr geehrter", "bonjour", "rebonjour",
         "bonsoir", "salut", "cher", "chère", "hola", "buenos días", "buenas tardes", "buenas",
         "estimado", "estimada", "querido", "querida", "olá", "oi", "bom dia", "boa tarde",
         "boa noite",
         "prezado", "prezada", "caro", "cara", "ciao", "salve", "buongiorno", "buonasera",
         "gentile", "egregio", "здравствуйте", "привет", "добрый день", "добрый вечер",
         "доброе утро", "уважаемый", "уважаемая", "дорогой", "дорогая"),
    ),
    (
        _ENDING,
        ("regards", "sincerely", "thanks", "thank", "cheers", "best", "yours", "respectfully",
         "signed", "signed by", "rgds", "br", "thx", "grüße", "grüßen", "gruß", "grüsse",
         "grüssen", "danke", "dank", "lg", "vg", "mfg", "cordialement", "salutations", "merci",
         "d'avance", "bien à vous", "saludos", "saludo", "gracias", "atentamente", "obrigado",
         "obrigada", "cumprimentos", "atenciosamente", "abraços", "abraço", "grazie", "saluti",
         "cordialmente", "с уважением", "спасибо", "с наилучшими пожеланиями", "всего доброго"),
    ),
    (_UNDER, ("--",)),
    (
        _ITSELF,
        ("my name is", "my name's", "by the name of", "mein name ist", "ich heiße", "je m'appelle",
         "je m’appelle", "mon nom est", "me llamo", "mi nombre es", "chamo-me", "meu nome é",
         "mi chiamo", "il mio nome è", "меня зовут", "её зовут", "его зовут", "по имени",
         "моё имя", "sent by", "written by"),
    ),
    (
        _FIELD,
        ("name", "from", "customer", "client", "nom", "nombre", "nome", "cliente", "kunde",
         "kundin", "von", "имя", "фио", "клиент"),
    ),
    (_WHOLE, ("i am", "i'm", "i’m", "ich bin", "je suis", "soy", "sono", "sou")),
    (_CALLING, ("this is",)),
    (
        _TITLE,
        ("mr", "mrs", "ms", "mx", "dr", "prof", "herr", "herrn", "frau", "mme", "madame",
         "monsieur", "sr", "sra", "señor", "señora", "senhor", "senhora", "dona", "signor",
         "signora", "sig", "господин", "госпожа"),
    ),
    (
        _KIN,
        ("husband", "wife", "son", "daughter", "partner", "colleague", "coworker", "brother",
         "sister", "mother", "father", "friend", "flatmate", "roommate", "neighbor", "neighbour",
         "spoke with", "spoke to", "talked to", "talked with", "mein mann", "meine frau", "sohn",
         "tochter", "kollege", "kollegin", "kollegen", "bruder", "schwester", "mutter", "vater",
         "freund", "freundin", "nachbar", "nachbarin", "mitbewohner", "mari", "femme", "fils",
         "fille", "collègue", "frère", "sœur", "mère", "père", "ami", "amie", "voisin", "voisine",
         "parlé avec", "marido", "esposo", "esposa", "mujer", "hijo", "hija", "compañero",
         "compañera", "hermano", "hermana", "madre", "padre", "amigo", "amiga", "vecino", "vecina",
         "hablé con", "mulher", "filho", "filha", "colega", "irmão", "irmã", "vizinho", "vizinha",
         "falei com", "marito", "moglie", "figlio", "figlia", "collega", "fratello", "sorella",
         "amico", "amica", "vicino", "vicina", "parlato con", "муж", "мужу", "жена", "сын", "дочь",
         "коллега", "сотрудница", "сотрудник", "брат", "сестра", "мать", "отец", "друг", "подруга",
         "сосед", "соседка"),
    ),
    (
        _PARTY,
        ("customer", "client", "guest", "passenger", "tenant", "kunde", "kundin", "gast", "cliente",
         "clienta", "cliente", "la cliente", "клиент", "клиентка", "покупатель", "гость"),
    ),
)  # fmt: skip
"""What may stand between a cue and a name. Cues are looked for as they are: a pattern over the
whole text would take ten times as long."""

_LETTERS = re.compile(r"[^\W_]+")
_BY_WORD = tuple(
    (pattern, cue, next(iter(_LETTERS.findall(cue)), ""))
    for pattern, cues in _CUES
    for cue in dict.fromkeys(cues)
)
_REACHED = re.compile(
    rf"(?:^|(?<=\n)|(?<=[.!?>] ))(?:[^\n:]{{0,12}}: ?)?{_NAME}[,.]?"
    r"(?=(?: ?[<(|,]? ?|[ \t\r]*\n(?:[^\n]{0,40}\n)?(?:[\w-]{0,12}[:.]? ?))"
    r"\[(?:email|phone|address) \d+\])"
)
"""A name at the beginning of a line, with an address beside or below it: a signature."""
_BESIDE = re.compile(rf"(?<!\w){_NAME} ?[<(] ?$")
"""What stands before an address in angle brackets or parentheses."""
_MARKED = re.compile(r"\[(?:email|phone|address) \d+\]")
_BEFORE = 120
"""Letters before such a mark in which a signature begins."""
_LAST = re.compile(
    rf"(?:[^\w\s]|(?:^|\n)[^\n]{{1,30}}|(?P<open>\w))[ \t\r]*\n\s{{0,3}}(?:[-–—~]{{1,2}} ?)?"
    rf"{_NAME}[.]?\s*"
    r"(?:\n(?:Sent from|Gesendet von|Envoyé de|Enviado desde|Enviado do|Inviato da|Отправлено с)"
    r"[^\n]{0,40}\s*)?$"
)
"""A last line of words with capitals; a single one needs the end of a sentence above it, or a short
line, such as a greeting in any language."""
_CLOSE = re.compile(rf"(?:\n|[.!?] )[^\n,.!?:]{{1,30}}, ?{_NAME}[.]?\s*$")
"""The end of a text behind a few words and a comma: "Saludos cordiales, Ana Ruiz"."""
_CALENDAR = (
    "january february march april may june july august september october november december "
    "monday tuesday wednesday thursday friday saturday sunday"
)
_NO_NAMES = frozenset(
    word
    for pattern, cues in _CUES
    if pattern in (_GREETING, _ENDING, _TITLE)
    for cue in cues
    for word in cue.split()
) | frozenset(
    f"""{_CALENDAR} team support sir sirs madam there all everyone everybody customer customers
    service care folks guys help desk agent manager colleagues friend friends i we you he she it
    they my our your the this that these a an and or but so if when as at in on of for from to with
    can could would will please just again also not no yes ok okay best thanks thank regards kind
    warm many sent dear hi hello mr mrs ms mx dr prof herr frau mme sr sra department office
    company store shop order refund return what why how where who is are was were have has had
    do does did am be been still unfortunately however because since after before
    greetings sincerely yours cheers good morning afternoon evening waiting soon urgent need want
    received ordered bought paid phone email mobile call address here speaking from
    herren damen herrn kundenservice kundendienst danke dank vielen viele liebe grüße gruß bitte
    ich wir sie er es die der das ein eine mein meine mit von im am vor nach bestellung bonjour
    madame monsieur merci cordialement je nous vous le la les un une mon ma mes bien avance équipe
    señor señora señores gracias saludo saludos atentamente buenos buenas yo mi el los las equipo
    antemano senhor senhora senhores obrigado obrigada cumprimentos atenciosamente aguardo eu meu
    minha o os as equipe signor signora signori grazie saluti cordiali distinti attendo io il lo gli
    mio mia spett gentili здравствуйте спасибо уважением пожалуйста я мы вы мой моя мне прошу жду
    bye late sent solved closed open заранее коллеги команда служба поддержки добрый
    день""".split()
)
_AS_WORDS = frozenset(
    """will may mark grant hope bill sue rob pat art chance price page case cash young long rich
    frank june april august rose grace joy faith summer dawn day brown green black white gray
    king park wood stone field street church hill short small little best good early late new
    nice""".split()  # noqa: SIM905
)
"""Parts of names that are words as well: alone they stay, since "Will you" names nobody."""


def names_in(text: str) -> list[str]:
    """The names that a text's greetings, endings, signatures, fields, introductions and titles
    show. Addresses and phones in it must have become marks."""
    small = lowered(text)
    found: dict[str, None] = {}
    words = {"", *_LETTERS.findall(small)}
    for pattern, cue, first in _BY_WORD:
        # Most cues' first words are not in a text: a set says so faster than a search.
        start = small.find(cue) if first in words else -1
        while start >= 0:
            end = start + len(cue)
            alone = start == 0 or not small[start - 1].isalnum()
            match = pattern.match(text, end) if alone else None
            if match and (name := _named(match, pattern, small, start)):
                found[name] = None
            start = small.find(cue, end)
    found.update(dict.fromkeys(_signatures(text)))
    last = _LAST.search(text, max(0, len(text.rstrip()) - 140))
    close = _CLOSE.search(text, max(0, len(text.rstrip()) - 110))
    if close and (name := _name(close[1], whole=True)) and not _is_verb(name):
        found[name] = None
    name = _name(last[2], whole=True) if last else ""
    if last and name and not _is_verb(name) and (" " in name or last["open"] is None):
        found[name] = None
    return list(found)


def _signatures(text: str) -> Iterator[str]:
    """The names beside or above an address, which is a mark by now."""
    for mark in _MARKED.finditer(text):
        start = max(0, mark.start() - _BEFORE)
        for signature in _REACHED.finditer(text, start, mark.end()):
            if name := _name(signature[1], whole=True):
                yield name
        if text[start : mark.start()].rstrip(" ")[-1:] in ("<", "("):
            beside = _BESIDE.search(text, start, mark.start())
            if beside and (name := _name(beside[1], whole=True)):
                yield name


def _named(match: re.Match[str], pattern: re.Pattern[str], small: str, start: int) -> str:
    """The name behind a cue that stands at `start`; empty where what stands there is none."""
    written = match[match.lastindex or 1] or ""
    if pattern is _GREETING:
        name = _name(written, whole=False)
        if _STOP.match(match.string, match.start(2) + len(name)):
            return name
        # "Hi Anna can you" and "Hi Wanted to ask" look alike.
        return "" if match["comma"] or _is_verb(name) else name
    if pattern is _FIELD and start and small[:start].rstrip(" \t")[-1:] not in ("", "\n", ".", ">"):
        before = re.search(r"(\w+)['’]?s? $", small[max(0, start - 20) : start])
        if before is None or before[1] not in ("full", "first", "last", "my", "your", "customer"):
            return ""
    name = _name(written, whole=pattern in (_ENDING, _UNDER, _WHOLE))
    if pattern is _ENDING and match["same"] is not None and " " not in name:
        return ""  # "Thanks. Waiting" ends a sentence, and no letter.
    return "" if pattern is _ENDING and _is_verb(name) else name


def names_of(address: str, text: str) -> list[str]:
    """The names in a text that its writer's address spells: Anna Berg of anna.berg@mail.example."""
    local = address.partition("@")[0].partition("+")[0]
    parts = [part for part in re.split(r"[\W\d_]+", local) if len(part) > 2]
    found = []
    for part in parts:
        if part.lower() in _NO_NAMES | _AS_WORDS:
            continue
        for word in re.finditer(rf"(?<!\w){re.escape(part[:1].upper() + part[1:])}(?!\w)", text):
            found.append(word[0])
            break
    return found


def _is_verb(name: str) -> bool:
    """Whether a single word is hardly a name: Requesting, Ordered."""
    return " " not in name and len(name) > 5 and name.lower().endswith(("ing", "ed"))


def lowered(text: str) -> str:
    """In small letters, each letter in its place: the one that would become two stays."""
    small = text.lower()
    if len(small) == len(text):
        return small
    return "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)


def _name(written: str, *, whole: bool) -> str:
    """The words up to the first that is no name; none where all must be and one is not."""
    words = written.split(" ")
    kept: list[str] = []
    for word, behind in zip(words, [*words[1:], ""], strict=True):
        small = word.lower()
        if (
            word[0].isupper()
            and small in _AS_WORDS
            and behind[:1].isupper()
            and behind.lower() not in _NO_NAMES
        ):
            kept.append(word)  # Will of Will Smith.
            continue
        if kept and re.fullmatch(_SMALL, word):
            kept.append(word)
            continue
        if not word[0].isupper() or small in _NO_NAMES or (len(word) < 2 and not kept):
            break
        kept.append(word)
    short = len(kept) < len(words)
    while kept and kept[-1].islower():
        kept.pop()
    if not kept or (len(kept) == 1 and kept[0].endswith(".")):
        return ""
    return "" if whole and short else " ".join(kept)


@lru_cache(maxsize=4096)
def pattern_of(name: str) -> re.Pattern[str]:
    """Matches a name, and its parts: Anna of Anna Berg. What stands before is for others to see."""
    parts = [
        part
        for part in (name.split(" ") if " " in name else [])
        if len(part) > 2 and part[0].isupper() and part.lower() not in _AS_WORDS
    ]
    either = "|".join(re.escape(one) for one in (name, *parts))
    return re.compile(rf"(?:{either})(?!\w)")
