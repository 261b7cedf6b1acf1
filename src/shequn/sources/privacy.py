"""Pseudonyms: one person, one id under one key; without the key no id can be undone."""

from __future__ import annotations

import base64
import contextlib
import hmac
import os
import secrets
import tempfile
from pathlib import Path

from shequn.text import ShequnError, Text

KEY_BYTES = 32
_MOST = 4096  # a longer file was surely not meant as a key
_ID_CHARS = 12  # 60 bits: among a million people two share an id once in two million imports


def pseudonym(key: bytes, platform: str, raw_id: str) -> str:
    """Return the stable id of a person: ``m`` and twelve lower-case base32 characters.

    Parameters
    ----------
    key
        Secret of the machine or the team.
    platform
        Platform the raw id belongs to; the same raw id elsewhere is somebody else.
    raw_id
        Identifier on that platform.
    """
    return "m" + token(key, platform, raw_id)[:_ID_CHARS]


def token(key: bytes, *parts: str) -> str:
    """Return 32 lower-case base32 characters of HMAC-SHA256 over the parts, joined by NUL."""
    message = "\0".join(parts).encode("utf-8", "surrogatepass")
    digest = hmac.digest(key, message, "sha256")
    return base64.b32encode(digest[:20]).decode("ascii").lower()


def default_key_file() -> Path:
    """Return ``$XDG_CONFIG_HOME/shequn/key``, or ``~/.config/shequn/key``."""
    configured = os.environ.get("XDG_CONFIG_HOME", "")
    # The XDG rule: a relative path there is to be ignored.
    base = Path(configured) if configured.startswith("/") else Path.home() / ".config"
    return base / "shequn" / "key"


def load_key(path: Path | None, out: Path) -> tuple[bytes, bool]:
    """Return the key and whether it was made just now, where there was none yet.

    Parameters
    ----------
    path
        File of the key; None is `default_key_file`.
    out
        The data folder about to be written; the key must not lie in it.

    Raises
    ------
    ShequnError
        Where the key cannot be read or made, is too short or too long, or lies in ``out``.
    """
    place = path or default_key_file()
    if place.resolve().is_relative_to(out.resolve()):
        raise ShequnError(
            Text(
                f"The key {place} lies inside the data folder {out}.",
                f"密钥 {place} 放在了数据文件夹 {out} 里。",
            ),
            Text(
                "Keep it elsewhere: whoever gets both can undo the pseudonyms. "
                "Move it, or name another --key.",
                "请放到别处：同时拿到两者的人能还原代号。把它移走，或用 --key 指定另一个文件。",
            ),
        )
    try:
        made = not place.exists() and _make(place)
        with place.open("rb") as file:
            key = file.read(_MOST + 1)
    except OSError as error:
        raise ShequnError(
            Text(
                f"The key {place} cannot be read or made: {error.strerror}.",
                f"密钥 {place} 读不了，也建不了：{error.strerror}。",
            ),
            Text(
                "Make the file readable to you, or name another with --key FILE.",
                "请让自己可读该文件，或用 --key 文件 另指定一个。",
            ),
        ) from error
    if not KEY_BYTES <= len(key) <= _MOST:
        raise ShequnError(
            Text(
                f"The key {place} has {len(key)} bytes; it must have {KEY_BYTES} to {_MOST}.",
                f"密钥 {place} 有 {len(key)} 字节，应为 {KEY_BYTES} 到 {_MOST} 字节。",
            ),
            Text(
                "Name the right file with --key FILE. If this one was never used, delete it and "
                "import again: a new key is made.",
                "用 --key 文件 指定正确的密钥。若此文件从未用过，删掉后重新导入，会生成新密钥。",
            ),
        )
    return key, made


def _make(place: Path) -> bool:
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Written aside and linked: nobody ever reads half a key, and two imports at once agree on one.
    handle, aside = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(aside, place)
            return True
        return False
    finally:
        Path(aside).unlink()
