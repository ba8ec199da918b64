#!/usr/bin/env python3
"""UNPIE (Chung et al., EMNLP 2024: puns, two translations and an image for each) as contrastive pairs for `penalmt probe`.

    python unpie.py --out unpie-de [--target de|fr|ko] [--part homographic|heterographic] [--from FOLDER]

Each pun stands twice, as in CoMMuTE: with the image of one meaning and that meaning's translation as the right one, then with the other's.
Needs `datasets` (and, for addresses, the network). --from reads a copy of the data set in a folder. Writes src.en, correct.*, incorrect.*,
img.order and images/; an image that cannot be had leaves its line of img.order empty, and is counted. Exit 0 done, 2 the user's mistake.
"""

import argparse
import pathlib
import shutil
import sys
import urllib.error
import urllib.request

NAME = "jiwan-chung/VisualPun_UNPIE"


def fetch(source, folder, target):
    """An image from an address, or from a file of the data set's folder. Whether there is one."""
    try:
        if source.startswith(("http://", "https://")):
            asked = urllib.request.Request(source, headers={"User-Agent": "Mozilla/5.0"})
            with urllib.request.urlopen(asked, timeout=30) as answer:
                target.write_bytes(answer.read())
        else:
            shutil.copyfile(pathlib.Path(folder) / source, target)
    except (OSError, urllib.error.URLError):
        target.unlink(missing_ok=True)
        return False
    return True


def ending(source):
    """Of the image's name: the decoder goes by the bytes, so any will do."""
    suffix = pathlib.PurePosixPath(source.split("?")[0]).suffix.lower()
    return suffix if suffix in {".jpg", ".jpeg", ".png", ".webp", ".bmp"} else ".jpg"


def line(text):
    return " ".join(text.split())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--target", default="de", choices=["de", "fr", "ko"])
    parser.add_argument("--part", default="homographic", choices=["homographic", "heterographic"])
    parser.add_argument("--from", dest="folder", default="", help="a folder with a copy, in place of the hub")
    options = parser.parse_args()
    if options.out.exists():
        print(f"unpie: {options.out}: there already; expected a folder to make", file=sys.stderr)
        sys.exit(2)
    from datasets import load_dataset

    rows = load_dataset(options.folder or NAME, split=options.part)
    lines = {"src.en": [], f"correct.{options.target}": [], f"incorrect.{options.target}": [], "img.order": []}
    partial = options.out.with_name(options.out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    (partial / "images").mkdir(parents=True)
    missing = 0
    for number, row in enumerate(rows):
        for right, wrong in (("1", "2"), ("2", "1")):
            source = row[f"disamb_image{right}"] or ""
            name = f"{number:04}-{right}{ending(source)}"
            if not source or not fetch(source, options.folder, partial / "images" / name):
                name, missing = "", missing + 1
            lines["src.en"].append(line(row["pun_sentence"]))
            lines[f"correct.{options.target}"].append(line(row[f"translation{right}"][options.target]))
            lines[f"incorrect.{options.target}"].append(line(row[f"translation{wrong}"][options.target]))
            lines["img.order"].append(name)
    for name, texts in lines.items():
        (partial / name).write_text("\n".join(texts) + "\n", encoding="utf-8")
    partial.rename(options.out)
    print(f"unpie: {options.out}: {len(lines['src.en'])} pairs, {missing} without an image", file=sys.stderr)


if __name__ == "__main__":
    main()
