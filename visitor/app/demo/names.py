"""Made-up people and companies of the demo. Addresses end in `.example`, which nobody can own (RFC 2606)."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who visits."""

    name: str
    language: str = "en"
    """Chosen at the kiosk."""


GUESTS: Final = (
    Guest("Marieke van den Brandhof", "nl"), Guest("Sjoerd Hoekstra", "nl"), Guest("Fenna Dijkgraaf", "nl"),
    Guest("Joris Kwakkelstein", "nl"), Guest("Anouk Zeldenrust", "nl"), Guest("Bram Oosterwijk", "nl"),
    Guest("Tjitske de Graaf-Nauta", "nl"), Guest("Wout Verschuren", "nl"), Guest("Liselotte Ebbinge", "nl"),
    Guest("Jürgen Weißmüller", "de"), Guest("Annegret Schönfelder", "de"), Guest("Thorben Küster", "de"),
    Guest("Friederike Großmann", "de"), Guest("Ulf Petersdorff", "de"), Guest("Käthe Lindenhahn", "de"),
    Guest("Gaëlle Le Floc’h", "fr"), Guest("Étienne Desmarais", "fr"), Guest("Noémie Beauchêne", "fr"),
    Guest("Hugues Vaucanson", "fr"), Guest("Priscilla Ashdown"), Guest("Rowan Featherstone"),
    Guest("Imogen Tarrant"), Guest("Callum MacAskill"), Guest("Siân Llewellyn-Pugh"), Guest("Niamh Ó Súilleabháin"),
    Guest("Tobias Okonjo"), Guest("Adaeze Nwachukwu"), Guest("Chidi Ezeani"), Guest("Thandeka Mabuza"),
    Guest("Kwabena Asare-Boateng"), Guest("Ólöf Þórhallsdóttir"), Guest("Mikkel Brøndsted"),
    Guest("Aino Lehtovirta"), Guest("Torbjørn Ås"),
    Guest("Małgorzata Wiśniowiecka", "pl"), Guest("Zbigniew Łapiński", "pl"),
    Guest("Ștefania Mărgineanu"), Guest("Fiammetta Brandolini", "it"), Guest("Jiří Křížovský"),
    Guest("Ľudmila Hrušková"), Guest("Dóra Szőcs"),
    Guest("İbrahim Gökçeoğlu"), Guest("Şebnem Yıldızhan"), Guest("Ana Beatriz Conceição", "pt"),
    Guest("Íñigo Zubizarreta", "es"), Guest("Ximena Cañizares", "es"),
    Guest("Eleni Παπαδοπούλου"), Guest("Γιώργος Καλλέργης"),
    Guest("Оксана Бойченко"), Guest("Дмитрий Верещагин"), Guest("Милена Јовановић"), Guest("Դավիթ Սարոյան"),
    Guest("ნინო ლომიძე"), Guest("ليلى الحداد", "ar"), Guest("يوسف بن منصور", "ar"),
    Guest("شیرین کاظمی"), Guest("נעמה בן־ארי"),
    Guest("अनन्या देशमुख"), Guest("विक्रम चतुर्वेदी"), Guest("அருண் குமரேசன்"), Guest("শর্মিষ্ঠা সেনগুপ্ত"),
    Guest("ศิริพร วงศ์สุวรรณ", "th"), Guest("ธนกร ปัญญาดี", "th"),
    Guest("Nguyễn Thị Phương Thảo"), Guest("Trần Đức Lượng"),
    Guest("李雨桐", "zh-Hans"), Guest("王建国", "zh-Hans"), Guest("陳思穎"),
    Guest("中村さくら", "ja"), Guest("小野寺 健太郎", "ja"), Guest("김하늘"),
    Guest("박서준"), Guest("Siti Nurhaliza binti Razak"), Guest("I Gusti Ayu Pradnya"), Guest("Ng Wei Ling"),
    Guest("D’Shaun O’Leary-Vance"), Guest("X Æ Lindqvist"), Guest("Bo Li"),
    Guest("Maximiliana Hohenwarther-Sprengseis"),
)  # fmt: skip

TODAY: Final = (
    "李雨桐", "Marieke van den Brandhof", "ليلى الحداد", "Jürgen Weißmüller", "अनन्या देशमुख", "Gaëlle Le Floc’h",
    "Оксана Бойченко", "Rowan Featherstone", "ศิริพร วงศ์สุวรรณ", "Tobias Okonjo",
)  # fmt: skip
"""Who is here today: many scripts, so that the first look shows them."""

SINGAPORE_GUESTS: Final = (
    Guest("Tan Jia Hui"), Guest("Muhammad Farhan bin Osman"), Guest("Priya Raghunathan"), Guest("Lim Boon Keng"),
    Guest("Chua Xin Yi"), Guest("Dewi Kartikasari"), Guest("Arjun Pillai"), Guest("Grace Fernandez"), Guest("黃美玲"),
    Guest("Wong Kai Jun"), Guest("Nur Aisyah binti Hamid"), Guest("Desmond Teo"),
)  # fmt: skip

COMPANIES: Final = (
    "Kade & Kraan Logistiek", "Lighthouse Insurance", "Meridian Marine Survey", "Rheinkai Spedition GmbH",
    "Baltic Cable Works", "Dock Nine Software", "Polder Power Systems", "Quay Street Catering", "Atelier Voilier",
    "Saltmarsh Engineering", "Tidewater Legal", "Boreal Refrigeration", "Silverfin Analytics", "Harbour Lift Service",
    "Compass & Chart", "Blue Pier Cleaning",
)  # fmt: skip
COURIERS: Final = ("Swiftgull Couriers", "Parcelboat", "Ebb & Flow Express")

HOSTS: Final = (
    "Hendrika Stuurman", "Pieter Loodsman", "Yasmin el Amrani", "Owen Harbottle", "Katarzyna Zielonka",
    "Ruben Ankersmit", "Femke Zeilstra", "Daan Kraanvogel",
    "Mei-Lin Schouten", "Johannes Wiersinga", "Sabine Brückner", "Luca Faraone",
    "Ingrid Møllegaard", "Samir Chaudhry", "Elif Karaca", "Thomas Vlaggenmast", "Noor van Zanten",
    "Aleksandra Pavlović", "Willem Drieman", "Charlotte Overwater",
)  # fmt: skip
HIDDEN_HOST: Final = "Willem Drieman"
"""Opted out of the kiosk's search; the desk still finds him."""
SINGAPORE_HOSTS: Final = ("Koh Shu Ting", "Rajesh Nambiar", "Melissa Goh", "Hafiz Ismail")


def address(name: str, company: str) -> str:
    """Return a mail address under `.example` made of the name's Latin letters, or of the company's."""
    letters = [part for part in name.lower().replace("’", "").split() if part.isascii() and part.isalpha()]
    company_letters = "".join(letter for letter in company.lower() if letter.isascii() and letter.isalpha())
    return f"{'.'.join(letters) or 'office'}@{company_letters or 'company'}.example"
