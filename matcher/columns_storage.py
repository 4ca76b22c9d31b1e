"""Storage of the columnar matcher: arrays that grow, lists of numbers a row, and names of rows, in few bytes and without Python objects."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from matcher.compiled import compiled

Ints = npt.NDArray[np.int32]
_FREE, _GONE = -1, -2


_LINE = 64


def in_lines(count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Zeros that begin with a line of the cache, so that an entry of a line's size is in one line and not in two."""
    size = np.dtype(dtype).itemsize * count
    room = np.zeros(size + _LINE, np.uint8)
    start = -room.ctypes.data % _LINE
    return room[start : start + size].view(dtype)


class Grown:
    """A one-dimensional array that grows at its end by half."""

    def __init__(self, dtype: npt.DTypeLike, fill: int = 0) -> None:
        self._fill = fill
        self.array: npt.NDArray[Any] = np.full(16, fill, dtype)
        self.size = 0

    @classmethod
    def of(cls, values: npt.NDArray[Any]) -> Grown:
        """These entries, without room for another one until it comes; the array is not written to elsewhere."""
        made = cls.__new__(cls)
        made._fill, made.array, made.size = 0, values, values.size
        return made

    def reserve(self, capacity: int) -> None:
        """Room for ``capacity`` entries without another copy."""
        if capacity > self.array.size:
            larger = np.full(capacity, self._fill, self.array.dtype)
            larger[: self.size] = self.array[: self.size]
            self.array = larger

    def room(self, capacity: int) -> None:
        """Room for at least ``capacity`` entries, growing by half."""
        if capacity > self.array.size:
            self.reserve(max(capacity, self.array.size * 3 // 2))

    def append(self, value: int) -> int:
        """Adds one entry and answers its place."""
        self.room(self.size + 1)
        self.array[self.size] = value
        self.size += 1
        return self.size - 1

    def extend(self, values: npt.NDArray[Any]) -> None:
        """Adds entries behind the last."""
        end = self.size + values.size
        self.room(end)
        self.array[self.size : end] = values
        self.size = end

    @property
    def nbytes(self) -> int:
        return int(self.array.nbytes)


@compiled
def _moved(
    old: npt.NDArray[Any], starts: npt.NDArray[np.int64], lengths: Ints, rows: int, new: npt.NDArray[Any]
) -> int:  # pragma: no cover - compiled
    at = 0
    for row in range(rows):
        length = lengths[row]
        for place in range(length):
            new[at + place] = old[starts[row] + place]
        starts[row] = at
        at += length
    return at


class RaggedRows:
    """A list of int32 for each row, in one pool. A row that changes keeps its place while its new list fits.

    Where a row's list starts is kept by the caller, beside what else it knows of the row; after ``compact`` it takes the new starts.
    """

    def __init__(self) -> None:
        self.pool = Grown(np.int32)
        self._starts = Grown(np.int64)
        self._lengths = Grown(np.uint16)
        self._unused = 0

    def reserve(self, rows: int) -> None:
        self._starts.reserve(rows)
        self._lengths.reserve(rows)

    @property
    def rows(self) -> int:
        return self._lengths.size

    def put(self, row: int, values: list[int]) -> int:
        """Replaces the list of ``row``, at most 65,535 numbers, and answers where it starts; rows up to it exist afterwards."""
        if row >= self._lengths.size:
            self._starts.room(row + 1)
            self._lengths.room(row + 1)
            self._starts.size = self._lengths.size = row + 1
        held, wanted = int(self._lengths.array[row]), len(values)
        start = int(self._starts.array[row])
        if wanted > held:
            self._unused += held
            start = self.pool.size
            self.pool.room(start + wanted)
            self.pool.size += wanted
            self._starts.array[row] = start
        else:
            self._unused += held - wanted
        self.pool.array[start : start + wanted] = values
        self._lengths.array[row] = wanted
        return start

    def extend(self, values: list[int], lengths: list[int]) -> None:
        """Adds rows behind the last: their lists one after another. An empty list starts at 0, as ``put`` has it."""
        many, start, row = len(lengths), self.pool.size, self._lengths.size
        self.pool.room(start + len(values))
        self.pool.array[start : start + len(values)] = values
        self.pool.size = start + len(values)
        self._starts.room(row + many)
        self._lengths.room(row + many)
        sizes = np.array(lengths, np.int64)
        self._starts.array[row : row + many] = np.where(sizes > 0, start + np.cumsum(sizes) - sizes, 0)
        self._lengths.array[row : row + many] = sizes
        self._starts.size = self._lengths.size = row + many

    @property
    def arrays(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
        """(numbers, start, length) of the lists, for compiled functions."""
        return self.pool.array, self._starts.array, self._lengths.array

    @property
    def wasteful(self) -> bool:
        """Whether more than half of the pool is unused."""
        return self._unused > 65536 and self._unused * 2 > self.pool.size

    def compact(self) -> npt.NDArray[np.int64]:
        """Drops what no row uses; answers the new start of every row."""
        fresh = np.zeros(max(16, self.pool.size - self._unused), np.int32)
        size = _moved(self.pool.array, self._starts.array, self._lengths.array, self.rows, fresh)
        self.pool.array, self.pool.size, self._unused = fresh, int(size), 0
        return self._starts.array[: self.rows]  # type: ignore[return-value]

    @property
    def nbytes(self) -> int:
        return self.pool.nbytes + self._starts.nbytes + self._lengths.nbytes


@compiled
def _hash(text: npt.NDArray[np.uint8]) -> int:  # pragma: no cover - compiled
    value = np.uint64(14695981039346656037)
    for byte in text:
        value = (value ^ np.uint64(byte)) * np.uint64(1099511628211)
    return np.int64((value ^ (value >> np.uint64(32))) & np.uint64(0x7FFFFFFF))  # type: ignore[return-value]


@compiled
def _find(
    text: npt.NDArray[np.uint8], slots: Ints, pool: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.uint16]
) -> tuple[int, int]:  # pragma: no cover - compiled
    """(row or -1, slot): the slot of the row, else the one to put it in."""
    mask = slots.size - 1
    slot = _hash(text) & mask
    put = -1
    while slots[slot] != -1:
        row = slots[slot]
        if row == -2:
            if put < 0:
                put = slot
        elif lengths[row] == text.size:
            start = starts[row]
            equal = True
            for place in range(text.size):
                if pool[start + place] != text[place]:
                    equal = False
                    break
            if equal:
                return row, slot
        slot = (slot + 1) & mask
    return -1, put if put >= 0 else slot


@compiled
def _filled(
    slots: Ints, pool: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.uint16], first: int, rows: int
) -> None:  # pragma: no cover - compiled
    mask = slots.size - 1
    for row in range(first, rows):
        if lengths[row] > 0:
            slot = _hash(pool[starts[row] : starts[row] + lengths[row]]) & mask
            while slots[slot] != -1:
                slot = (slot + 1) & mask
            slots[slot] = row


class RowNames:
    """Ids of rows: UTF-8 bytes in one pool and an open hash table over them. A million ids of ten characters take about 40 MB less than a
    dict, and compiled code can order rows by id (UTF-8 orders as code points do)."""

    def __init__(self) -> None:
        self.pool = Grown(np.uint8)
        self.starts = Grown(np.int64)
        self.lengths = Grown(np.uint16)
        self._slots: Ints = np.full(64, _FREE, np.int32)
        self._taken = 0
        self._free_rows: list[int] = []
        self._unused = 0

    def __len__(self) -> int:
        return self.lengths.size - len(self._free_rows)

    def reserve(self, rows: int) -> None:
        self.starts.reserve(rows)
        self.lengths.reserve(rows)
        self._rehash(rows)

    def _rehash(self, rows: int) -> None:
        size = 64
        while size < rows * 3 // 2 + 1:
            size *= 2
        self._slots = np.full(size, _FREE, np.int32)
        _filled(self._slots, self.pool.array, self.starts.array, self.lengths.array, 0, self.lengths.size)
        self._taken = len(self)

    def row(self, name: str) -> int | None:
        """The row of this id, or None."""
        text = np.frombuffer(name.encode(), np.uint8)
        found, _ = _find(text, self._slots, self.pool.array, self.starts.array, self.lengths.array)
        return None if found < 0 else int(found)

    def add(self, name: str) -> int:
        """The row of this id, a free or new one where it has none yet."""
        if (self._taken + 1) * 4 > self._slots.size * 3:
            self._rehash(2 * (len(self) + 1))
        text = np.frombuffer(name.encode(), np.uint8)
        found, slot = _find(text, self._slots, self.pool.array, self.starts.array, self.lengths.array)
        if found >= 0:
            return int(found)
        row = self._free_rows.pop() if self._free_rows else self.lengths.append(0)
        if row >= self.starts.size:
            self.starts.append(0)
        start = self.pool.size
        self.pool.room(start + text.size)
        self.pool.array[start : start + text.size] = text
        self.pool.size += text.size
        self.starts.array[row], self.lengths.array[row] = start, text.size
        self._taken += int(self._slots[slot] == _FREE)
        self._slots[slot] = row
        return row

    def extend(self, names: list[str]) -> None:
        """Adds ids behind the last row; none of them is held yet, and no row is free. Raises ``ValueError`` where a row is."""
        if self._free_rows:
            raise ValueError("rows are free")
        texts = [name.encode() for name in names]
        many, row, start = len(texts), self.lengths.size, self.pool.size
        sizes = np.fromiter((len(text) for text in texts), np.int64, many)
        self.pool.room(start + int(sizes.sum()))
        self.pool.array[start : start + int(sizes.sum())] = np.frombuffer(b"".join(texts), np.uint8)
        self.pool.size = start + int(sizes.sum())
        self.starts.room(row + many)
        self.lengths.room(row + many)
        self.starts.array[row : row + many] = start + np.cumsum(sizes) - sizes
        self.lengths.array[row : row + many] = sizes
        self.starts.size = self.lengths.size = row + many
        if (row + many) * 4 > self._slots.size * 3:
            self._rehash(2 * (row + many))
        else:
            _filled(self._slots, self.pool.array, self.starts.array, self.lengths.array, row, row + many)
            self._taken += many

    def remove(self, name: str) -> int | None:
        """Frees the row of this id and answers it; None where there is none."""
        text = np.frombuffer(name.encode(), np.uint8)
        found, slot = _find(text, self._slots, self.pool.array, self.starts.array, self.lengths.array)
        if found < 0:
            return None
        self._slots[slot] = _GONE
        self._unused += int(self.lengths.array[found])
        self.lengths.array[found] = 0
        self._free_rows.append(int(found))
        if self._unused > 65536 and self._unused * 2 > self.pool.size:
            self._compact()
        return int(found)

    def _compact(self) -> None:
        fresh = np.zeros(max(16, self.pool.size - self._unused), np.uint8)
        size = _moved(self.pool.array, self.starts.array, self.lengths.array, self.lengths.size, fresh)
        self.pool.array, self.pool.size, self._unused = fresh, int(size), 0

    @property
    def arrays(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
        """(bytes, start, length) of the ids, for compiled functions."""
        return self.pool.array, self.starts.array, self.lengths.array

    def name(self, row: int) -> str:
        start, length = int(self.starts.array[row]), int(self.lengths.array[row])
        return self.pool.array[start : start + length].tobytes().decode()

    @property
    def nbytes(self) -> int:
        return self.pool.nbytes + self.starts.nbytes + self.lengths.nbytes + int(self._slots.nbytes)
