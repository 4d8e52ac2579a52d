"""A small PDF of one page (ISO 32000-1 §7.5), written by hand so that its octets are always the same."""

from __future__ import annotations

from collections.abc import Sequence


def document(title: str, lines: Sequence[str]) -> bytes:
    """A title in Helvetica, the lines in Courier below; ASCII only."""
    drawn = [f"BT /F1 20 Tf 64 760 Td ({_string(title)}) Tj ET", "0.6 w 64 748 m 531 748 l S"]
    drawn += [f"BT /F2 11 Tf 64 {716 - 22 * index} Td ({_string(line)}) Tj ET" for index, line in enumerate(lines)]
    stream = "\n".join(drawn).encode("ascii")
    fonts = b"<< /F1 5 0 R /F2 6 0 R >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font %b >> >>" % fonts,
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>",
    ]
    written, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(written))
        written += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(written))
    return written + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + trailer


def _string(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
