"""Where a mail's text ends and its closing begins: signatures, device lines, list footers, virus checks."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailarchiver.text.closing import Closing, closing_of
from mailarchiver.text.closing_lines import PICTURE, is_device_line, is_signature_name

TEXT = [
    "The swifts were late this year. They came on the ninth of May, a Thursday, when nobody looked up any more.",
    "",
    "By June they had filled the tower again, and the evenings were loud with them until the light was gone.",
]


def cut(*closing: str, text: list[str] = TEXT) -> tuple[list[str], tuple[str, ...]]:
    """What is left of the text with these lines below, and what they were."""
    lines = [*text, *closing]
    found = closing_of(lines)
    return (lines[: found.start], found.kinds) if found else (lines, ())


@pytest.mark.parametrize("delimiter", ["-- ", "--", "--\u00a0"])
def test_a_signature_is_cut_at_its_delimiter(delimiter: str) -> None:
    assert cut("", delimiter, "Jane Roe", "The Tower Press", "+44 20 7946 0000") == (TEXT, ("signature",))


@pytest.mark.parametrize(
    "below",
    [
        pytest.param([f"line {number}" for number in range(16)], id="long"),
        pytest.param(["word " * 90], id="prose"),
        pytest.param(["Jane", "", TEXT[0], "", TEXT[2]], id="paragraphs"),
        pytest.param(["> And what did they eat?", "Flies."], id="answer"),
        pytest.param(["Jane", "-------------- next part --------------", "A file was scrubbed"], id="another part"),
        pytest.param([f"Our tower{PICTURE}"], id="picture"),
    ],
)
def test_what_is_no_signature_stays_below_its_delimiter(below: list[str]) -> None:
    assert cut("--", *below, text=TEXT * 20) == ([*TEXT * 20, "--", *below], ())


def test_only_the_last_of_many_delimiters_counts() -> None:
    text = [*TEXT, "-- ", "Jane", *TEXT, "-- ", "John", *TEXT]
    assert cut("-- ", "Ada", text=text) == (text, ("signature",))


def test_an_indented_delimiter_belongs_to_the_text() -> None:
    assert cut("    -- ", "    Jane Roe")[1] == ()


def test_a_delimiter_with_nothing_below_is_no_signature() -> None:
    assert closing_of([*TEXT, "-- ", ""]) is None


def test_a_text_about_signatures_keeps_its_example() -> None:
    text = [*TEXT, "A signature begins with two dashes.", "", "A short signature:", ""]
    assert cut("-- ", "Jane Roe", "Tower Press", text=text)[1] == ()


@pytest.mark.parametrize(
    "line",
    [
        "Sent from my iPhone",
        "Sent from my Galaxy",
        "*Sent from my Huawei phone*",
        "Sent from Yahoo Mail on Android <https://overview.mail.example.com/>",
        "Get Outlook for iOS<https://aka.example.com/o0ukef>",
        "[Sent with Proton Mail](https://proton.example/) secure email.",
        "Sent with Spark",
        "Von meinem iPhone gesendet",
        "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
        "Gesendet mit der GMX Mail App",
        "Gesendet mit der WEB.DE Mail App",
        "Gesendet mit der Telekom Mail App",
        "Envoyé de mon iPhone",
        "Provenance : Courrier pour Windows",
        "Enviado desde mi BlackBerry",
        "Enviado do meu Xiaomi",
        "Inviato da Posta per Windows 10",
        "Verstuurd vanaf mijn iPad",
        "Skickat från min iPhone",
        "Sendt fra min iPhone",
        "Lähetetty iPhonesta",
        "Wysłane z iPhone'a",
        "Odesláno z iPhonu",
        "Elküldve az iPhone-omról",
        "Отправлено из мобильной Почты Mail.ru",
        "Отправлено с iPhone",
        "Надіслано з мого телефону",
        "Στάλθηκε από το iPhone μου",
        "iPhone'umdan gönderildi",
        "أُرسلت من الـ iPhone",
        "נשלח מה-iPhone שלי",
        "iPhoneから送信",
        "나의 iPhone에서 보냄",
        "发自我的小米手机",
        "從我的 iPhone 傳送",
        "Đã gửi từ iPhone của tôi",
        "Dikirim dari iPhone saya",
    ],
)
def test_a_device_line_is_known_in_every_language(line: str) -> None:
    assert is_device_line(line)
    assert cut("", line, "") == (TEXT, ("device",))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Sent with love from Lisbon",
        "Sent from my garden, where the swifts are",
        "Von meinem Fenster aus sehe ich das Meer.",
        "Enviado desde Madrid",
        "从我的窗口看去",
        "Nobody reads “Sent from my iPhone” any more.",
        "> Sent from my iPhone",
        "Sent from my iPhone, which I had found in the grass below the tower, was the only picture that anyone kept.",
    ],
)
def test_a_sentence_is_no_device_line(line: str) -> None:
    assert not is_device_line(line)
    assert cut(line)[1] == ()


def test_a_device_line_in_the_midst_stays() -> None:
    assert closing_of([*TEXT, "Sent from my iPhone", *TEXT]) is None


def test_a_text_about_device_lines_keeps_its_example() -> None:
    text = [*TEXT, "Why every mail once ended with “Sent from my iPhone”, and some still do:"]
    assert cut("Sent from my iPhone", text=text)[1] == ()


MAILMAN = [
    "_" * 47,
    "Swifts mailing list",
    "swifts@lists.example.org",
    "https://lists.example.org/mailman/listinfo/swifts",
]
MAILMAN3 = [
    "_" * 47,
    "Swifts mailing list -- swifts@example.org",
    "To unsubscribe send an email to swifts-leave@example.org",
]
GOOGLE = [
    "-- ",
    'You received this message because you are subscribed to the Google Groups "Swifts" group.',
    "To unsubscribe from this group and stop receiving emails from it, send an email to",
    "swifts+unsubscribe@googlegroups.example.",
    "To view this discussion visit https://groups.example.com/d/msgid/swifts/1.",
]
FOOTERS = [
    pytest.param(MAILMAN, id="Mailman 2"),
    pytest.param(MAILMAN3, id="Mailman 3"),
    pytest.param(["-- ", *MAILMAN[1:]], id="Alioth"),
    pytest.param(GOOGLE, id="Google Groups"),
    pytest.param(
        [
            "-- ",
            "Sie erhalten diese Nachricht, weil Sie in Google Groups E-Mails der Gruppe „Segler“ abonniert haben.",
            "Wenn Sie sich von dieser Gruppe abmelden möchten, senden Sie eine E-Mail an segler+u@example.com.",
        ],
        id="Google Groups, German",
    ),
    pytest.param(
        [
            "このメールは Google グループのグループ「つばめ」に登録しているユーザーに送られています。",
            "https://groups.example.com/d/optout",
        ],
        id="Google Groups, Japanese",
    ),
    pytest.param(
        [
            "-=-=-=-=-=-=-=-=-=-=-=-",
            "Groups.io Links: You receive all messages sent to this group.",
            "View/Reply Online (#12): https://groups.io/g/swifts/message/12",
            "Mute This Topic: https://groups.io/mt/1/2",
            "Unsubscribe: https://groups.io/g/swifts/unsub [jane@example.org]",
            "-=-=-=-=-=-=-=-=-=-=-=-",
        ],
        id="groups.io",
    ),
    pytest.param(
        [
            "------------------------------------",
            "",
            "Yahoo! Groups Links",
            "",
            "<*> To visit your group on the web, go to:",
            "    http://groups.yahoo.example/group/swifts/",
            "",
            "<*> To unsubscribe from this group, send an email to:",
            "    swifts-unsubscribe@yahoogroups.example",
        ],
        id="Yahoo Groups",
    ),
    pytest.param(
        [
            "-" * 69,
            "To unsubscribe, e-mail: swifts-unsubscribe@example.org",
            "For additional commands, e-mail: swifts-help@example.org",
        ],
        id="ezmlm",
    ),
    pytest.param(
        [
            'To unsubscribe from this list: send the line "unsubscribe swifts" in',
            "the body of a message to majordomo@example.org",
            "More majordomo info at  http://example.org/majordomo-info.html",
        ],
        id="Majordomo",
    ),
    pytest.param(
        ["#" * 72, "", "To leave the SWIFTS list:", "https://lists.example.ac.uk/cgi-bin/wa.exe?SUBED1=SWIFTS&A=1"],
        id="LISTSERV",
    ),
    pytest.param(["Se désabonner <https://example.fr/u?1> | Mentions légales <https://example.fr/m>"], id="links"),
    pytest.param(["Newsletter abbestellen: https://example.de/ab?1"], id="link"),
    pytest.param(["_" * 40, "Liste des martinets", "https://listes.example.fr/sympa/info/martinets"], id="Sympa"),
]


@pytest.mark.parametrize("footer", FOOTERS)
def test_a_list_footer_is_cut(footer: list[str]) -> None:
    assert cut("", *footer, text=TEXT * 5) == (TEXT * 5, ("list",))


def test_a_signature_above_a_list_footer_goes_with_it() -> None:
    assert cut("", "-- ", "Jane Roe", "", *MAILMAN) == (TEXT, ("signature", "list"))
    assert cut("", "Sent from my iPhone", "", *MAILMAN, "") == (TEXT, ("device", "list"))


@pytest.mark.parametrize(
    "last",
    [
        pytest.param(["In the end there is one cure: unsubscribe. https://example.org/cure"], id="sentence"),
        pytest.param(["Unsubscribe"], id="no link"),
        pytest.param(["To unsubscribe from this list, look at the end of any of its mails."], id="nothing to go to"),
        pytest.param(
            ["-" * 30, "", "You can look at the lists here:", "", "https://l.example.org/mailman/listinfo"], id="rule"
        ),
        pytest.param(["The swifts mailing list", "swifts@example.org"], id="name without a rule"),
    ],
)
def test_what_an_author_writes_about_lists_stays(last: list[str]) -> None:
    assert cut("", *last)[1] == ()


def test_a_text_about_unsubscribing_keeps_its_example() -> None:
    text = [*TEXT, "How to unsubscribe is written below every mail, and looks like this:"]
    assert cut("Unsubscribe: https://lists.example.org/u", text=text)[1] == ()


def test_a_list_footer_with_text_below_it_stays() -> None:
    assert cut(*MAILMAN, "", "PS: They left on the second of August, all in one night, as they always do.")[1] == ()


@pytest.mark.parametrize(
    "lines",
    [
        ["This email has been checked for viruses by Avast antivirus software.", "www.avast.com"],
        ["Virus-free. www.avast.com <https://www.avast.com/sig-email>"],
        [
            "-----",
            "No virus found in this message.",
            "Checked by AVG - www.avg.com",
            "Version: 2016.0.1 - Release Date: 01/02/16",
        ],
        [
            "--",
            "This message has been scanned for viruses and",
            "dangerous content by MailScanner, and is",
            "believed to be clean.",
        ],
        ["Diese E-Mail wurde von Avast Antivirus-Software auf Viren geprüft."],
    ],
)
def test_a_virus_check_is_cut(lines: list[str]) -> None:
    assert cut("", *lines) == (TEXT, ("virus check",))


def test_a_text_about_viruses_stays() -> None:
    assert cut("Virus-free. www.avast.com", *TEXT)[1] == ()
    assert cut("No virus found in this message is the last line of a mail from 2009.")[1] == ()


def test_a_notice_of_confidentiality_stays() -> None:
    notice = "This message is confidential. If you are not its addressee, please tell the sender and delete it."
    assert cut("", "Sent from my iPhone", "", notice)[1] == ()


def test_nothing_but_a_closing_is_no_closing() -> None:
    assert closing_of(["-- ", "Jane Roe"]) is None
    assert closing_of(["", "Sent from my iPhone"]) is None
    assert closing_of(MAILMAN) is None


def test_a_picture_is_text_enough() -> None:
    assert closing_of([PICTURE, "", "Sent from my iPhone"]) == Closing(1, ("device",))


def test_a_long_signature_below_a_short_text_stays() -> None:
    signature = ["Jane Roe", "Editor at large", "The Tower Press", "1 Tower Lane", "London"]
    assert cut("-- ", *signature, text=["See you."])[1] == ()
    assert cut("-- ", *signature[:3], text=["See you."])[1] == ("signature",)


def test_what_is_marked_as_signature_goes_whatever_it_is() -> None:
    lines = [*TEXT, "Jane Roe, Tower Press", ""]
    assert closing_of(lines, marked={3}) == Closing(3, ("signature",))
    assert closing_of([*lines, *TEXT], marked={3}) is None


def test_a_marked_signature_may_be_longer_than_the_text_but_not_an_article() -> None:
    assert closing_of(["See you.", "Jane Roe, Tower Press. " * 20], marked={1}) == Closing(1, ("signature",))
    assert closing_of(["See this:", "The swifts are late. " * 80], marked={1}) is None


def test_more_text_above_makes_a_closing_small() -> None:
    lines = ["", "-- ", *(f"Line {number} of the signature" for number in range(8))]
    assert closing_of(lines) is None
    assert closing_of(lines, above=1_000) == Closing(0, ("signature",))


@pytest.mark.parametrize(
    ("names", "signature"),
    [
        ("gmail_signature", True),
        ("gmail-m_123gmail_signature_prefix", True),
        ("x_moz-signature", True),
        ("Signature", True),
        ("x_Signature elementToProof", True),
        ("AppleMailSignature", True),
        ("signature-of-the-treaty", False),
        ("SignatureDishes", False),
        ("", False),
    ],
)
def test_names_of_signatures(names: str, signature: bool) -> None:
    assert is_signature_name(names) is signature


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(["x"] + [""] * 200_000, id="empty lines"),
        pytest.param(["word"] * 200_000 + ["-- ", "Jane"], id="many lines"),
        pytest.param(["a" * 1_000_000, "-- ", "Jane"], id="a long line"),
        pytest.param(["x", "-" * 1_000_000 + "x", "Unsubscribe: http://example.org"], id="a long rule"),
        pytest.param(["x"] + ["@ " + "a" * 1_900] * 50, id="no addresses"),
        pytest.param(["x", "sent from " * 100_000], id="many beginnings"),
    ],
)
def test_hostile_text_takes_no_time(lines: list[str]) -> None:
    start = time.perf_counter()
    closing_of(lines)
    assert time.perf_counter() - start < 2


PIECES = st.sampled_from(
    [*TEXT, "", "-- ", "Jane", "Sent from my iPhone", *MAILMAN, *GOOGLE, "Virus-free. www.avast.com", PICTURE]
)


@given(st.lists(PIECES | st.text(max_size=40), max_size=30))
def test_what_is_left_is_never_nothing_and_text_below_keeps_it_all(lines: list[str]) -> None:
    found = closing_of(lines)
    if found is not None:
        assert 0 < found.start < len(lines)
        assert any(line.strip() for line in lines[: found.start])
        assert len(set(found.kinds)) == len(found.kinds) > 0
        assert closing_of([*lines[: found.start], "", *TEXT]) is None
