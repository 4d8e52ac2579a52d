"""Every picture is found, or it is said what became of it."""

from __future__ import annotations

import base64
import io
import re
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from PIL import Image as Pictures
from selectolax.lexbor import LexborHTMLParser

from mailarchiver.article.figures import caption_figures
from mailarchiver.article.image_type import look
from mailarchiver.model import Part

from .making import PIXEL, PNG, article, png, reader_page


def drawn(kind: str) -> bytes:
    """A picture of a kind, by Pillow."""
    file = io.BytesIO()
    Pictures.new("RGB", (32, 16), "teal").save(file, kind)
    return file.getvalue()


KINDS = {kind: drawn(kind.upper()) for kind in ("webp", "tiff", "bmp", "gif")} | {
    "avif": b"\0\0\0\x1cftypavif\0\0\0\0mif1avifmiaf" + b"\0" * 300,
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 300,
}


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


@pytest.mark.parametrize(
    "alt", ["swift.png", "image.png", "&quot;&quot;/", "–", "d899ceab-6108-4d17.jpg", "image", "IMG 2024.JPG", ""]
)
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


def test_a_tracker_that_nothing_refers_to_is_no_more_of_a_picture() -> None:
    found = article("<p>x</p>", parts=(part(content_id="p", data=PIXEL), part(content_id="q", data=png(2, 2))))
    assert [(image.source, image.outcome, image.file, image.width) for image in found.images] == [
        ("cid:p", "dropped", None, 1),
        ("cid:q", "dropped", None, 2),
    ]
    assert found.attachments == ()


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
    assert "<figcaption>The nest in May.</figcaption>\n</figure>" in found.html
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
        ("cid:ii_a@e.org", "IMG_1234", None),
        ("cid:ii_a@e.org", "DSC00123", None),
        ("cid:ii_a@e.org", "image 2", None),
        ("cid:ii_a@e.org", "4f1c09aa-77d2-4b1e-9d53-0b6a7f2e18c4", None),
        ("cid:ii_a@e.org", "cid:ii_a@e.org", None),
        ("cid:ii_a@e.org", "Untitled", None),
        ("cid:ii_a@e.org", "image of 1924", "image of 1924"),
        ("cid:ii_a@e.org", "1968", "1968"),
        ("cid:ii_a@e.org", "decade", "decade"),
    ],
)
def test_an_alt_text_is_a_file_name_only_if_it_is_all_of_it(source: str, alt: str, kept: str | None) -> None:
    (image,) = article(f'<img src="{source}" alt="{alt}">').images
    assert image.alt == kept


def test_a_large_picture_in_a_percent_encoded_uri_is_kept_octet_by_octet() -> None:
    data = PNG + bytes(range(256)) * 1_000
    found = article(f"<p>x</p><img src='data:image/png,{quote(data, safe='')}'>")
    assert [image.data for image in found.images] == [data]


def test_more_pictures_in_the_text_than_a_mail_may_have_parts_are_dropped_and_told() -> None:
    sources = (
        f"data:image/png;base64,{base64.b64encode(PNG + number.to_bytes(4, 'big')).decode()}" for number in range(2_010)
    )
    found = article("".join(f"<img src='{source}'>" for source in sources))
    assert [image.outcome for image in found.images] == ["data"] * 2_000 + ["dropped"] * 10
    assert found.images[-1].reason == "more than 2000 pictures in the text"


CAPTION = "The nest in May."
SHOWN = '<img src="cid:a">'


@pytest.mark.parametrize(
    "html",
    [
        f'<div class="wp-caption"><a href="https://e.org/">{SHOWN}</a><p class="wp-caption-text">{CAPTION}</p></div>',
        f'<div class="gmail-wp-caption">{SHOWN}\n<p class="gmail-wp-caption-text">{CAPTION}</p></div>',
        f'<p class="MsoNormal">{SHOWN}</p><p class="MsoCaption">{CAPTION}</p>',
        f'<table><tr><td>{SHOWN}</td></tr><tr><td class="tr-caption">{CAPTION}</td></tr></table>',
        f'<dl><dt class="gallery-icon">{SHOWN}</dt><dd class="wp-caption-text">{CAPTION}</dd></dl>',
        f'<img src="cid:a"><div class="image-caption"><em>{CAPTION}</em></div>',
    ],
)
def test_captions_of_wordpress_blogger_and_word(html: str) -> None:
    found = article(reader_page(f"<p>Before.</p>{html}<p>After.</p>"), parts=(part(content_id="a"),))
    assert f"<figcaption>{CAPTION}</figcaption>\n</figure>" in found.html
    assert found.html.count(CAPTION) == 1
    assert found.images[0].caption == CAPTION


