"""A picture from somebody else, drawn as large as its place allows."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QImage, QImageReader, QPainter, QPaintEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QSizePolicy, QWidget

from gridle.app.result_files import is_plain_drawing, read_image

MAX_SIDE_PX = 8192
_LEAST_SIZE = QSize(320, 240)


class Picture(QWidget):
    """Shows one PNG or SVG file; empty where that cannot be done."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._drawing: QSvgRenderer | None = None
        self.setMinimumSize(_LEAST_SIZE)
        policy = QSizePolicy.Policy.Expanding
        self.setSizePolicy(policy, policy)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return self._image is None and self._drawing is None

    def show_file(self, path: Path | None) -> None:
        """Show a file, or nothing."""
        self._image, self._drawing = None, None
        untrusted_bytes = read_image(path) if path is not None else None
        if path is not None and untrusted_bytes is not None:
            if path.suffix == ".svg":
                self._drawing = _drawing(untrusted_bytes)
            else:
                self._image = _image(untrusted_bytes)
        self.setVisible(not self.is_empty)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002, N802 - Qt's own name and signature
        """Draw, keeping the proportions."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if self._drawing is not None:
            place = self._place(QSizeF(self._drawing.defaultSize()))
            # Charts are drawn for white paper, whatever the desktop's colours are.
            painter.fillRect(place, Qt.GlobalColor.white)
            self._drawing.render(painter, place)
        elif self._image is not None:
            painter.drawImage(self._place(QSizeF(self._image.size())), self._image)
        painter.end()

    def _place(self, size: QSizeF) -> QRectF:
        fitted = size.scaled(QSizeF(self.size()), Qt.AspectRatioMode.KeepAspectRatio)
        left = (self.width() - fitted.width()) / 2
        return QRectF(left, 0.0, fitted.width(), fitted.height())


def _drawing(untrusted_bytes: bytes) -> QSvgRenderer | None:
    if not is_plain_drawing(untrusted_bytes):
        return None
    renderer = QSvgRenderer()
    loaded = renderer.load(QByteArray(untrusted_bytes))
    return renderer if loaded and not renderer.defaultSize().isEmpty() else None


def _image(untrusted_bytes: bytes) -> QImage | None:
    buffer = QBuffer()
    buffer.setData(QByteArray(untrusted_bytes))
    buffer.open(QBuffer.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(b"png"))
    size = reader.size()
    if not size.isValid() or max(size.width(), size.height()) > MAX_SIDE_PX:
        return None
    image = reader.read()
    return None if image.isNull() else image
