"""The reception device's side: `app` is the web app the visitor touches; it speaks to the server over HTTP only."""
