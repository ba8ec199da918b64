"""The image of README.md: a scene, its caption, both translations, and where the model looked.

    python3 recipes/shapes/example.py RUN CORPUS LINE OTHER WORD > recipes/shapes/example.svg

RUN was trained with --set model.fusion=selective; LINE and OTHER are numbers of test scenes, WORD is the word of the caption whose look is shown.
Standard library only; `penalmt` is found on the PATH.
"""
import base64
import gzip
import json
import subprocess
import sys

run, corpus, line, other, word = sys.argv[1:]
sentence = gzip.open(f"{corpus}/raw/test.en.gz", "rt", encoding="utf-8").read().splitlines()[int(line) - 1]
SIDE = 192


def translated(number):
    """The translation with that scene's image, and the attention of WORD over its regions, row by row."""
    name = f"test-{int(number):06}.png"
    request = json.dumps({"source": sentence, "image": name})
    command = ["penalmt", "translate", run, "--json", "--json-input", "--image-root", f"{corpus}/images", "--threads", "1"]
    answer = json.loads(subprocess.run(command, input=request, capture_output=True, text=True, check=True).stdout)
    use = answer["image_use"]
    look = use["attention"][use["tokens"].index("▁" + word)]
    pixels = base64.b64encode(open(f"{corpus}/images/{name}", "rb").read()).decode()
    return answer["translation"], look, pixels


def panel(left, title, number):
    text, look, pixels = translated(number)
    columns = round(len(look) ** 0.5)
    size = SIDE / columns
    parts = [f'<text x="{left + SIDE / 2}" y="64" class="small">{title}</text>',
             f'<image x="{left}" y="76" width="{SIDE}" height="{SIDE}" href="data:image/png;base64,{pixels}"/>']
    for region, weight in enumerate(look):  # dark where the model did not look
        x, y = left + region % columns * size, 76 + region // columns * size
        shade = 0.55 * (1 - weight / max(look))
        parts.append(f'<rect x="{x:g}" y="{y:g}" width="{size:g}" height="{size:g}" fill="#000" fill-opacity="{shade:.2f}"/>')
    parts.append(f'<text x="{left + SIDE / 2}" y="{76 + SIDE + 30}">{text}</text>')
    return "\n".join(parts)


print(f'''<svg xmlns="http://www.w3.org/2000/svg" width="640" height="330" font-family="sans-serif" font-size="16" text-anchor="middle">
<style>.small {{ font-size: 13px; fill: #666 }}</style>
<rect width="640" height="330" fill="#fff"/>
<text x="320" y="34" font-size="18">{sentence}</text>
{panel(64, "its own image", line)}
{panel(640 - 64 - SIDE, "another image", other)}
<text x="320" y="322" class="small">bright: where “{word}” looked</text>
</svg>''')
