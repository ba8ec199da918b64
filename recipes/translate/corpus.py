"""Corpora row by row, as bytes, in the forms that `penalmt translate` takes and writes.

    lines     a text a line; every line is a row
    answers   what the program writes of them: a line a row, as it stands
    objects   a JSON object a line (--json-input); empty lines are no rows
    jsonl     the same, as a table
    tsv, csv  tables; their first row is a header. A CSV's row may span lines (RFC 4180)

What is a row here is one to the program (datasets/text/table.h, base/text.h), so that a part of a
corpus is translated as it is within the whole.
"""

import contextlib
import csv
import gzip
import json
import os
import re
import zlib

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
GZIP = b"\x1f\x8b"
SEPARATED = ("tsv", "csv")
TABLES = (*SEPARATED, "jsonl")
ENDINGS = {"tsv": "tsv", "tab": "tsv", "csv": "csv", "jsonl": "jsonl", "ndjson": "jsonl"}
LONGEST_FIELD = 1 << 20  # bytes of a field in quotes, as the program has it


class ShardsError(Exception):
    """Something that the user must do; one line."""

    status = 2


class ShardFailed(ShardsError):
    """A translation that is not there, or not whole."""

    status = 1


def is_packed(path):
    with open(path, "rb") as file:
        return file.read(2) == GZIP


def counted(number, things):
    """ "1 line", "2,000 lines"."""
    return f"{number:,} {things if number != 1 else things[:-1]}"


@contextlib.contextmanager
def written(path, packed):
    """A file to write bytes to; it is on the disk at the end."""
    with open(path, "wb") as file:
        if packed:
            with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1, mtime=0) as packer:
                yield packer
        else:
            yield file
        file.flush()
        os.fsync(file.fileno())


def table_form(path):
    """By the ending of the file's name, as the program knows it; None for another."""
    names = path.name.lower().removesuffix(".gz").split(".")
    return ENDINGS.get(names[-1]) if len(names) > 1 else None


def is_blank(text):
    return re.fullmatch(r"[\s\u200b\ufeff]*", text) is not None


def image_name(text):
    """Without the caption's number: "dog.jpg#2" is dog.jpg."""
    if is_blank(text):
        return ""
    return re.sub(r"#[0-9]+$", "", text.rstrip(" \t\r\n"))


class Corpus:
    """A file's rows. `image_column`: the one whose texts image() tells, "" for none."""

    def __init__(self, path, form, image_column=""):
        self.path, self.form = path, form
        self.header = b""
        self.image_column = image_column
        self.image_place = 0

    def __iter__(self):
        """Yields (row, image): the row's bytes, "\\n" at their end; its image's name or ""."""
        if self.form in SEPARATED:
            yield from self.separated_rows()
            return
        for number, line in self.lines():
            if self.form == "answers":
                yield line, ""
            elif self.form == "lines":
                yield line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line, ""
            elif not is_blank(line.decode()):
                yield line, self.image_of_object(line, number) if self.image_column else ""

    def lines(self):
        """Numbered from 1; the last one ends in "\\n" too."""
        try:
            with gzip.open(self.path) if is_packed(self.path) else open(self.path, "rb") as file:
                for number, line in enumerate(file, 1):
                    self.check(line, number)
                    yield number, line if line.endswith(b"\n") else line + b"\n"
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ShardsError(f"{self.path}: damaged gzip data: {error}") from error

    def check(self, line, number):
        """A bad line is found before any work: mended later, the corpus would be another one."""
        try:
            line.decode()
        except UnicodeDecodeError as error:
            raise ShardsError(
                f"{self.path}:{number}: invalid UTF-8 at byte {error.start + 1}"
            ) from error
        if b"\0" in line:
            raise ShardsError(
                f"{self.path}:{number}: a NUL byte at byte {line.index(0) + 1}; no text has one"
            )

    # ---- JSON lines

    def image_of_object(self, line, number):
        try:
            row = json.loads(line.decode("utf-8-sig"))
        except ValueError as error:
            raise ShardsError(f"{self.path}:{number}: not JSON: {error}") from error
        name = row.get(self.image_column) if isinstance(row, dict) else None
        return image_name(name) if isinstance(name, str) else ""

    # ---- TSV and CSV

    def separated_rows(self):
        records = self.records()
        number, self.header, names = next(records, (0, b"", []))
        if number == 0:
            raise ShardsError(
                f"{self.path}: no lines; expected a first one that names the columns"
            )
        if self.image_column:
            names = [name.strip(" \t\r") for name in names]
            if self.image_column not in names:
                raise ShardsError(
                    f"{self.path}: no column '{self.image_column}'; its columns: "
                    + ", ".join(names)
                )
            self.image_place = names.index(self.image_column)
        for number, row, fields in records:
            if len(names) > 1 and row in (b"\n", b"\r\n"):
                continue
            if len(fields) != len(names):
                raise ShardsError(
                    f"{self.path}:{number}: {counted(len(fields), 'fields')}, expected "
                    f"{len(names)} as in the first line"
                )
            yield row, image_name(fields[self.image_place]) if self.image_column else ""

    def records(self):
        """Yields (number of the first line, bytes, fields)."""
        if self.form == "tsv":
            for number, line in self.lines():
                text = line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line
                yield number, line, text.decode().rstrip("\r\n").split("\t")
            return
        taken = []

        def feed():
            for number, line in self.lines():
                taken.append(line)
                text = line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line
                # A lone carriage return ends no row.
                yield text.removesuffix(b"\n").removesuffix(b"\r").decode().replace("\r", " ")

        first = next(self.lines(), (0, b""))[1]
        bare = re.sub(rb'"[^"]*("|$)', b"", first)
        csv.field_size_limit(LONGEST_FIELD)
        reader = csv.reader(
            feed(), delimiter=";" if b";" in bare and b"," not in bare else ",", strict=True
        )
        while True:
            number = reader.line_num + 1
            try:
                fields = next(reader, None)
            except csv.Error as error:
                raise ShardsError(
                    f"{self.path}:{number}: no CSV row: {error}; expected quotes as in RFC 4180"
                ) from error
            if fields is None:
                return
            yield number, b"".join(taken), fields or [""]
            taken.clear()
