#!/usr/bin/env python3
"""A Parquet file or a Hugging Face dataset as JSON lines, which penalmt's tables take.

    python recipes/tables/from_datasets.py captions.parquet --out captions.jsonl
    python recipes/tables/from_datasets.py user/captions --split test --out captions.jsonl --images images

Needs `pyarrow` for a Parquet file, `datasets` and Pillow for a dataset. Every column goes along, what JSON has no form for as its text; an image column
becomes files in --images, named by their row, and their names stand in the table (relative to it).
"""
import argparse
import json
import os
from pathlib import Path


def rows_of_parquet(path):
    import pyarrow.parquet
    for batch in pyarrow.parquet.ParquetFile(path).iter_batches(1000):
        yield from batch.to_pylist()


def rows_of_dataset(name, split):
    import datasets
    data = datasets.load_dataset(name, split=split)
    for column, kind in data.features.items():
        if isinstance(kind, datasets.Image):
            data = data.cast_column(column, datasets.Image(decode=False))  # the file's own bytes
    yield from data


def image_name(image, column, number, folder, table):
    """The file of an image {"bytes", "path"}, written as it is into `folder`."""
    data = Path(image["path"]).read_bytes() if image["bytes"] is None else image["bytes"]
    ending = Path(image["path"] or "").suffix or (".png" if data[:4] == b"\x89PNG" else ".jpg")
    file = folder / f"{column}-{number:06}{ending}"
    file.write_bytes(data)
    return os.path.relpath(file, table.parent)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="a .parquet file, or a dataset's name or folder")
    parser.add_argument("--split", default="train", help="of a dataset (default: train)")
    parser.add_argument("--out", type=Path, required=True, help="the table, .jsonl")
    parser.add_argument("--images", type=Path, help="the folder for images (default: images, beside the table)")
    options = parser.parse_args()
    if options.out.suffix not in {".jsonl", ".ndjson"}:
        parser.error(f"--out: got {options.out}, expected a name that ends in .jsonl: JSON lines are written")
    if not options.out.parent.is_dir():
        parser.error(f"--out: {options.out.parent}: no such folder")
    if options.data.endswith(".parquet") and not Path(options.data).is_file():
        parser.error(f"{options.data}: no such file")
    folder = options.images or options.out.parent / "images"
    rows = rows_of_parquet(options.data) if options.data.endswith(".parquet") else rows_of_dataset(options.data, options.split)
    partial = options.out.with_name(options.out.name + ".partial")
    with open(partial, "w", encoding="utf-8") as table:
        for number, row in enumerate(rows):
            for column, value in row.items():
                if isinstance(value, dict) and value.keys() == {"bytes", "path"}:
                    folder.mkdir(parents=True, exist_ok=True)
                    row[column] = image_name(value, column, number, folder, options.out)
            table.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")
    partial.rename(options.out)


if __name__ == "__main__":
    main()
