"""Makes one large Windows event log out of small ones.

An `.evtx` file is a header of 4,096 bytes and chunks of 65,536 bytes. A chunk is read without looking at
any other, so chunks of many files in a row, behind a header that counts them, are a valid file. Record
numbers then repeat, which no reader minds. Only chunks that are nearly full are taken: in a real large log
all chunks but the last are.
"""

import struct
import zlib
from pathlib import Path

HEADER_BYTES = 4096
CHUNK_BYTES = 65536
#: A chunk counts as full with this many bytes in use.
FULL_BYTES = 56_000
#: The header counts chunks in 16 bits.
CHUNKS_MAX = 65_000


def make(sources, path, bytes_min):
    """Writes sound, full chunks of `sources`, again and again, until the file has `bytes_min`."""
    chunks = [chunk for source in sources for chunk in sound_chunks(Path(source).read_bytes())]
    if not chunks:
        raise ValueError("the sources have no sound, full chunk")
    count = min(max(-(-bytes_min // CHUNK_BYTES), 1), CHUNKS_MAX)
    draft = Path(path).with_suffix(".draft")
    with open(draft, "wb", buffering=1 << 20) as out:
        out.write(header(count))
        for n in range(count):
            out.write(chunks[n % len(chunks)])
    draft.rename(path)
    return Path(path)


def sound_chunks(data):
    """Yields the full chunks of a file whose two checksums fit."""
    for at in range(HEADER_BYTES, len(data) - CHUNK_BYTES + 1, CHUNK_BYTES):
        chunk = data[at : at + CHUNK_BYTES]
        if chunk[:8] != b"ElfChnk\0":
            continue
        first, last = struct.unpack_from("<QQ", chunk, 8)
        free, records_sum = struct.unpack_from("<II", chunk, 48)
        (header_sum,) = struct.unpack_from("<I", chunk, 124)
        if last < first or not FULL_BYTES <= free <= CHUNK_BYTES:
            continue
        if zlib.crc32(chunk[:120] + chunk[128:512]) == header_sum and zlib.crc32(chunk[512:free]) == records_sum:
            yield chunk


def header(chunk_count):
    """The file header for so many chunks."""
    fields = struct.pack(
        "<8sQQQIHHHH", b"ElfFile\0", 0, chunk_count - 1, 1, 128, 1, 3, HEADER_BYTES, chunk_count
    )
    fields = fields.ljust(120, b"\0")
    # The flags (0: closed cleanly) follow the first 120 bytes and are not part of the sum.
    fields += struct.pack("<II", 0, zlib.crc32(fields))
    return fields.ljust(HEADER_BYTES, b"\0")