@pytest.mark.parametrize(
    "html",
    [
        f'<figure><img src="cid:a"></figure>\n<figcaption>{CAPTION}</figcaption>',
        f'<div><figure><a href="https://e.org/"><img src="cid:a"></a></figure></div><figcaption>{CAPTION}</figcaption>',
        f'<div><figure><img src="cid:a"></figure></div> <div class="wp-caption-text">{CAPTION}</div>',
        f'<figure><figcaption> </figcaption><img src="cid:a">{CAPTION}</figure>',
        f'<figure><img src="cid:a"><ul>{CAPTION}</ul></figure>',
        f'<figure><img src="cid:a"><ul><li>{CAPTION}</li></ul></figure>',
    ],
)
def test_a_caption_behind_a_figure_is_its_caption(html: str) -> None:
    found = article(reader_page(f"<p>Before.</p>{html}<p>After.</p>"), parts=(part(content_id="a"),))
    assert f"<figcaption>{CAPTION}</figcaption>\n</figure>" in found.html
    assert found.html.count(CAPTION) == found.html.count("<figure>") == 1
    assert found.images[0].caption == CAPTION


def test_the_text_of_a_figure_is_its_caption() -> None:
    html = '<figure><div><img src="cid:a"><div>The nest <b>in May</b>.</div><div>(A. Quill)</div></div></figure>'
    found = article(reader_page(f"<p>Before.</p>{html}<p>After.</p>"), parts=(part(content_id="a"),))
    assert "<figcaption><p>The nest <b>in May</b>.</p>\n<p>(A. Quill)</p>\n</figcaption>" in found.html
    assert found.images[0].caption == "The nest in May. (A. Quill)"
    assert found.text.count("The nest") == 1


def test_the_caption_of_a_figure_of_figures_stays_its_own() -> None:
    html = f'<figure><figure><img src="cid:a"></figure>{CAPTION}</figure>'
    once = article(reader_page(html), parts=(part(content_id="a"),)).html
    assert f"</figure>\n<figcaption>{CAPTION}</figcaption>\n</figure>" in once
    back = re.sub('src="[^"]*"', 'src="cid:a"', once)
    assert article(reader_page(back), parts=(part(content_id="a"),)).html == once


def test_a_list_of_an_item_and_of_text_is_no_caption_and_loses_nothing() -> None:
    html = f'<figure><img src="cid:a"><ul>{CAPTION}<li>An item</li></ul></figure>'
    found = article(reader_page(html), parts=(part(content_id="a"),))
    assert f"<ul><li>{CAPTION}</li>\n<li>An item</li>\n</ul>" in found.html


def test_of_a_caption_nothing_comes_back_that_was_left_out() -> None:
    figure = LexborHTMLParser(
        '<div><figure><img src="a"></figure><figcaption>The nest <i>Enlarge</i><b> in <u>May</u></b></figcaption></div>'
    ).css_first("div")
    assert figure is not None
    gone = frozenset(node.mem_id for name in ("i", "u") for node in figure.css(name))
    caption = figure.css_first("figcaption")
    assert caption is not None
    assert caption_figures(figure, gone) == {caption.mem_id}
    copy = figure.css_first("figure figcaption")
    assert copy is not None
    assert copy.text() == "The nest  in "


@pytest.mark.parametrize(
    "html",
    [
        f'<figure><img src="cid:a"><figcaption>Its own</figcaption></figure><figcaption>{CAPTION}</figcaption>',
        f'<figure><img src="cid:a"></figure><p>{CAPTION}</p>',
        f'<figure><img src="cid:a"></figure><p>Between.</p><figcaption>{CAPTION}</figcaption>',
        f"<figure><p>No picture</p></figure><figcaption>{CAPTION}</figcaption>",
        f'<figure><img src="cid:a"><p>{CAPTION}</p><img src="cid:a"></figure>',
    ],
)
def test_what_is_behind_a_figure_is_not_always_its_caption(html: str) -> None:
    found = article(reader_page(html), parts=(part(content_id="a"),))
    assert f"<p>{CAPTION}</p>" in found.html


