"""The files of docs/deploy, tried as far as no container engine and no running systemd is needed."""
