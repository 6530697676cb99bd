"""Prints the table of corpus/html_entity_table.ts: the character references of HTML that end in a semicolon."""

from html.entities import html5
from textwrap import wrap

pairs = (
    f"{name[:-1]}:{'+'.join(f'{ord(character):x}' for character in text)}"
    for name, text in html5.items()
    if name.endswith(";")
)
for line in wrap(" ".join(pairs), 118, break_long_words=False, break_on_hyphens=False):
    print(line)
