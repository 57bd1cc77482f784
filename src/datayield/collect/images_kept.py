"""The files of a collection as they are added: each whole, and no image twice."""

import threading
from dataclasses import replace
from pathlib import Path

from datayield.collect.class_folders import IMAGES, class_folder
from datayield.collect.image_check import CheckedImage
from datayield.collect.journal import Journal
from datayield.collect.record import ImageRecord
from datayield.spec.atomic_files import sweep, write_bytes


class ImagesKept:
    """Adds images to a collection; of copies, the one that comes first is kept.

    Safe to use from several threads.
    """

    def __init__(self, folder: Path, journal: Journal) -> None:
        self.folder, self.journal = folder, journal
        self._lock = threading.Lock()
        self._files: dict[str, str] = {}  # digest of bytes or pixels -> file
        for record in journal.records.values():
            if record.kept:
                self._note(record)
        if (folder / IMAGES).is_dir():  # what a killed process was writing
            for each in (folder / IMAGES, *(folder / IMAGES).iterdir()):
                if each.is_dir():
                    sweep(each)

    def add(self, record: ImageRecord, image: CheckedImage) -> ImageRecord:
        """Write an image and its record, or the record of a duplicate.

        `record` says where the image is from. Raises StoreError if the disk is full.
        """
        told = replace(
            record,
            sha256=image.sha256,
            pixels_sha256=image.pixels_sha256,
            original_width=image.original_width,
            original_height=image.original_height,
            bytes=record.bytes or len(image.data),
        )
        name = f"{class_folder(record.label)}/{record.key}{image.extension}"
        kept = replace(told, fate="kept", file=name, width=image.width, height=image.height)
        with self._lock:
            first = self._files.get(image.sha256) or self._files.get(image.pixels_sha256)
            if first is None:
                self._note(kept)
        if first is not None:
            return self.journal.add(replace(told, fate="duplicate", detail=f"of {first}"))
        write_bytes(self.folder / name, image.data)
        return self.journal.add(kept)

    def _note(self, record: ImageRecord) -> None:
        for digest in (record.sha256, record.pixels_sha256):
            if digest and record.file:
                self._files[digest] = record.file
