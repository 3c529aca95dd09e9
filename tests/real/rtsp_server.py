"""An RTSP camera: serves one picture as an endless H.264 stream. Runs under the system's Python, which has GStreamer.

Usage: rtsp_server.py PICTURE PORT [USER PASSWORD]. Ends when stdin closes.
"""

from __future__ import annotations

import sys
import threading

import gi  # type: ignore[import-not-found]  # only the system's Python has it

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import (  # type: ignore[import-not-found]  # noqa: E402  versions must be chosen first
    GLib,
    Gst,
    GstRtspServer,
)

KEY_FRAME_EVERY = 20
PIPELINE = (
    "( filesrc location={picture} ! decodebin ! imagefreeze ! video/x-raw,framerate=10/1 ! videoconvert"
    " ! video/x-raw,format=I420 ! x264enc tune=zerolatency speed-preset=ultrafast bitrate=4000 key-int-max={every}"
    " ! rtph264pay name=pay0 pt=96 config-interval=1 )"
)


def allowed_user(name: str, password: str) -> GstRtspServer.RTSPAuth:
    """Build the list of one user who may watch; anyone else is refused by Basic authentication."""
    guard = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    guard.add_basic(GstRtspServer.RTSPAuth.make_basic(name, password), token)
    return guard


def main() -> None:
    """Serve until stdin closes."""
    picture, port, *user = sys.argv[1:]
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(PIPELINE.format(picture=picture, every=KEY_FRAME_EVERY))
    factory.set_shared(True)
    if user:
        server.set_auth(allowed_user(*user))
        role = GstRtspServer.RTSPPermissions()
        role.add_permission_for_role("viewer", "media.factory.access", True)
        role.add_permission_for_role("viewer", "media.factory.construct", True)
        factory.set_permissions(role)
    server.get_mount_points().add_factory("/live", factory)
    server.attach(None)
    loop = GLib.MainLoop()
    threading.Thread(target=lambda: (sys.stdin.read(), loop.quit()), daemon=True).start()
    loop.run()


if __name__ == "__main__":
    main()
