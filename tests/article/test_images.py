"""Every picture is found, or it is said what became of it."""

from __future__ import annotations

import base64

import pytest

from mailarchiver.model import Part

from .making import PIXEL, PNG, article, reader_page


def part(**fields: object) -> Part:
    given: dict[str, object] = {
        "content_type": "image/png",
        "data": PNG,
        "filename": "swift.png",
        "disposition": "inline",
    }
    return Part(**(given | fields))  # type: ignore[arg-type]  # the keywords of Part


@pytest.mark.parametrize(
    ("source", "content_id"),
    [
        ("cid:ii_abc", "ii_abc"),
        ("CID:II_ABC", "ii_abc"),
        ("cid:ii%5Fabc%40example.org", "ii_abc@example.org"),
        ("cid:&lt;ii_abc&gt;", "ii_abc"),
        ("cid:ii_abc", "ii_abc@example.org"),
        ("cid:swift.png", "other"),
    ],
)
def test_a_content_id_is_resolved(source: str, content_id: str) -> None:
    found = article(
        reader_page(f'<p>Look:</p><img src="{source}" alt="A swift">'), parts=(part(content_id=content_id),)
    )
    (image,) = found.images
    assert (image.outcome, image.file, image.data) == ("cid", "images/001-swift.png", PNG)
    assert (image.width, image.height, image.alt) == (64, 48, "A swift")
    assert '<img src="images/001-swift.png" alt="A swift" width="64" height="48">' in found.html


def test_the_extension_is_that_of_the_bytes() -> None:
    found = article(
        '<img src="cid:a">', parts=(part(content_id="a", filename="../../x.jpg", content_type="image/jpeg"),)
    )
    assert found.images[0].file == "images/001-x.png"


@pytest.mark.parametrize("alt", ["swift.png", "image.png", "d899ceab-6108-4d17.jpg", "image", "IMG 2024.JPG", ""])
def test_a_file_name_is_no_alt_text(alt: str) -> None:
    found = article(f'<img src="cid:a" alt="{alt}">', parts=(part(content_id="a"),))
    assert found.images[0].alt is None
    assert 'alt=""' in found.html


def test_the_same_picture_twice_is_one_file() -> None:
    parts = (part(content_id="a"), part(content_id="b"))
    found = article('<img src="cid:a"><p>and</p><img src="cid:b"><img src="cid:a">', parts=parts)
    assert [image.source for image in found.images] == ["cid:a", "cid:b"]
    assert {image.file for image in found.images} == {"images/001-swift.png"}
    assert found.html.count("<img") == 3


def test_a_missing_picture_is_told() -> None:
    found = article('<p>See <img src="cid:gone" alt="the nest"></p>')
    (image,) = found.images
    assert (image.outcome, image.file, image.alt) == ("missing", None, "the nest")
    assert '<span data-picture="missing">[picture missing: the nest]</span>' in found.html
    assert "missing" not in found.text


def test_a_remote_picture_is_told_and_gone_from_the_page() -> None:
    found = article('<p><img src="https://cdn.example.org/a.jpg?w=1&amp;h=2" alt="the nest"></p>')
    (image,) = found.images
    assert (image.outcome, image.source) == ("remote", "https://cdn.example.org/a.jpg?w=1&h=2")
    assert "cdn.example.org" not in found.html
    assert "[picture not fetched: the nest]" in found.html


def test_trackers_are_dropped_and_told() -> None:
    found = article('<p>x<img src="https://t.example.org/p" width=1 height="1"><img src="cid:p"></p>',
                    parts=(part(content_id="p", data=PIXEL),))  # fmt: skip
    assert [image.outcome for image in found.images] == ["dropped", "dropped"]
    assert "<img" not in found.html


def test_a_data_uri_becomes_a_file() -> None:
    found = article(f'<img src="data:image/png;base64,{base64.b64encode(PNG).decode()}">')
    (image,) = found.images
    assert (image.outcome, image.source, image.file) == ("data", "data:image/png;base64", "images/001.png")


