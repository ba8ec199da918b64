"""Cuts the corpus that a state describes into shards, in two readings, a row at a time."""

import itertools
import json
import os
import pathlib

import corpus
from corpus import Corpus, ShardsError
from request import value_of


class Splitter:
    def __init__(self, state, folder):
        """`state` is what request.wanted_state() gave; the shards go into `folder`."""
        self.state, self.folder = state, folder
        self.column = value_of(state["options"], "--image-column")
        self.root = value_of(state["options"], "--image-root")
        self.source = Corpus(pathlib.Path(state["corpus"]["file"]), state["form"], self.column)

    def split(self):
        """The whole state: the shards' numbers of rows, and the ending of their names."""
        rows = sum(1 for _ in self.rows())
        if rows and (self.state["images"] or self.column):
            self.expect_some_image()
        shards = max(1, min(self.state["shards"], rows))
        sizes = [rows * (i + 1) // shards - rows * i // shards for i in range(shards)]
        form = "objects" if self.state["images"] else self.state["form"]
        ending = {"lines": ".txt", "objects": ".jsonl"}.get(form, "." + form)
        ending += ".gz" if corpus.is_packed(self.source.path) else ""
        without_images, source = [], self.rows()
        for number, size in enumerate(sizes, 1):
            has_image = self.write(number, ending, itertools.islice(source, size))
            if self.column and not has_image:
                without_images.append(number)
        if next(source, None) is not None:
            raise ShardsError(f"{self.source.path}: changed while it was read")
        return {**self.state, "rows": sizes, "ending": ending, "without_images": without_images}

    def rows(self):
        """Yields (row, image) as the shards have them."""
        if self.state["images"]:
            yield from self.rows_with_list(pathlib.Path(self.state["images"]["file"]))
        else:
            yield from self.source

    def rows_with_list(self, path):
        """JSON objects that name their images: of such a shard, no image need be there."""
        lines = names = 0
        both = itertools.zip_longest(self.source, Corpus(path, "lines"), fillvalue=(None, ""))
        for (text, _), (name, _) in both:
            lines += text is not None
            names += name is not None
            if lines == names:
                image = corpus.image_name(name.decode())
                row = {"source": text.decode().removesuffix("\n"), "image": image}
                yield json.dumps(row, ensure_ascii=False).encode() + b"\n", image
        if lines != names:
            raise ShardsError(
                f"{path}: {corpus.counted(names, 'lines')}, expected {lines:,}, one for each of "
                f"{self.source.path}"
            )

    def is_there(self, image):
        """Of a store's images we know nothing."""
        return bool(image) and (not self.root or os.path.isfile(os.path.join(self.root, image)))

    def expect_some_image(self):
        if not any(self.is_there(image) for _, image in self.rows()):
            where = (self.state["images"] or self.state["corpus"])["file"]
            raise ShardsError(
                f"{self.root or where}: not one of the images that {where} names is there"
            )

    def write(self, number, ending, rows):
        """One shard; returns whether one of its images is there."""
        has_image = False
        path = self.folder / f"{number:05}{ending}"
        with corpus.written(path, ending.endswith(".gz")) as file:
            file.write(self.source.header)
            for place, (row, image) in enumerate(rows):
                # The mark at a file's start is dropped; this one stands within the corpus.
                if place == 0 and number > 1 and row.startswith(corpus.BYTE_ORDER_MARK):
                    file.write(corpus.BYTE_ORDER_MARK)
                file.write(row)
                has_image = has_image or self.is_there(image)
        return has_image
