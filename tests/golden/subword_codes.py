"""Codes of subword-nmt and the pieces that it cuts lines into.

    pip install subword-nmt==0.3.8
    python tests/golden/subword_codes.py      writes subword_codes/codes and pieces.json

pieces.json: lines, and their pieces by `subword-nmt apply-bpe`: by the codes as they are ("0.2"), and
by the same merges read as version 0.1, where the end of a word is a piece of its own at first.
"""
import io
import json
import pathlib

from subword_nmt.apply_bpe import BPE
from subword_nmt.learn_bpe import learn_bpe

OUT = pathlib.Path(__file__).resolve().parent / "subword_codes"
WORDS = ("ein eine kleine großer hund hunde rennt rannte springt über unter der die das wiese wiesen "
         "straße mann männer frau frauen rotes blaues ball bälle und mit zwei drei häuser haus . ,")
# Words that were seen and words that were not, repeated characters, marks of its own, odd spaces.
LINES = ["ein kleiner hund rennt über die wiese .", "zwei männer und drei frauen", "großes straßenhaus",
         "hhhhhh", "nnnnnnnnn hundhundhund", "a", "ä", "Quagga 42 % </w> w>", "low@@ er @@",
         "  zwei   hunde ", "", "日本 語", "wie\tdas", "rotes,blaues", "eine e", "eeee eee ee",
         "männer-häuser.", "und</w> der", "dasdas"]


def text():
    words = WORDS.split()
    return "\n".join(" ".join(words[(7 * i * i + 13 * k * k + i * k) % len(words)]
                              for k in range(3 + i % 6)) for i in range(300))


def main():
    OUT.mkdir(exist_ok=True)
    codes = io.StringIO()
    learn_bpe(io.StringIO(text()), codes, 120)
    (OUT / "codes").write_text(codes.getvalue(), encoding="utf-8")
    # Read as 0.1, "e n</w>" would never come: the end stands alone there, "n </w>" and "e n".
    merges = codes.getvalue().split("\n", 1)[1].replace("</w>", "")
    first = "#version: 0.1\n" + "".join(
        line + "\n" + (line.split()[-1] + " </w>\n" if number % 3 == 0 and line else "")
        for number, line in enumerate(merges.splitlines()))
    (OUT / "codes-0.1").write_text(first, encoding="utf-8")
    found = {"lines": LINES}
    for version, given in (("0.2", codes.getvalue()), ("0.1", first)):
        bpe = BPE(io.StringIO(given))
        found[version] = [bpe.process_line(line).split(" ") if line.strip(" ") else []
                          for line in LINES]
        found[version] = [[piece for piece in pieces if piece] for pieces in found[version]]
    (OUT / "pieces.json").write_text(json.dumps(found, ensure_ascii=False, indent=0) + "\n",
                                     encoding="utf-8")


if __name__ == "__main__":
    main()