def test_the_captions_of_a_gallery_stay_with_their_pictures() -> None:
    items = "".join(
        f'<figure><img src="cid:{name}"><figcaption>{name * 3}</figcaption></figure>' for name in ("a", "b", "c")
    )
    parts = tuple(part(content_id=name, data=PNG + name.encode()) for name in ("a", "b", "c"))
    found = article(reader_page(f"<div class='gallery'>{items}</div>"), parts=parts)
    assert [(image.source, image.caption) for image in found.images] == [
        ("cid:a", "aaa"),
        ("cid:b", "bbb"),
        ("cid:c", "ccc"),
    ]


@pytest.mark.parametrize(
    "html",
    [
        '<img srcset="cid:b 1x, cid:a 2x">',
        '<img src="https://e.org/a.png" srcset="https://e.org/b.png, cid:a 2x">',
        '<img data-src="cid:a" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">',
        '<img data-lazy-src="cid:a">',
        '<img data-srcset="cid:b 100w, cid:a 800w">',
        '<picture><source srcset="cid:a 2x"><img alt=x></picture>',
        '<img src="about:blank"><noscript><img src="cid:a"></noscript>',
        '<table background="cid:a"><tr><td>x</td></tr></table>',
        '<table><tr><td background="CID:a">x</td></tr></table>',
        "<div style='background-image: url(cid:a)'>x</div>",
        "<div style='color: red; background: #fff URL( \"cid:a\" ) no-repeat'>x</div>",
        "<p style='background:url(&#39;cid:a&#39;)'>x</p>",
    ],
)
def test_a_picture_is_found_wherever_it_is_named(html: str) -> None:
    found = article(html, parts=(part(content_id="a"),))
    assert [(image.outcome, image.file) for image in found.images if image.file] == [("cid", "images/001-swift.png")]
    assert found.html.count('<img src="images/001-swift.png"') == 1


def test_a_decoration_on_a_server_is_no_picture() -> None:
    assert article("<div style='background:url(https://e.org/grey.png)'>x</div>").images == ()


@pytest.mark.parametrize(
    ("html", "source"),
    [
        ('<img srcset="https://e.org/a,b.png 1x, https://e.org/c.png 2x">', "https://e.org/c.png"),
        ('<img srcset="https://e.org/a.png 300w,https://e.org/b.png 900w, https://e.org/c.png 600w">', "https://e.org/b.png"),
        ('<img srcset="https://e.org/a.png, https://e.org/b.png">', "https://e.org/a.png"),
        ('<img src="https://e.org/s.png" srcset="https://e.org/b.png 2x">', "https://e.org/s.png"),
        ('<img src="https://e.org/placeholder.gif" data-src="https://e.org/b.png">', "https://e.org/b.png"),
        ('<img data-src="https://e.org/b.png"><noscript><img src="https://e.org/b.png?w=1"></noscript>', "https://e.org/b.png"),
        ('<img class=lazy><noscript><img src="https://e.org/b.png"></noscript>', "https://e.org/b.png"),
    ],
)  # fmt: skip
def test_of_several_pictures_the_one_that_was_meant(html: str, source: str) -> None:
    assert [image.source for image in article(html).images] == [source]


DRAWING = (
    '<svg width="300" viewBox="0 0 300 200" onload="x()"><title>Rain & wind</title><script>x()</script>'
    '<linearGradient id="g"/><path d="M0 0h9" fill="url(#g)"/><rect style="fill:url(https://e.org/)"/>'
    '<a href="https://e.org/"><text>no</text></a><text>5 &lt; 6</text></svg>'
)


def test_a_drawing_in_the_text_becomes_a_file() -> None:
    found = article(reader_page(f"<p>Rain:</p>{DRAWING}"))
    (image,) = found.images
    assert (image.source, image.outcome, image.file, image.alt) == (
        "svg element 1",
        "data",
        "images/001.svg",
        "Rain & wind",
    )
    assert '<img src="images/001.svg" alt="Rain &amp; wind">' in found.html
    assert "<svg" not in found.html
    root = ET.fromstring(image.data or b"")  # noqa: S314 - our own
    names = [element.tag.rpartition("}")[2] for element in root.iter()]
    assert names == ["svg", "title", "linearGradient", "path", "rect", "text"]
    assert set(root.attrib) == {"width", "viewBox"}
    assert b"e.org" not in (image.data or b"")


@pytest.mark.parametrize(
    "html",
    [
        DRAWING.replace('width="300" viewBox="0 0 300 200"', 'width="24" height="24"'),
        f'<a href="https://e.org/">{DRAWING}x</a>',
        '<svg width="300" height="300"><use href="#i"/></svg>',
    ],
)
def test_an_icon_is_no_picture(html: str) -> None:
    assert article(f"<p>a {html}</p>").images == ()


