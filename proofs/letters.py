# ruff: noqa: E501 (letters are read best as they are sent)
"""Letters: made-up messages of customers in six languages, with what in them is personal.

Names, streets and stories are invented and put together by a seeded generator. Each message is a
list of passages, each with its kind, or with none where nothing in it is personal. The forms are
those of helpdesks: greetings with and without a name, signatures above an address, names in the
middle of a sentence, words with capitals that are no names.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

FIRST = {
    "English": "Anna John Olivia Marcus Priya Wei Fatima Connor Grace Will Mark Siobhan Tyrone Hope",
    "German": "Jürgen Anke Sabine Torsten Lukas Heike Mehmet Ulrike Jonas Annegret",
    "French": "Élodie Julien Amélie Thierry Chloé Benoît Yasmine Maxime Jean-Luc Solène",
    "Spanish": "Lucía Javier Marisol Andrés Begoña Álvaro Ximena Pablo Itziar Ramón",
    "Russian": "Иван Ольга Дмитрий Светлана Алексей Наталья Тимур Екатерина Глеб Людмила",
    "Portuguese": "João Beatriz Tiago Inês Rui Conceição Mateus Larissa",
    "Italian": "Giulia Marco Chiara Lorenzo Federica Matteo Ginevra Alessio",
}
LAST = {
    "English": "Berg Smith O'Neill Okafor Patel Whitfield Lindqvist Nakamura Hargreaves Young",
    "German": "Müller Weißhaupt Schäfer Yilmaz Krüger Brandt Oehlenschläger Voß",
    "French": "Lefèvre Dubois Marchand Benali Girard Rousseau Thibault Perrin",
    "Spanish": "Fernández Ibarra Ruiz Echeverría Molina Peña Castaño Villanueva",
    "Russian": "Петров Смирнова Кузнецов Ахметов Воронина Лебедев Зайцева Гончаров",
    "Portuguese": "Carvalho Figueiredo Nogueira Teixeira Moura",
    "Italian": "Bianchi Esposito Lombardi Ferrara Gallo",
}
STREETS = {
    "English": [
        "{n} Maple Street",
        "{n} Old Mill Road",
        "{n} Harbour Avenue",
        "Flat 3, {n} Elm Lane",
    ],
    "German": ["Lindenstraße {n}", "Am Alten Markt {n}", "Gartenweg {n}a", "Goethestr. {n}"],
    "French": ["{n} rue des Lilas", "{n}, avenue Victor Hugo", "{n} bis, place du Moulin"],
    "Spanish": ["calle Mayor {n}", "C/ San Isidro, {n}", "Avenida de la Paz {n}"],
    "Russian": ["ул. Садовая, д. {n}", "проспект Мира {n}", "Лесной переулок, {n}"],
    "Portuguese": ["Rua das Flores, {n}", "Avenida da Liberdade {n}"],
    "Italian": ["Via Garibaldi {n}", "Piazza del Duomo, {n}"],
}
OPENINGS = {
    "English": [
        "Hi {agent},",
        "Hello,",
        "Dear {agent} {agentlast},",
        "Hello, Requesting a refund for the kettle.",
        "Hi team,",
        "Hi {agent} can you help me?",
        "Good morning, Ordered a lamp and it never came.",
        "",
    ],
    "German": [
        "Hallo {agent},",
        "Guten Tag,",
        "Sehr geehrte Frau {agentlast},",
        "Hallo, Bestellung kam zu spät.",
        "Guten Tag Herr {agentlast},",
        "Liebes Team,",
        "Moin {agent}!",
        "",
    ],
    "French": [
        "Bonjour {agent},",
        "Bonjour, Demande de remboursement pour ma commande.",
        "Madame, Monsieur,",
        "Chère Madame {agentlast},",
        "Bonsoir,",
        "Salut {agent} !",
        "",
    ],
    "Spanish": [
        "Hola {agent}:",
        "Hola, Solicito la devolución del abrigo.",
        "Estimado señor {agentlast}:",
        "Buenos días,",
        "Buenas tardes {agent},",
        "",
    ],
    "Russian": [
        "Здравствуйте, {agent}!",
        "Здравствуйте! Прошу вернуть деньги.",
        "Добрый день, {agent}.",
        "Уважаемая {agent}!",
        "Добрый день! Заказ не пришёл.",
        "",
    ],
    "Portuguese": [
        "Olá {agent},",
        "Bom dia, Solicito o reembolso da compra.",
        "Prezada {agent} {agentlast},",
        "",
    ],
    "Italian": [
        "Ciao {agent},",
        "Buongiorno, Chiedo il rimborso del cappotto.",
        "Gentile {agent} {agentlast},",
        "",
    ],
}
BODIES = {
    "English": [
        "The coat arrived on 12 March, 16 days ago, and it cost $89.50. I would like to return it.",
        "My order {order} never came. Will you send the Blue Kettle again? I paid 45 EUR.",
        "My husband {other} bought it in the London store, and Returns said no.",
        "I spoke with {other} on Monday. Room #214 was cold. May I have my money back?",
        "Please collect it at {street}, any day after 14:00. Mark it as fragile.",
        "The parcel was left with {other} {last} next door. You can call me at {phone}.",
    ],
    "German": [
        "Der Mantel kam am 12.03.2026, also vor 16 Tagen, und kostete 89,50 €. Ich möchte ihn zurückgeben.",
        "Meine Bestellung {order} kam nie an. Der Blaue Kessel war ein Geschenk zum Geburtstag.",
        "Mein Mann {other} hat ihn im Laden gekauft, und die Reklamation wurde abgelehnt.",
        "Ich habe am Montag mit Frau {last} gesprochen. Zimmer 214 war kalt.",
        "Bitte abholen: {street}, ab 14:00 Uhr. Danke für die Hilfe.",
        "Das Paket liegt bei {other} {last} nebenan. Meine Handynummer: {phone}.",
    ],
    "French": [
        "Le manteau est arrivé le 12/03/2026, il y a 16 jours, et coûtait 89,50 €. Je souhaite le rendre.",
        "Ma commande {order} n'est jamais arrivée. La Bouilloire Bleue était un cadeau.",
        "Mon mari {other} l'a acheté en magasin à Lyon.",
        "J'ai parlé avec {other} lundi. La chambre 214 était froide.",
        "Merci de passer au {street} après 14:00.",
        "Le colis est chez {other} {last}, à côté. Mon numéro : {phone}.",
    ],
    "Spanish": [
        "El abrigo llegó el 12/03/2026, hace 16 días, y costó 89,50 €. Quiero devolverlo.",
        "Mi pedido {order} nunca llegó. La Tetera Azul era un regalo.",
        "Mi marido {other} lo compró en la tienda de Sevilla.",
        "Hablé con {other} el lunes. La habitación 214 estaba fría.",
        "Pueden recogerlo en {street} después de las 14:00.",
        "El paquete lo tiene {other} {last}, al lado. Mi teléfono: {phone}.",
    ],
    "Russian": [
        "Пальто пришло 12.03.2026, 16 дней назад, и стоило 8950 руб. Хочу его вернуть.",
        "Мой заказ {order} так и не пришёл. Синий Чайник был подарком.",
        "Мой муж {other} купил его в магазине в Москве.",
        "В понедельник я говорила с сотрудницей по имени {other}. В номере 214 было холодно.",
        "Заберите, пожалуйста, по адресу: {street}, после 14:00.",
        "Посылка у соседки, её зовут {other} {last}. Телефон: {phone}.",
    ],
    "Portuguese": [
        "O casaco chegou em 12/03/2026, há 16 dias, e custou 89,50 €. Quero devolver.",
        "O meu pedido {order} nunca chegou. A Chaleira Azul era um presente.",
        "O meu marido {other} comprou na loja do Porto.",
        "Podem recolher na {street} depois das 14:00.",
        "A encomenda está com {other} {last}. O meu telefone: {phone}.",
    ],
    "Italian": [
        "Il cappotto è arrivato il 12/03/2026, 16 giorni fa, e costava 89,50 €. Vorrei restituirlo.",
        "Il mio ordine {order} non è mai arrivato. Il Bollitore Blu era un regalo.",
        "Mio marito {other} lo ha comprato nel negozio di Milano.",
        "Potete ritirarlo in {street} dopo le 14:00.",
        "Il pacco è da {other} {last}. Il mio telefono: {phone}.",
    ],
}
CLOSINGS = {
    "English": ["Thanks,\n{full}", "{full}\n{email}", "Kind regards\n\n{first}", "Best,\n{full}\n{email}\n{phone}",
                "Thank you. Waiting.", "I am {full}, by the way.", "My name is {full}", "Sent by {full} <{email}>", ""],
    "German": ["Mit freundlichen Grüßen\n{full}", "{full}\n{email}", "Viele Grüße\n{first}", "Danke!\n\n{full}\n{phone}",
               "LG {first}", "Vielen Dank im Voraus.", "{full}\n{street}\n{email}", ""],
    "French": ["Cordialement,\n{full}", "{full}\n{email}", "Merci d'avance.\n{first}", "Bien à vous\n{full}\n{phone}",
               "Je m'appelle {full}.", "Merci. Cordialement", ""],
    "Spanish": ["Un saludo,\n{full}", "{full}\n{email}", "Gracias.\n{first}", "Atentamente,\n{full}\n{phone}",
                "Me llamo {full}.", "Gracias de antemano.", ""],
    "Russian": ["С уважением, {full}", "{full}\n{email}", "Спасибо!\n{first}", "С уважением,\n{full}\n{phone}",
                "Меня зовут {full}.", "Заранее спасибо.", ""],
    "Portuguese": ["Obrigado,\n{full}", "{full}\n{email}", "Cumprimentos\n{first}", "Meu nome é {full}.", "Obrigada. Aguardo.", ""],
    "Italian": ["Cordiali saluti\n{full}", "{full}\n{email}", "Grazie,\n{first}", "Mi chiamo {full}.", "Grazie. Attendo.", ""],
}  # fmt: skip
WHOLE = {
    "English": ["Regarding ticket {order}: {other} at the counter told me no. Please advise.\n\nRgds\n{first}",
                "To whom it may concern\n\nThe suit was worn once, on 3 May. {full}, {street}",
                "hi {agent} - any update on the $120 refund?\nCheers {first}",
                "{agent}, can you look at this again? Boots, day 31. Signed: {full} ({email})",
                "Customer {full} called from {phone}. Wants an Exchange for the Large size.",
                "My flatmate {other} signed for it. We paid Extra for Express. Ta, {first}"],
    "German": ["Betreff: Rückgabe\nHerr {last} vom Kundendienst sagte nein. Der Anzug kostete 120 Euro.\nGruß, {first}",
               "Sehr geehrte Damen und Herren,\n{other} hat das Paket angenommen. Bitte um Gutschrift.\n{full}, {street}",
               "Hi {agent}, gibt es Neues zur Erstattung?\nBeste Grüße aus Bremen\n{full}",
               "Kundin {full} rief an ({phone}). Sie möchte Größe 42 statt Größe 40."],
    "French": ["Objet : retour\nVotre collègue {other} m'a dit non. Le costume coûtait 120 euros.\nBien cordialement, {full}",
               "Rebonjour {agent}, des nouvelles du remboursement ?\nBelle journée,\n{first}",
               "La cliente {full} a appelé ({phone}). Elle veut la Taille 40.",
               "{full}, {street}. Colis reçu le 3 mai par {other}."],
    "Spanish": ["Asunto: devolución\nSu compañera {other} me dijo que no. El traje costó 120 euros.\nSaludos cordiales, {full}",
                "Hola de nuevo, {agent}: ¿alguna novedad?\nUn abrazo\n{first}",
                "La clienta {full} llamó desde el {phone}. Quiere la Talla 40.",
                "{full}, {street}. Lo recibió {other} el 3 de mayo."],
    "Russian": ["Тема: возврат\nВаша коллега {other} мне отказала. Костюм стоил 12000 руб.\nС наилучшими пожеланиями,\n{full}",
                "{agent}, есть новости о возврате?\n{first}",
                "Клиентка {full} звонила с номера {phone}. Просит Размер 42.",
                "{full}, {street}. Посылку получил {other} 3 мая."],
    "Portuguese": ["Assunto: devolução\nA sua colega {other} disse que não. O fato custou 120 euros.\nMelhores cumprimentos, {full}",
                   "Olá novamente {agent}, há novidades?\nAbraço\n{first}",
                   "{full}, {street}. Quem recebeu foi {other}, no dia 3 de maio."],
    "Italian": ["Oggetto: reso\nLa sua collega {other} mi ha detto di no. Il vestito costava 120 euro.\nUn cordiale saluto, {full}",
                "Salve {agent}, ci sono novità?\nA presto\n{first}",
                "{full}, {street}. Lo ha ricevuto {other} il 3 maggio."],
}  # fmt: skip
"""Whole messages, for some of those above."""
UNSEEN = {
    "English": ["I bought the Navy Jacket from you on 2 June. {other} from your Leeds branch promised a full refund.\n\nMany thanks in advance,\n{full}",
                "Ref. {order}\nThe washing machine leaks. Our landlord, {full}, wants it collected from {street}.",
                "Hey there {agent}! Loved the shop, hated the fit. Can I swap? xx {first}",
                "Your email said 14 days. It is day 16 and {other} is in hospital. {first} {last}, {phone}",
                "Booking {order}, late checkout at 12:05. Guest: {full}. Reception refused.",
                "Please forward to {agent} {agentlast}. Nothing else to add. Have a great Weekend",
                "Dear Sir or Madam,\nThe Gift Card expired on Sunday. Yours faithfully\n{full}"],
    "German": ["Am 2. Juni habe ich die Blaue Jacke gekauft. {other} aus der Filiale Bremen versprach Ersatz.\n\nHerzliche Grüße\n{full}",
               "Vorgang {order}: Die Maschine tropft. Unser Vermieter, {full}, möchte Abholung: {street}.",
               "Ihre Mail sprach von 14 Tagen. Heute ist Tag 16, {other} liegt im Krankenhaus. {full}, {phone}",
               "Bitte an Frau {agentlast} weiterleiten. Schönes Wochenende"],
    "French": ["J'ai acheté la Veste Bleue le 2 juin. {other} du magasin de Lille a promis un échange.\n\nSincères salutations\n{full}",
               "Dossier {order} : la machine fuit. Notre propriétaire, {full}, demande l'enlèvement au {street}.",
               "Votre mail parlait de 14 jours, nous sommes au 16e et {other} est à l'hôpital. {full}, {phone}",
               "À transmettre à Madame {agentlast}. Bon Week-end"],
    "Spanish": ["Compré la Chaqueta Azul el 2 de junio. {other}, de la tienda de Bilbao, prometió el cambio.\n\nReciba un cordial saludo\n{full}",
                "Expediente {order}: la lavadora gotea. Nuestro casero, {full}, pide la recogida en {street}.",
                "Su correo hablaba de 14 días; vamos por el 16 y {other} está en el hospital. {full}, {phone}",
                "Para la señora {agentlast}, por favor. Buen Fin de semana"],
    "Russian": ["Второго июня я купила Синюю Куртку. {other} из магазина в Казани обещал обмен.\n\nС наилучшими,\n{full}",
                "Обращение {order}: машина течёт. Хозяин квартиры, {full}, просит забрать её: {street}.",
                "В письме было 14 дней, сегодня шестнадцатый, а {other} в больнице. {full}, {phone}",
                "Передайте, пожалуйста, госпоже {agentlast}. Хороших Выходных"],
    "Portuguese": ["Comprei o Casaco Azul a 2 de junho. {other}, da loja de Braga, prometeu a troca.\n\nCom os melhores cumprimentos\n{full}",
                   "Processo {order}: a máquina pinga. O senhorio, {full}, pede a recolha na {street}.",
                   "O vosso e-mail dizia 14 dias; já vamos no 16 e {other} está no hospital. {full}, {phone}"],
    "Italian": ["Ho comprato la Giacca Blu il 2 giugno. {other}, del negozio di Torino, ha promesso il cambio.\n\nCordialità\n{full}",
                "Pratica {order}: la lavatrice perde. Il proprietario, {full}, chiede il ritiro in {street}.",
                "La mail parlava di 14 giorni; siamo al 16 e {other} è in ospedale. {full}, {phone}"],
}  # fmt: skip
"""Whole messages in forms that were written after the patterns, and that no pattern was changed
for."""
_KINDS = {
    "agent": "name in a greeting", "agentlast": "name in a greeting",
    "first": "name of the writer", "full": "name of the writer",
    "other": "name in a sentence", "last": "name in a sentence",
    "email": "e-mail", "phone": "phone", "order": "order", "street": "street",
}  # fmt: skip
_LATIN = str.maketrans("абвгдезийклмнопрстуфхцыэ", "abvgdezijklmnoprstufhcye", "жчшщьъюяё")


@dataclass(frozen=True)
class Letter:
    """One message."""

    language: str
    text: str
    personal: tuple[tuple[int, int, str], ...]
    """Where something personal stands: start, end, kind."""


def letters(count: int, seed: int, *, unseen: bool = False) -> Iterator[Letter]:
    """So many messages, an equal share in each of six languages; Portuguese and Italian share one.
    Those that are `unseen` have the forms that the patterns were not made for."""
    rng = random.Random(seed)
    for number in range(count):
        language = list(FIRST)[number % 6]
        if language == "Portuguese" and rng.random() < 0.5:
            language = "Italian"
        yield _letter(language, rng, unseen)


def _letter(language: str, rng: random.Random, unseen: bool) -> Letter:
    first, agent, other = rng.sample(FIRST[language].split(), 3)
    last, agentlast, _ = rng.sample(LAST[language].split(), 3)
    number = rng.randint(1, 240)
    address = re.sub(r"[^a-z]", "", _plain(first)) + "." + re.sub(r"[^a-z]", "", _plain(last))
    values = {
        "first": first, "full": f"{first} {last}", "last": rng.choice(LAST[language].split()),
        "agent": agent, "agentlast": agentlast, "other": other,
        "email": f"{rng.choice([address, f'kunde{number}', address.split('.')[0]])}@mail.example",
        "phone": rng.choice(["+49 151 2345{:04d}", "(415) 555-{:04d}", "0171 555 {:04d}"]).format(
            rng.randint(0, 9999)
        ),
        "order": rng.choice(["{}", "#{}", "A-{}"]).format(rng.randint(100_000, 999_999)),
        "street": rng.choice(STREETS[language]).format(n=number),
    }  # fmt: skip
    bodies = rng.sample(BODIES[language], 2)
    template = "\n".join(
        part for part in (rng.choice(OPENINGS[language]), " ".join(bodies),
                          rng.choice(CLOSINGS[language])) if part
    )  # fmt: skip
    if unseen or rng.random() < 0.3:
        template = rng.choice((UNSEEN if unseen else WHOLE)[language])
    text, personal = "", []
    for place, part in enumerate(re.split(r"\{(\w+)\}", template)):
        if place % 2:
            personal.append((len(text), len(text) + len(values[part]), _KINDS[part]))
        text += values[part] if place % 2 else part
    return Letter("Portuguese, Italian" if language in ("Portuguese", "Italian") else language,
                  text, tuple(personal))  # fmt: skip


def _plain(name: str) -> str:
    import unicodedata

    small = unicodedata.normalize("NFKD", name.lower()).translate(_LATIN)
    return small.replace("ß", "ss")
