"""Certificates for servers of tests: an authority of a day, and what it signed."""

from __future__ import annotations

import subprocess
from pathlib import Path


def make_certificates(folder: Path) -> None:
    """Write ca.pem, server.pem and server.key; the server is 127.0.0.1 and localhost."""
    ca = ("-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test authority")
    _openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *ca)
    asked = ("-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    _openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", *asked)
    (folder / "names").write_text(
        "subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n", encoding="utf-8"
    )
    signed = ("-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-out", "server.pem")
    _openssl(folder, "x509", "-req", "-days", "2", "-CAcreateserial", "-extfile", "names", *signed)


def _openssl(folder: Path, *arguments: str) -> None:
    done = subprocess.run(
        ["openssl", *arguments], cwd=folder, check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr}")