@pytest.mark.parametrize(
    ("name", "shown"),
    [("webp", True), ("avif", True), ("heic", False), ("tiff", False), ("bmp", True), ("gif", True)],
)
def test_every_kind_is_kept_as_sent_and_shown_where_browsers_can(name: str, shown: bool) -> None:
    data = KINDS[name]
    found = article('<p><img src="cid:a" alt="Nest"></p>', parts=(part(content_id="a", data=data, filename="x.png"),))
    (image,) = found.images
    assert image.data == data
    assert image.file is not None
    assert image.file.startswith("images/001-x." + name[:3])
    assert (f'<img src="{image.file}"' in found.html) == shown
    assert shown or f'<a href="{image.file}">Nest</a>' in found.html


@pytest.mark.parametrize("picture", ['<img src="https://e.org/a.png">', "<img>", '<img src="cid:gone">'])
def test_a_caption_stays_where_its_picture_is_not_to_be_seen(picture: str) -> None:
    html = article(reader_page(f'<div>{picture}<p class="wp-caption-text">{CAPTION}</p></div>')).html
    assert f"<figcaption>{CAPTION}</figcaption>" in html


def test_the_link_of_a_picture_goes_into_its_figure() -> None:
    html = f'<ul><li>a<div><a href="https://e.org/">{SHOWN}</a><p class="wp-caption-text">{CAPTION}</p></div></li></ul>'
    found = article(reader_page(html), parts=(part(content_id="a"),))
    assert found.html.count("<a ") == 1


def jpeg(*segments: tuple[int, bytes]) -> bytes:
    return b"\xff\xd8" + b"".join(
        bytes((0xFF, marker)) + (len(data) + 2).to_bytes(2, "big") + data for marker, data in segments
    )


FRAME = (0xC2, bytes((8, 0, 30, 1, 44, 3)) + bytes((1, 0x11, 0, 2, 0x11, 1, 3, 0x11, 1)))
SCAN = (0xDA, bytes((1, 1, 0, 0, 63, 0)))


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (png(165, 215), (165, 215)),
        (png(165, 215)[:33], (165, 215)),  # cut off before its pixels
        (png(165, 215)[:20] + b"\x01" + png(165, 215)[21:], (None, None)),  # a size with a wrong checksum
        (jpeg((0xE1, b"Exif" * 400), (0xDB, bytes(65)), FRAME, SCAN) + b"\0\0\xff\xd9", (300, 30)),
        (jpeg((0xE1, b"\xff\xc0" * 40), FRAME, SCAN), (300, 30)),  # what looks like a frame within a segment
        (jpeg((0xE1, b"Exif")), (None, None)),
        (jpeg((0xE1, b"Exif"))[:-2], (None, None)),
        (b"GIF89a" + bytes((44, 1, 30, 0)) + bytes(3), (300, 30)),  # cut off before its first block
        (b"GIF89a" + bytes((44, 1)), (None, None)),
        (b"RIFF\0\0\0\0WEBPVP8L" + bytes(5), (None, None)),
        (b"RIFF\0\0\0\0WEBPVP8 " + bytes(20), (None, None)),  # without its start code
    ],
)
def test_a_header_tells_the_size(data: bytes, size: tuple[int | None, int | None]) -> None:
    found = look(data)
    assert found is not None
    assert (found.width, found.height) == size


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("GIF", {}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"exif": b"Exif\0\0"}),  # an extended file
    ],
)
@pytest.mark.parametrize("size", [(1, 1), (300, 2), (7, 4_000)])
def test_what_pillow_writes_is_read(kind: str, options: dict[str, bool | bytes], size: tuple[int, int]) -> None:
    written = io.BytesIO()
    Pictures.new("RGB", size).save(written, kind, **options)
    found = look(written.getvalue())
    assert found is not None
    assert (found.width, found.height) == size


def test_a_photograph_of_a_telephone_tells_its_size() -> None:
    def extent(width: int, height: int) -> bytes:
        return b"\0\0\0\x14ispe" + bytes(4) + width.to_bytes(4, "big") + height.to_bytes(4, "big")

    head = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
    photograph = look(head + extent(512, 512) + extent(4032, 3024) + extent(320, 240))
    assert photograph is not None
    assert (photograph.extension, photograph.width, photograph.height) == ("heic", 4032, 3024)
    bare = look(head)
    assert bare is not None
    assert (bare.width, bare.height) == (None, None)
