"""The objects of a PDF file and the table that finds them (ISO 32000-1, 7.3 and 7.5)."""

import zlib

FLATE = " /Filter /FlateDecode"


def deflated(body: bytes) -> bytes:
    """Pack the body of a stream for `FLATE`."""
    return zlib.compress(body, 6)


class PdfFile:
    """Objects of a PDF file, numbered from 1."""

    def __init__(self) -> None:
        self._objects: list[bytes] = []

    def reserve(self) -> int:
        """Return the number of an object that will be set later."""
        self._objects.append(b"")
        return len(self._objects)

    def put(self, content: str, number: int | None = None) -> int:
        """Set a plain object and return its number."""
        number = number or self.reserve()
        self._objects[number - 1] = content.encode("ascii")
        return number

    def stream(self, body: bytes, entries: str = "", *, compress: bool = True) -> int:
        """Add a stream and return its number."""
        return self.packed_stream(deflated(body), entries + FLATE) if compress else self.packed_stream(body, entries)

    def packed_stream(self, body: bytes, entries: str) -> int:
        """Add a stream that is packed already, as its entries say."""
        number = self.reserve()
        head = f"<< /Length {len(body)} {entries} >>\nstream\n".encode("ascii")
        self._objects[number - 1] = head + body + b"\nendstream"
        return number

    def packed(self, root: int) -> bytes:
        """Return the file."""
        parts = [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"]
        offset = len(parts[0])
        offsets: list[int] = []
        for number, content in enumerate(self._objects, start=1):
            part = f"{number} 0 obj\n".encode("ascii") + content + b"\nendobj\n"
            offsets.append(offset)
            offset += len(part)
            parts.append(part)
        table = "".join(f"{place:010d} 00000 n \n" for place in offsets)
        count = len(offsets) + 1
        parts.append(
            f"xref\n0 {count}\n0000000000 65535 f \n{table}"
            f"trailer\n<< /Size {count} /Root {root} 0 R >>\nstartxref\n{offset}\n%%EOF\n".encode("ascii")
        )
        return b"".join(parts)