def test_a_broken_data_uri_is_told() -> None:
    assert article('<img src="data:image/png;base64,a">').images[0].outcome == "dropped"
    assert article('<img src="data:image/png,nothing">').images[0].outcome == "dropped"


def test_content_location() -> None:
    located = part(content_location="https://example.org/a.png")
    found = article('<img src="https://example.org/a.png">', parts=(located,))
    assert [image.outcome for image in found.images] == ["location"]


def test_pictures_marked_attachment_are_found_and_others_are_kept() -> None:
    parts = (
        part(content_id="a", disposition="attachment"),
        part(content_id="b", data=PNG + b"b", filename="plan.png", disposition="attachment"),
        part(content_id="c", data=PNG + b"c", filename="map.png"),
        Part("application/pdf", b"%PDF-1.4", "Q1 report.pdf. ", disposition="attachment"),
    )
    found = article('<img src="cid:a">', parts=parts)
    assert [(image.outcome, image.file) for image in found.images] == [
        ("cid", "images/001-swift.png"),
        ("unreferenced", "images/002-map.png"),
    ]
    assert [attachment.file for attachment in found.attachments] == [
        "attachments/001-plan.png",
        "attachments/002-q1-report.pdf",
    ]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..", "", "CON", "a\0b", "x" * 300 + ".pdf", "\u202efdp.exe", None]
)
def test_names_of_attachments_are_our_own(name: str | None) -> None:
    found = article("<p>x</p>", parts=(Part("application/pdf", b"%PDF-1.4", name, disposition="attachment"),))
    (attachment,) = found.attachments
    folder, _, file = attachment.file.partition("/")
    assert folder == "attachments"
    assert file.startswith("001")
    assert file.isascii()
    assert set(file) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
    assert len(file) <= 79
    assert attachment.filename == name


def test_a_list_of_one_item_behind_a_picture_is_its_caption() -> None:
    body = '<p>Text.</p><img src="cid:a"><br><div><ul><div><li>\n<br>The nest in May.\n</li></div></ul>'
    body += "<p>More text.</p></div>"
    found = article(reader_page(body), parts=(part(content_id="a"),))
    assert "<figcaption>The nest in May.</figcaption></figure>" in found.html
    assert found.images[0].caption == "The nest in May."
    assert found.html.count("The nest in May.") == 1
    assert "<ul>" not in found.html
    assert "The nest in May." in found.text


def test_a_list_of_several_items_is_a_list() -> None:
    found = article('<img src="cid:a"><ul><li>one</li><li>two</li></ul>', parts=(part(content_id="a"),))
    assert "<li>one</li>" in found.html
    assert found.images[0].caption is None


def test_a_figcaption_is_in_the_ledger() -> None:
    found = article(
        '<figure><img src="cid:a"><figcaption>The  nest</figcaption></figure>', parts=(part(content_id="a"),)
    )
    assert found.images[0].caption == "The nest"


@pytest.mark.parametrize("source", ["cid:a", "report.pdf"])
def test_what_is_shown_as_a_picture_and_is_none_stays_an_attachment(source: str) -> None:
    report = part(content_id="a", data=b"%PDF-1.4 x", filename="report.pdf", content_type="application/pdf")
    found = article(f'<img src="{source}">', parts=(report,))
    assert [image.outcome for image in found.images] == ["dropped"]
    assert [attachment.data for attachment in found.attachments] == [b"%PDF-1.4 x"]


@pytest.mark.parametrize(
    ("source", "alt", "kept"),
    [
        ("https://e.org/maps/roads.jpg", "map", "map"),  # a word that happens to be in the URL
        ("https://e.org/maps/roads.jpg", "roads", None),
        ("https://e.org/maps/roads%20old.jpg?w=1", "roads old", None),
        ("cid:ii_a@e.org", "ii", "ii"),
    ],
)
def test_an_alt_text_is_a_file_name_only_if_it_is_all_of_it(source: str, alt: str, kept: str | None) -> None:
    (image,) = article(f'<img src="{source}" alt="{alt}">').images
    assert image.alt == kept
