"""Finds the places where a Swift file can be changed. A walk through its blocks finds statements, conditions and bodies;
then a scan finds operators and numbers anywhere."""

import dataclasses

from swift_text import Token, tokens

TYPES = ("struct", "enum", "extension", "class", "protocol", "actor")
ACCESSORS = ("get", "set", "willSet", "didSet", "_read", "_modify")
# Checks of debug builds, and capacity reserved for speed: by design, the program does the same without them.
NO_MATTER = ("assert", "assertionFailure", "precondition", "preconditionFailure", "reserveCapacity")
# The other side of each comparison's boundary, and the opposite of each equality.
BOUNDARY = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
OPPOSITE = {"==": "!=", "!=": "=="}
ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "&+": "&-", "&-": "&+", "&*": "&+", "&": "|", "|": "&"}
ARITHMETIC |= {"^": "&", ">>": "<<", "<<": ">>", "+=": "-=", "-=": "+=", "&+=": "&-=", "&-=": "&+=", "|=": "&="}


@dataclasses.dataclass
class Mutant:
    """One change. Changes at the same place are written into the copy together."""

    file: str
    function: str
    line: int
    # The kind of place, which decides how the copy is written; and the name of the change.
    place: str
    change: str
    start: int
    end: int
    # The text that replaces the original in messages.
    shown: str
    detail: tuple = ()
    key: str = ""
    number: int = 0


