"""Names as people write them: more than thirty scripts, and shapes that break badges.

The people are invented. `real` tests draw each of them; others search, seal or show them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Name:
    """One name: a key for test ids, the text, and the language of its bearer where it matters for drawing."""

    key: str
    text: str
    language: str = "en"


_WORDS = "Maximiliana Theodora Bartholomea Anastasia Wilhelmina Constantia Philippa Seraphina Gwendolyn Leopoldine "

LONG_NAME = (
    _WORDS + "von und zu Hohenstein-Wittelsbach-Montgomery-Featherstonehaugh de la Santísima Trinidad y Ruiz " * 2
)[:200]
UNBROKEN_NAME = "Keihanaikukauakahihuliheekahaunaelekahiakeolanuimakahanohano" + "kalaninui" * 6

NAMES: tuple[Name, ...] = (
    Name("short", "Bo Li"),
    Name("plain", "Ada Lovelace"),
    Name("mononym", "Suharto", "id"),
    Name("one-letter", "O", "ko"),
    Name("apostrophe", "Siobhán O’Shaughnessy", "ga"),
    Name("hyphens", "Anne-Sophie Leutheusser-Schnarrenberger", "de"),
    Name("icelandic", "Þórdís Ægisdóttir", "is"),
    Name("vietnamese", "Nguyễn Thị Ánh Tuyết", "vi"),
    Name("turkish", "İğdır Çağlayan Şükrü", "tr"),
    Name("polish", "Zażółć Gęślą-Jaźń", "pl"),
    Name("stacked-marks", "Ṳ̈́ẗ̤ Ǻạ̈́ç̂"),
    Name("long", LONG_NAME.strip(), "es"),
    Name("unbroken", UNBROKEN_NAME, "haw"),
    Name("greek", "Αικατερίνη Παπαδοπούλου", "el"),
    Name("cyrillic", "Щукин Владимир Ёжиков", "ru"),
    Name("georgian", "ნინო ბერიძე", "ka"),
    Name("armenian", "Անահիտ Հովհաննիսյան", "hy"),
    Name("arabic", "محمد عبد الرحمن العربي", "ar"),
    Name("arabic-marks", "مُحَمَّد الأَمِين", "ar"),
    Name("persian-joiner", "علی‌رضا کوهستانی", "fa"),
    Name("urdu", "ڈاکٹر غلام علی چوہدری", "ur"),
    Name("hebrew", "שרה בן־דוד", "he"),
    Name("hebrew-mixed", "שרה (Sarah) Cohen-לוי 3", "he"),
    Name("latin-then-hebrew", "Sarah שרה לוי", "en"),
    Name("arabic-digits", "كريم ٣ Karim 42", "ar"),
    Name("syriac", "ܡܪܝܡ ܐܦܪܝܡ", "syr"),
    Name("thaana", "އިބްރާހީމް ނަސީރު", "dv"),
    Name("nko", "ߞߊ߲ߕߍ ߛߟߏߡߊߣߊ", "nqo"),
    Name("devanagari", "श्रीमती लक्ष्मी कृष्णमूर्ति", "hi"),
    Name("bengali", "রবীন্দ্রনাথ চট্টোপাধ্যায়", "bn"),
    Name("gurmukhi", "ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ", "pa"),
    Name("gujarati", "જ્યોત્સ્ના પટેલ", "gu"),
    Name("odia", "ଶ୍ରୀମତୀ ପଟ୍ଟନାୟକ", "or"),
    Name("tamil", "ஸ்ரீனிவாச ராமானுஜன்", "ta"),
    Name("telugu", "శ్రీనివాస్ వెంకటేశ్వర్లు", "te"),
    Name("kannada", "ಕೃಷ್ಣಮೂರ್ತಿ ಶ್ರೀಕಾಂತ್", "kn"),
    Name("malayalam", "ശ്രീധരൻ കൃഷ്ണൻ", "ml"),
    Name("sinhala", "ශ්‍රී චන්ද්‍රිකා", "si"),
    Name("thai", "ปิ่นทิพย์ น้ำค้างฟ้า", "th"),
    Name("lao", "ສົມສະໄໝ ພົມມະຈັນ", "lo"),
    Name("khmer", "ស្រីស្រស់ ចាន់ធីតា", "km"),
    Name("burmese", "အောင်ဆန်း ကြည်မြင့်", "my"),
    Name("tibetan", "བསྟན་འཛིན་རྒྱ་མཚོ", "bo"),
    Name("ethiopic", "ኃይለ ገብረሥላሴ", "am"),
    Name("cherokee", "ᏍᏏᏉᏯ ᎠᏂ", "chr"),
    Name("inuktitut", "ᓄᓇᕗᑦ ᐃᓄᒃ", "iu"),
    Name("mongolian", "ᠪᠠᠶᠠᠷ", "mn"),
    Name("tifinagh", "ⵜⵉⵣⵉⵔⵉ ⴰⵎⵖⴰⵔ", "zgh"),
    Name("adlam", "𞤀𞤥𞤢𞤣𞤵 𞤄𞤢𞥄", "ff"),
    Name("han-simplified", "欧阳娜娜", "zh-Hans"),
    Name("han-traditional", "諸葛孔明", "zh-Hant"),
    Name("han-rare", "𠮷野家龘", "ja"),
    Name("japanese", "渡邉 さくら・ローズマリー", "ja"),
    Name("korean", "김수한무 거북이와두루미", "ko"),
    Name("emoji", "Zoë 👩🏽‍🚀 Space 🎉", "en"),
    Name("many-scripts", "Ana Αννα Анна آنا अना 安娜", "en"),
)
