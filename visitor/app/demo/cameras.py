"""The demo's cameras: a small web server on this machine that answers `/lobby.jpg` with a drawn picture.

Started as `python -m visitor.app.demo.cameras PORT`; it ends when its standard input is closed, so that it never
outlives the demo.
"""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from visitor.app.demo.scenes import WALLS, camera_picture
from visitor.core.clock import SystemClock

HOST: Final = "127.0.0.1"


class Pictures(BaseHTTPRequestHandler):
    """Answers with the present picture of a camera."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Send the picture, or 404 for a camera that there is not."""
        camera = self.path.strip("/").removesuffix(".jpg")
        if camera not in WALLS:
            self.send_error(404)
            return
        at = SystemClock().now()
        body = camera_picture(camera, at, at.second // 7)
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's signature
        """Say nothing: the demo's own lines should be read."""


def serve(port: int) -> None:
    """Answer until standard input is closed."""
    server = ThreadingHTTPServer((HOST, port), Pictures)
    threading.Thread(target=server.serve_forever, name="cameras", daemon=True).start()
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
