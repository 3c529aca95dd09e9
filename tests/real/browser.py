"""A real Chromium, headless, whose camera shows what a test wants it to show."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.real.programs import absent

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)
PATIENCE_MS = 30_000
"""What is expected may take as long as what is clicked: a busy machine is slow, and what is there is not waited for."""
_FROM_RGB = np.array([[0.257, 0.504, 0.098], [-0.148, -0.291, 0.439], [0.439, -0.368, -0.071]], dtype=np.float64)
"""ITU-R BT.601, studio range: what Chromium takes a y4m file for."""

expect.set_options(timeout=PATIENCE_MS)


def executable() -> Path:
    """Return where Chromium is, or skip."""
    found = Path(os.environ.get("VISITOR_CHROMIUM", "/usr/bin/chromium"))
    if not found.exists():
        absent("Chromium is missing: apt-get install chromium, or set VISITOR_CHROMIUM")
    return found


@contextlib.contextmanager
def browser(*, camera_file: Path | None = None, more_flags: Sequence[str] = ()) -> Iterator[Browser]:
    """Launch one Chromium; its only camera loops `camera_file` (y4m), so each scene needs a launch."""
    flags = [*FLAGS, *more_flags]
    if camera_file is not None:
        flags.append(f"--use-file-for-fake-video-capture={camera_file.absolute()}")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable(), headless=True, args=flags)
        try:
            yield launched
        finally:
            launched.close()


@contextlib.contextmanager
def device(profile: Path, *, camera_file: Path) -> Iterator[BrowserContext]:
    """Launch a reception device that keeps its storage in `profile` from one launch to the next."""
    flags = [*FLAGS, f"--use-file-for-fake-video-capture={camera_file.absolute()}"]
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=executable(),
            headless=True,
            args=flags,
            viewport={"width": 1280, "height": 800},
            permissions=["camera"],
        )
        try:
            yield context
        finally:
            context.close()


def make_y4m(frames: Sequence[Image.Image], path: Path, *, seconds: float = 1.0, fps: int = 10) -> Path:
    """Write frames of one size as a camera film that shows them in turn, each for an equal time."""
    width, height = frames[0].size
    planes = [_planes(frame) for frame in frames]
    total = max(len(frames), round(seconds * fps))
    with path.open("wb") as film:
        film.write(f"YUV4MPEG2 W{width} H{height} F{fps}:1 Ip A1:1 C420jpeg\n".encode())
        for number in range(total):
            film.write(b"FRAME\n" + planes[number * len(planes) // total])
    return path


def _planes(frame: Image.Image) -> bytes:
    """Return a picture as planar YUV 4:2:0."""
    rgb = np.asarray(frame.convert("RGB"), dtype=np.float64)
    yuv = np.clip(np.rint(rgb @ _FROM_RGB.T + (16, 128, 128)), 0, 255).astype(np.uint8)
    halves = [_halved(yuv[:, :, channel]) for channel in (1, 2)]
    return b"".join([yuv[:, :, 0].tobytes(), *(half.tobytes() for half in halves)])


def _halved(plane: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Average each square of four; sides must be even."""
    height, width = plane.shape
    squares = plane.reshape(height // 2, 2, width // 2, 2).astype(np.uint16)
    rounded: np.ndarray[tuple[int, ...], np.dtype[np.uint8]] = ((squares.sum(axis=(1, 3)) + 2) // 4).astype(np.uint8)
    return rounded
