"""Arrays that were kept are read back; whatever else lies in their place takes no memory, and is never unpickled."""

from __future__ import annotations

import io
import os
import pickle
import shutil
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from lstmviz.system.kept_arrays import read_kept
from support.budget import examples

VALUES = np.arange(60, dtype="<f4").reshape(30, 2)
BYTES = VALUES.tobytes()


def described(text, data=b"", version=(1, 0)):
    """An array in NumPy's format, with any description."""
    text = text.encode("latin-1") + b"\n"
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H", len(text)) + text + data


def array(shape="(30, 2)", dtype="'<f4'", data=BYTES, version=(1, 0)):
    return described(f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}}}", data, version)


def packed(content, filtered=zipfile.ZIP_STORED, flags=0, method=None, name="points.npy"):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", filtered) as archive:
        archive.writestr(name, content)
    data = bytearray(held.getvalue())
    for at in (6, data.rfind(b"PK\x01\x02") + 8):  # flags and method, in front of the file and in the list
        data[at] |= flags
        if method is not None:
            data[at + 2 : at + 4] = struct.pack("<H", method)
    return bytes(data)


class Evil:
    def __reduce__(self):
        return os.abort, ()


EVIL = pickle.dumps(Evil())
WHOLE = packed(array())
OTHERS = {
    "nothing": b"",
    "garbage": np.random.default_rng(0).bytes(3_000),
    "half of it": WHOLE[: len(WHOLE) // 2],
    "without its end": WHOLE[:-30],
    "another name": packed(array(), name="other.npy"),
    "no array": packed(b"raw", name="points"),
    "changed values": WHOLE.replace(VALUES[3:5].tobytes(), VALUES[5:7].tobytes()),
    "a pickle": EVIL,
    "pickled objects": packed(array("(1,)", "'|O'", EVIL)),
    "one array": array(),
    "one array of 80 GB": array("(10000000000, 2)"),
    "80 GB": packed(array("(10000000000, 2)")),
    "more than a number holds": packed(array("(1000000000000000000000000000000, 2)")),
    "fewer than none": packed(array("(-30, -2)")),
    "too few values": packed(array("(30, 3)")),
    "a shape that is none": packed(array("[30, 2]")),
    "half steps": packed(array("(30.5, 2)")),
    "records of 8 GB": packed(array(dtype="[('a', '<f4', (1000000000,))]")),
    "no type": packed(array(dtype="'nonsense'")),
    "an open bracket": packed(described("{'descr': ( , ")),
    "an open text": packed(described("{'descr': '''")),
    "many brackets": packed(described("(" * 60_000)),
    "code": packed(described("__import__('os').abort()")),
    "no text": packed(described("{'\xff': }")),
    "another version": packed(array(version=(9, 0))),
    "encrypted": packed(array(), flags=1),
    "an unknown method": packed(array(), method=99),
    "compressed by another method": packed(array(), method=14),
    "compressed": packed(array(data=bytes(10_000_000), shape="(2500000,)"), zipfile.ZIP_DEFLATED),
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "kept.npz"


@given(st.data())
@examples(40)
def test_what_was_kept_comes_back(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("kept") / "a.npz"
    types = st.sampled_from(["<f4", "<f8", "<i8", "|u1", "|b1", "<U3", "<c8"])
    kept = {
        name: data.draw(arrays(data.draw(types), data.draw(array_shapes(min_dims=0, min_side=0, max_dims=3))))
        for name in ("points", "b")
    }
    kept["b"] = np.asfortranarray(kept["b"])
    np.savez(path, **kept)
    read = read_kept(path, kept)
    for name, values in kept.items():
        assert (read[name].dtype, read[name].shape) == (values.dtype, values.shape)
        np.testing.assert_array_equal(read[name], values)


@pytest.mark.parametrize("content", OTHERS.values(), ids=OTHERS)
def test_what_is_no_kept_array_is_refused(path, content):
    path.write_bytes(WHOLE)
    np.testing.assert_array_equal(read_kept(path, ("points",))["points"], VALUES)
    path.write_bytes(content)
    with pytest.raises(ValueError):
        read_kept(path, ("points",))


@pytest.mark.parametrize("content", [WHOLE, array(f"({10**12 // 8}, 2)")])
def test_a_file_of_a_terabyte_is_not_read(path, content):
    path.write_bytes(content)
    os.truncate(path, 10**12)
    with pytest.raises(ValueError, match="too large"):
        read_kept(path, ("points",))


def test_links_pipes_and_folders_are_not_read(path, tmp_path):
    (tmp_path / "victim").write_bytes(WHOLE)
    for plant in (
        lambda: path.symlink_to(tmp_path / "victim"),
        lambda: path.symlink_to(path),
        lambda: path.symlink_to("/dev/zero"),
        lambda: os.mkfifo(path),
        lambda: path.mkdir(),
    ):
        plant()
        with pytest.raises(OSError, match=r"kept\.npz"):
            read_kept(path, ("points",))
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
