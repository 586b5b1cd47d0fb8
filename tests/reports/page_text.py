"""Reads a page as a strict reader would: its texts, its titles, and what it would load."""

from html.parser import HTMLParser

VOID = {"meta", "br", "link", "img", "input"}


class Reader(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.said, self.open = [], [], [], []
        self.unbalanced = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append((tag, self.getpos()))

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.said.append(" ".join(data.split()))

    @property
    def text(self):
        return " ".join(filter(None, self.said))