class Finder:
    def __init__(self, path, text):
        self.path, self.text, self.tokens = path, text, tokens(text)
        self.mutants = []
        # Ranges of tokens in which nothing is changed: patterns, attributes, raw values, signatures.
        self.closed = []
        # Functions and variables with their ranges of tokens, for names.
        self.named = []
        # Conditions that are one comparison: always true and always false already cover its negation.
        self.sole = set()
        self.members(0, len(self.tokens))
        self.operators()
        self.give_keys()

    # MARK: Blocks

    def body(self, index):
        """The tokens within the bracket at this index."""
        return index + 1, self.tokens[index].partner

    def members(self, at, end):
        """Declarations of a file or a type."""
        while at < end:
            token = self.tokens[at]
            if token.text in TYPES and token.kind == "word" and not self.tokens[at - 1].text == ".":
                opening = self.seek("{", at, end)
                self.closed.append((at, opening))
                self.members(*self.body(opening))
                at = self.tokens[opening].partner + 1
            elif token.text in ("func", "init", "subscript") and token.kind == "word":
                at = self.function(at, end)
            elif token.text in ("var", "let"):
                at = self.variable(at, end)
            elif token.text == "case":
                start = at
                at = self.end_of_statement(at, end)
                self.closed.append((start, at))
            else:
                if token.text.startswith("@") or token.text == "#expect":
                    if self.tokens[at + 1].text == "(":
                        self.closed.append((at, self.tokens[at + 1].partner))
                at += 1

    def seek(self, text, at, end):
        """The index of the next token with this text outside of all brackets."""
        while at < end and self.tokens[at].text != text:
            token = self.tokens[at]
            at = (token.partner if token.text in ("(", "[", "{") and token.kind == "mark" else at) + 1
        return at

    def function(self, at, end):
        """A function, an initialiser or a subscript: its default values, then its body."""
        kind, start = self.tokens[at].text, at
        name = self.tokens[at + 1].text if kind == "func" else kind
        at += 1
        while self.tokens[at].text != "(":
            at += 1
        closing = self.tokens[at].partner
        self.closed.append((start, at + 1))
        opening = closing + 1
        while opening < end and self.tokens[opening].text != "{":
            if self.tokens[opening].text in ("func", "var", "let", "case", "}"):
                return opening
            opening += 1
        if opening == end:
            return end
        kept = self.tokens[closing + 1 : opening]
        result = "".join(token.text for token in kept).partition("->")[2].partition("where")[0]
        self.closed.append((closing + 1, opening))
        self.named.append((start, self.tokens[opening].partner, name))
        if kind == "subscript":
            self.accessors(opening, result)
        else:
            self.code(opening, result, name)
        return self.tokens[opening].partner + 1

    def variable(self, at, end):
        """A stored or computed property: its initial value, or what its accessors do."""
        start, name = at, self.tokens[at + 1].text
        equals, opening = at, None
        stop = self.end_of_statement(at, end)
        while equals < stop and self.tokens[equals].text not in ("=", "{"):
            token = self.tokens[equals]
            equals = (token.partner if token.text in ("(", "[") else equals) + 1
        type_name = "".join(token.text for token in self.tokens[at + 2 : equals]).removeprefix(":")
        self.closed.append((at, equals))
        if equals < stop and self.tokens[equals].text == "{":
            opening = equals
        elif self.tokens[stop - 1].text == "}" and self.tokens[self.tokens[stop - 1].partner + 1].text in ACCESSORS:
            opening = self.tokens[stop - 1].partner
        self.named.append((start, stop, name))
        if opening is not None:
            self.accessors(opening, type_name)
        self.closures(equals, opening if opening is not None else stop)
        return stop

    def accessors(self, opening, type_name):
        at, end = self.body(opening)
        if at < end and self.tokens[at].text in ACCESSORS:
            while at < end:
                block = self.seek("{", at, end)
                self.code(block, type_name if self.tokens[at].text == "get" else "", "")
                at = self.tokens[block].partner + 1
        else:
            self.code(opening, type_name, "")

    def code(self, opening, result, name):
        """The body of a function: each statement, and the body as a whole."""
        at, end = self.body(opening)
        is_init = name == "init"
        count = self.statements(at, end, is_void=not (result or is_init), is_init=is_init, is_value=bool(result))
        if count == 0 or name in ("<", "=="):
            return
        first = self.tokens[at]
        whole = {"": "", "Bool": "true false"}.get(result, "nil" if result.endswith("?") else None)
        if whole is None or is_init or (count == 1 and not result):
            return
        is_single = count == 1 and self.is_expression(at)
        if is_single and result == "Bool":
            self.condition(at, end, "body")
        elif not is_single:
            for value in whole.split() or [""]:
                shown = f"return {value}".strip() + " at once"
                self.add("insert", shown, first.start, first.start, shown + "; ", (value,), line=first.line)

    def is_expression(self, at):
        return self.tokens[at].text not in ("if", "switch", "for", "while", "do", "guard", "let", "var", "return")

    # MARK: Statements

    def statements(self, at, end, is_void=False, is_init=False, is_value=False):
        """Changes the statements of a block, and returns how many there are."""
        count, single = 0, self.end_of_statement(at, end) >= end
        while at < end:
            count += 1
            at = self.statement(at, end, is_void, is_init, is_value and single)
            while at < end and self.tokens[at].text == ";":
                at += 1
        return count

    def statement(self, at, end, is_void, is_init, is_value):
        word = self.tokens[at].text
        if word in ("if", "guard", "while"):
            return self.conditional(at, end, is_void, is_init, is_value)
        if word == "for":
            opening = self.seek("{", at, end)
            where = self.seek("where", at, opening)
            self.closures(at, where)
            if where < opening:
                self.condition(where + 1, opening, "where")
            self.statements(*self.body(opening), is_void, is_init)
            return self.tokens[opening].partner + 1
        if word in ("do", "defer", "repeat", "else", "catch"):
            opening = self.seek("{", at, end)
            self.statements(*self.body(opening), is_void, is_init)
            return self.tokens[opening].partner + 1
        if word == "switch":
            opening = self.seek("{", at, end)
            self.closures(at, opening)
            self.cases(opening, is_void, is_init, is_value)
            return self.tokens[opening].partner + 1
        if word in ("func",) + TYPES:
            stop = self.end_of_statement(at, end)
            self.members(at, stop)
            return stop
        if word in ("let", "var"):
            return self.variable(at, end)
        stop = self.end_of_statement(at, end)
        self.closures(at, stop)
        self.removal(at, stop, is_void, is_init, is_value)
        return stop

    def conditional(self, at, end, is_void, is_init, is_value):
        """`if`, `guard` and `while`, with their `else` branches."""
        kind = self.tokens[at].text
        opening = self.seek("else" if kind == "guard" else "{", at + 1, end)
        clause = at + 1
        while clause < opening:
            comma = self.seek(",", clause, opening)
            self.clause(clause, min(comma, opening), kind)
            clause = comma + 1
        if kind == "guard":
            opening += 1
        self.statements(*self.body(opening), is_void, is_init, is_value)
        at = self.tokens[opening].partner + 1
        if kind == "if" and at < end and self.tokens[at].text == "else":
            if self.tokens[at + 1].text == "if":
                return self.conditional(at + 1, end, is_void, is_init, is_value)
            self.statements(*self.body(at + 1), is_void, is_init, is_value)
            return self.tokens[at + 1].partner + 1
        return at

    def clause(self, at, end, kind):
        first = self.tokens[at].text
        if first in ("let", "var", "case"):
            equals = self.seek("=", at, end)
            self.closed.append((at, equals))
            self.closures(equals, end)
        else:
            self.condition(at, end, kind)

    def cases(self, opening, is_void, is_init, is_value):
        at, end = self.body(opening)
        while at < end:
            # A `case` label: nothing in a pattern can be a call.
            colon = self.seek(":", at, end)
            where = self.seek("where", at, colon)
            self.closed.append((at, where))
            if where < colon:
                self.condition(where + 1, colon, "where")
            at = colon + 1
            stop = at
            while stop < end and not (self.tokens[stop].text in ("case", "default") and self.tokens[stop].is_first):
                token = self.tokens[stop]
                stop = (token.partner if token.text in ("(", "[", "{") else stop) + 1
            self.statements(at, stop, is_void, is_init, is_value)
            at = stop

    def closures(self, at, end):
        """The closures in an expression."""
        while at < end:
            token = self.tokens[at]
            if token.text == "{" and token.kind == "mark":
                start, stop = self.body(at)
                inner = start
                while inner < stop and self.tokens[inner].text not in ("in", "{", "("):
                    inner += 1
                if inner < stop and self.tokens[inner].text == "(":
                    inner = self.tokens[inner].partner + 1
                    while inner < stop and self.tokens[inner].text not in ("in", "{", "."):
                        inner += 1
                if inner < stop and self.tokens[inner].text == "in":
                    self.closed.append((start, inner + 1))
                    start = inner + 1
                self.statements(start, stop, is_value=True)
                at = stop
            at += 1

    def end_of_statement(self, at, end):
        """The index after the last token of a statement."""
        while at < end:
            token = self.tokens[at]
            if token.text == ";":
                return at
            if token.text in ("(", "[", "{") and token.kind == "mark":
                at = token.partner
            following = self.tokens[at + 1] if at + 1 < end else None
            if following is None:
                return end
            goes_on = self.tokens[at].is_binary or self.tokens[at].text in (",", "=", "return", ":")
            if following.is_first and not goes_on:
                joins = following.is_binary or following.text in (".", "{", "else", "?", ":", "catch", "->", "where", "?.")
                if not joins:
                    return at + 1
            at += 1
        return end

    def removal(self, at, end, is_void, is_init, is_value):
        """A call or an assignment that can be left out."""
        words = [token.text for token in self.tokens[at:end]]
        last = self.tokens[end - 1]
        is_call = words[-1] in (")", "}") and words[0] not in ("return", "throw", "break", "continue", "super", "self")
        is_assignment = any(
            token.is_binary and token.text.endswith("=") and token.text not in ("==", "!=", "<=", ">=")
            for token in self.outside(at, end)
        )
        if words[0] == "return" and len(words) > 1 and is_void:
            text = self.text[self.tokens[at + 1].start : last.end]
            return self.add("void", "no call", self.tokens[at + 1].start, last.end, text)
        if any(word in NO_MATTER for word in words) or words[0] in ("return", "throw", "break", "continue", "case"):
            return None
        if is_init and (is_assignment or words[0] == "self"):
            return None
        if is_assignment or (is_call and not is_value):
            self.add("statement", "removed", self.tokens[at].start, last.end, "")
        return None

    def outside(self, at, end):
        """The tokens outside of all brackets."""
        while at < end:
            token = self.tokens[at]
            yield token
            at = (token.partner if token.text in ("(", "[", "{") and token.kind == "mark" else at) + 1

    def condition(self, at, end, kind):
        """A condition: always true, and always false."""
        start, stop = self.tokens[at].start, self.tokens[end - 1].end
        binary = [token for token in self.outside(at, end) if token.is_binary]
        if len(binary) <= 1:
            self.sole.add(binary[0].start if binary else start)
        for value in ("true", "false"):
            # An endless loop tells us nothing.
            if (kind, value) != ("while", "true"):
                self.add("condition", value, start, stop, value, (value,))
        self.closures(at, end)

    # MARK: Operators and numbers

    def operators(self):
        closed = [False] * len(self.tokens)
        for start, end in self.closed:
            closed[start:end] = [True] * (end - start)
        for index, token in enumerate(self.tokens):
            if closed[index]:
                continue
            before = self.tokens[index - 1] if index else token
            after = self.tokens[index + 1] if index + 1 < len(self.tokens) else token
            if token.kind == "number":
                # The 0 in `pair.0` is not a number, and adding 0 is the same as not adding.
                if not (before.text == "." and before.end == token.start):
                    self.number_at(token, is_step=before.text in ("+=", "-="))
            elif token.is_binary:
                self.binary(index, token, after)
            elif token.text == "..<" and before.end == token.start and token.end == after.start:
                self.add("range", "one more", token.start, token.end, "..<(1 +)")
                self.add("range", "one less", token.start, token.end, "(1 +)..<")
            elif token.text == "!" and token.end == after.start and (token.spaced_before or before.text in ("(", "[")):
                if token.start not in self.sole:
                    self.add("not", "! dropped", token.start, token.end, "")
            elif token.text in ("min", "max") and after.text == "(" and token.end == after.start and before.text != ".":
                if before.text != "func":
                    for change in ("the first", "the second"):
                        self.add("extreme", change, token.start, after.end, f"{change} of (", (token.text,))
            elif token.text == "(" and token.kind == "mark" and not token.spaced_before:
                self.arguments(index)

    def number_at(self, token, is_step):
        text = token.text.replace("_", "")
        if text.startswith(("0x", "0b")):
            changed = [token.text + " + 1"]
        elif "." in text or "e" in text:
            changed = [f"{float(text) * 2:g}", f"{float(text) / 2:g}"]
        elif int(text) <= 8:
            changed = [str(int(text) + 1)] + ([str(int(text) - 1)] if int(text) else [])
        else:
            changed = [str(int(text) * 10), str(int(text) // 10)]
        for value in changed:
            if value != text and not (is_step and value == "0"):
                self.add("number", value, token.start, token.end, value, (value,))

    def binary(self, index, token, after):
        text = token.text
        if text in BOUNDARY:
            self.add("comparison", BOUNDARY[text], token.start, token.end, BOUNDARY[text], (text, ""))
        elif text in OPPOSITE and token.start not in self.sole:
            detail = (text, "nil" if after.text == "nil" else "")
            self.add("comparison", OPPOSITE[text], token.start, token.end, OPPOSITE[text], detail)
        elif text in ("&&", "||") and token.start:
            for change in ("the other", "left", "right"):
                shown = {"the other": "||" if text == "&&" else "&&"}.get(change, f"{text}, only the {change}")
                self.add("logic", change, token.start, token.end, shown, (text,))
        elif text in ARITHMETIC:
            self.add("arithmetic", ARITHMETIC[text], token.start, token.end, ARITHMETIC[text], (text,))
        elif text == "??":
            self.add("default", "the default", token.start, token.end, "?? always", ())
        elif text == "?":
            self.ternary(index)

    def ternary(self, index):
        """The condition of a `? :`, back to where its expression begins."""
        at = index - 1
        stops = ("return", "in", "else", "where", ",", "(", "[", "{", ":", "=", "?")
        while at >= 0:
            token = self.tokens[at]
            if token.text in (")", "]", "}") and token.kind == "mark":
                at = token.partner
            elif token.text in stops or (token.is_binary and token.text in ("+=", "-=")):
                break
            at -= 1
        self.condition(at + 1, index, "choice")

    def arguments(self, opening):
        """Two arguments of one call that are names or paths, exchanged."""
        at, end = self.body(opening)
        plain, start = [], at
        if self.tokens[opening - 1].text in ("min", "max"):
            return
        while start < end:
            stop = min(self.seek(",", start, end), end)
            words = self.tokens[start:stop]
            if len(words) > 2 and words[1].text == ":":
                words = words[2:]
            if words and all(token.kind == "word" or token.text == "." for token in words) and words[0].text != ".":
                plain.append((words[0].start, words[-1].end))
            start = stop + 1
        for first, second in zip(plain, plain[1:]):
            left, right = self.text[slice(*first)], self.text[slice(*second)]
            if left != right and not {"nil", "true", "false"} & {left, right}:
                self.add("swap", "swapped", first[0], second[1], f"{right} and {left}", (first, second))

    # MARK: Names

    def add(self, place, change, start, end, shown, detail=(), line=None):
        if line is None:
            line = self.text.count("\n", 0, start) + 1
        self.mutants.append(Mutant(self.path, "", line, place, change, start, end, shown, detail))

    def give_keys(self):
        """Names each change by its file, its function and the text of its place, which stay valid when lines shift."""
        seen = {}
        for mutant in sorted(self.mutants, key=lambda mutant: (mutant.start, -mutant.end)):
            around = [
                (end - start, name)
                for start, end, name in self.named
                if self.tokens[start].start <= mutant.start and mutant.end <= self.tokens[min(end, len(self.tokens) - 1)].end
            ]
            # The outermost, because the innermost may be a variable inside a function, which is harder to find.
            mutant.function = max(around)[1] if around else "-"
            begin = self.text.rfind("\n", 0, mutant.start) + 1
            finish = self.text.find("\n", mutant.end)
            old = " ".join(self.text[mutant.start : mutant.end].split())
            if len(old) > 90:
                old = f"{old[:60]} … {old[-20:]}"
            piece = f"{self.text[begin : mutant.start]}[{old} => {mutant.shown}]{self.text[mutant.end : finish]}"
            text = f"{self.path} | {mutant.function} | {' '.join(piece.split())}"
            seen[text] = seen.get(text, 0) + 1
            mutant.key = text + (f" | {seen[text]}" if seen[text] > 1 else "")


def find(path, text):
    return Finder(path, text).mutants
