"""Swift as tokens: just enough to find places to change in text that swift-format has put in order.

The formatter's rules do most of the work: a binary operator has a space on both sides, a brace that opens a block ends its
line or is followed by a space, and a line that continues a statement shows it at its beginning. Rejected: swift-syntax,
an exact tree for four more minutes of building. If this misreads something, the mutant does not compile and does not
count, or no mutant is made there at all.
"""

import dataclasses
import re

OPENING = {"(": ")", "[": "]", "{": "}"}
OPERATOR = r"[/=\-+!*%<>&|^~?]+|\.\.\.|\.\.<"
PATTERN = re.compile(
    r"(?P<space>[ \t\n]+)|(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<directive>#(?:if|elseif|else|endif)\b[^\n]*)"
    r"|(?P<number>0[xX][0-9A-Fa-f_.]+(?:[pP][+-]?\d+)?|0b[01_]+|\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?)"
    r"|(?P<word>[@#$\\]?[A-Za-z_]\w*|\$\d+|`[^`]*`)|(?P<operator>" + OPERATOR + r")|(?P<mark>.)",
    re.S,
)


@dataclasses.dataclass
class Token:
    kind: str
    text: str
    start: int
    end: int
    line: int
    # Whether a space, or the end of a line or of the file, is before it, and after it.
    spaced_before: bool = True
    spaced_after: bool = True
    # Whether it is the first on its line.
    is_first: bool = False
    # The index of the matching bracket.
    partner: int = -1

    @property
    def is_binary(self):
        return self.kind == "operator" and self.spaced_before and self.spaced_after


def end_of_string(text, start):
    """The position after a string literal, whatever it interpolates."""
    quote = '"""' if text.startswith('"""', start) else '"'
    at = start + len(quote)
    while not text.startswith(quote, at):
        if text.startswith("\\(", at):
            depth, at = 1, at + 2
            while depth:
                if text[at] == '"':
                    at = end_of_string(text, at)
                    continue
                depth += {"(": 1, ")": -1}.get(text[at], 0)
                at += 1
        else:
            at += 2 if text[at] == "\\" else 1
    return at + len(quote)


def tokens(text):
    """The tokens of a file, without comments. The core has no `#if`, so all of it is always compiled."""
    found, at, line, is_first = [], 0, 1, True
    while at < len(text):
        if text[at] == '"':
            kind, end = "string", end_of_string(text, at)
        else:
            match = PATTERN.match(text, at)
            kind, end = match.lastgroup, match.end()
        piece = text[at:end]
        if kind == "directive":
            raise SystemExit(f"line {line}: {piece.strip()}: the core has no conditions of the compiler")
        if kind not in ("space", "comment"):
            token = Token(kind, piece, at, end, line)
            token.spaced_before = at == 0 or text[at - 1] in " \t\n"
            token.spaced_after = end == len(text) or text[end] in " \t\n"
            token.is_first = is_first
            found.append(token)
        if kind not in ("space", "comment"):
            is_first = False
        if "\n" in piece:
            is_first = kind == "space" or is_first
        line += piece.count("\n")
        at = end
    open_brackets = []
    for index, token in enumerate(found):
        if token.text in OPENING and token.kind == "mark":
            open_brackets.append(index)
        elif token.text in OPENING.values() and token.kind == "mark":
            token.partner = open_brackets.pop()
            found[token.partner].partner = index
    return found
