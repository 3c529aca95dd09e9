"""One frame of an RTSP stream, in a process of its own that can be killed. Started by `grab` with a path, not imported.

Reads a JSON line from stdin (url with sign-in, seconds) so that no password stands in the process list; writes a JPEG
to stdout. FFmpeg's messages go to stderr, which `grab` reads for the cause and never logs: they hold the URL.
"""

from __future__ import annotations

import json
import os
import resource
import sys

OPTIONS = "rtsp_transport;tcp|analyzeduration;0|fpsprobesize;0|protocol_whitelist;rtsp,rtp,tcp"
MAX_FRAMES = 25
"""A camera that wakes up shows black for a moment; after so many frames black is the answer."""
DARK = 10.0
NO_STREAM, NO_FRAME = 3, 4


def main() -> int:
    """Write the first frame that shows something, or the last black one."""
    wish = json.loads(sys.stdin.readline())
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = OPTIONS
    import cv2  # noqa: PLC0415  reads the options when loaded, and costs a third of a second

    limit = int(wish["seconds"] * 1000)
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, limit, cv2.CAP_PROP_READ_TIMEOUT_MSEC, limit, cv2.CAP_PROP_N_THREADS, 1]
    stream = cv2.VideoCapture(wish["url"], cv2.CAP_FFMPEG, limits)
    if not stream.isOpened():
        return NO_STREAM
    jpeg = b""
    for _ in range(MAX_FRAMES):
        # The decoder gives nothing before the first key frame, so every frame here is whole.
        there, frame = stream.read()
        if not there:
            break
        jpeg = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()
        if frame.mean() > DARK:
            break
    sys.stdout.buffer.write(jpeg)
    return 0 if jpeg else NO_FRAME


if __name__ == "__main__":
    # Not sys.exit: a stalled stream would keep its threads, and the process, alive.
    code = main()
    sys.stdout.flush()
    os._exit(code)
