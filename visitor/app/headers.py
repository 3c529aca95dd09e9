"""Security headers on every answer (OWASP ASVS 5.0, chapter 3)."""

from flask import Flask, Response, request

from visitor.core.settings import ServerSettings

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
)
NO_SENSORS = "microphone=(), geolocation=(), display-capture=(), payment=(), usb=()"


def install(app: Flask, settings: ServerSettings) -> None:
    """Add the headers after each request."""

    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", POLICY)
        camera = "self" if request.path.startswith("/kiosk") else ""
        headers["Permissions-Policy"] = f"camera=({camera}), {NO_SENSORS}"
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers.setdefault("Cache-Control", "no-store")
        if settings.secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        return response
