"""Screenshots as small files: at most 256 colours, and the nearest of them for every other one."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

COLOURS = 256
# The browser decodes its picture to red, green, blue and alpha of each pixel.
DECODE = """async (data) => {
  const blob = await (await fetch("data:image/png;base64," + data)).blob();
  const image = await createImageBitmap(blob);
  const canvas = new OffscreenCanvas(image.width, image.height);
  canvas.getContext("2d").drawImage(image, 0, 0);
  const bytes = canvas.getContext("2d").getImageData(0, 0, image.width, image.height).data;
  let text = "";
  for (let k = 0; k < bytes.length; k += 32768) text += String.fromCharCode(...bytes.subarray(k, k + 32768));
  return [image.width, image.height, btoa(text)];
}"""


def palette_png(png: bytes, page: Any) -> bytes:
    """Return a PNG with a palette for one without; ``page`` is an open page of the browser, which decodes it."""
    blank = page.context.new_page()
    width, height, data = blank.evaluate(DECODE, base64.b64encode(png).decode())
    blank.close()
    pixels = np.frombuffer(base64.b64decode(data), np.uint8).reshape(-1, 4)[:, :3]
    palette, indices = quantized(pixels)
    rows = np.zeros((height, width + 1), np.uint8)  # each row begins with its filter: none
    rows[:, 1:] = indices.reshape(height, width)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = (
        (b"IHDR", header),
        (b"PLTE", palette.tobytes()),
        (b"IDAT", zlib.compress(rows.tobytes(), 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def quantized(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return a palette, shape (n, 3), and each pixel's index in it, shape (n_pixels,), for pixels (n_pixels, 3)."""
    packed = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    colours, place, count = np.unique(packed, return_inverse=True, return_counts=True)
    spread = np.stack([(colours >> shift) & 255 for shift in (16, 8, 0)], axis=1).astype(np.float32)
    # The most frequent colour first; then, each time, the one whose pixels are farthest from the chosen ones.
    chosen = [int(count.argmax())]
    distance = ((spread - spread[chosen[0]]) ** 2).sum(axis=1)
    nearest = np.zeros(len(colours), np.uint8)
    while len(chosen) < min(COLOURS, len(colours)):
        chosen.append(int((distance * np.sqrt(count)).argmax()))
        closer = ((spread - spread[chosen[-1]]) ** 2).sum(axis=1)
        nearest[closer < distance] = len(chosen) - 1
        distance = np.minimum(distance, closer)
    return spread[chosen].astype(np.uint8), nearest[place]


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
