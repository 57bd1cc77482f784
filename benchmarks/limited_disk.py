"""A small disk at a path: a tmpfs that can be filled, write-protected, taken away and enlarged.

Linux, and for root alone. Mounts are made in a mount namespace of this process, so that they end
with it, however it ends.
"""

import ctypes
import os
import subprocess
from pathlib import Path

NEW_NAMESPACE = 0x00020000  # CLONE_NEWNS
READ_ONLY, REMOUNT, BIND = 1, 32, 4096  # flags of mount(2)
ENOUGH = "size=256m,nr_inodes=100000"
_libc = ctypes.CDLL(None, use_errno=True)


def private_mounts() -> str:
    """Separate this process's mounts from the system's; why that is impossible, or nothing."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "mounting a small disk needs root: run this script with sudo, or in a container"
    if _libc.unshare(NEW_NAMESPACE) != 0:
        return (
            f"no mount namespace of its own: {os.strerror(ctypes.get_errno())}; "
            "a container needs the capability SYS_ADMIN"
        )
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    return ""


class LimitedDisk:
    """A tmpfs mounted at `path`, and kept beside it while it is away from there."""

    def __init__(self, path: Path, options: str) -> None:
        self.path, self._kept = path, path.with_name(f"{path.name}-disk")
        for folder in (self.path, self._kept):
            folder.mkdir()
        _run("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self._kept))
        self.attach()

    def attach(self) -> None:
        """Mount it at its path (again)."""
        _run("mount", "--bind", str(self._kept), str(self.path))

    def protect(self) -> bool:
        """Make it read-only, in the calling process and at once; False while a file is written."""
        flags = REMOUNT | READ_ONLY
        return _libc.mount(b"none", os.fsencode(self._kept), None, flags, None) == 0

    def give_room(self) -> None:
        """Make it large and writable; what it holds stays."""
        _run("mount", "-o", f"remount,rw,{ENOUGH}", str(self._kept))

    def detach(self) -> bool:
        """Take it away from its path, in the calling process and at once."""
        return _libc.umount2(os.fsencode(self.path), 2) == 0  # MNT_DETACH

    def used(self) -> tuple[int, int]:
        """Bytes and files that it holds."""
        found = os.statvfs(self._kept)
        return (found.f_blocks - found.f_bfree) * found.f_frsize, found.f_files - found.f_ffree

    def holds(self, name: str) -> bool:
        """Whether a file or folder of that name lies on it, even while it is detached."""
        return (self._kept / name).exists()

    def remove(self) -> None:
        """Unmount it, and remove both folders."""
        for folder in (self.path, self._kept):
            while os.path.ismount(folder):
                _run("umount", "-l", str(folder))
            folder.rmdir()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
