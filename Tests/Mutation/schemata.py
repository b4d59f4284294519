"""Writes all mutants into one copy of the sources. When the process starts, it reads which of them is active.

Each place becomes an inlined call, so that type checking does not get harder. An operator becomes a new operator, so that
we need not know what is on its left. Lines do not move, so that an error names the line of the original.
"""

import dataclasses

# Each place needs an operator of its own; three of these characters make 4,096.
SYMBOLS = "⊕⊖⊗⊘⊙⊚⊛⊜⊝⊞⊟⊠⊡⊢⊣⊤"

HEAD = """// Which mutant is active, and what the changed places call. Generated.

import MutantNumber

enum Mutant {
  @inline(__always) static var active: Int32 { mutant_number }

  @inline(__always) static func condition(_ yes: Int32, _ no: Int32, _ value: Bool) -> Bool {
    active == yes ? true : active == no ? false : value
  }

  @inline(__always) static func choose<T>(_ first: Int32, _ value: T, _ changed: T) -> T {
    active == first ? changed : value
  }

  @inline(__always) static func choose<T>(_ first: Int32, _ value: T, _ changed: T, _ second: Int32, _ other: T) -> T {
    active == first ? changed : active == second ? other : value
  }

  @inline(__always) static func min<T: Comparable>(_ one: Int32, _ two: Int32, _ left: T, _ right: T) -> T {
    active == one ? left : active == two ? right : Swift.min(left, right)
  }

  @inline(__always) static func max<T: Comparable>(_ one: Int32, _ two: Int32, _ left: T, _ right: T) -> T {
    active == one ? left : active == two ? right : Swift.max(left, right)
  }
}
"""


@dataclasses.dataclass
class Edit:
    """How one place changes: text before it, text after it, or text that replaces it."""

    start: int
    end: int
    before: str = ""
    after: str = ""
    instead: str | None = None


def number_of(mutants, change):
    """The number of the mutant with this change, or one that is never active."""
    return next((mutant.number for mutant in mutants if mutant.change == change), -1)


def operator_functions(name, mutants):
    """The declaration of an operator, and what it does for each mutant."""
    first = mutants[0]
    kind, original = first.place, (first.detail or ("",))[0]
    inline = "@inline(__always) "

    def function(signature, results, default):
        choice = "".join(f"Mutant.active == {number} ? {result} : " for number, result in results)
        return f"{inline}func {name} {signature} {{ {choice}{default} }}"

    def simple(signature, before="l", after="r"):
        results = [(mutant.number, f"{before} {mutant.change} {after}") for mutant in mutants]
        return function(signature, results, f"{before} {original} {after}")

    if kind == "comparison":
        precedence = "ComparisonPrecedence"
        if first.detail[1] == "nil":
            return precedence, [simple("<T>(_ l: T?, _ r: _OptionalNilComparisonType) -> Bool")]
        law = "Equatable" if original in ("==", "!=") else "Comparable"
        return precedence, [
            simple(f"<T: {law}>(_ l: T, _ r: T) -> Bool"),
            simple(f"<A: {law}, B: {law}>(_ l: (A, B), _ r: (A, B)) -> Bool"),
            simple(f"<A: {law}, B: {law}, C: {law}>(_ l: (A, B, C), _ r: (A, B, C)) -> Bool"),
        ]
    if kind == "logic":
        both, either = ("&&", "||") if original == "&&" else ("||", "&&")
        by_change = {"the other": f"l {either} r()", "left": "l", "right": "r()"}
        results = [(mutant.number, by_change[mutant.change]) for mutant in mutants]
        precedence = "LogicalConjunctionPrecedence" if original == "&&" else "LogicalDisjunctionPrecedence"
        return precedence, [function("(_ l: Bool, _ r: @autoclosure () -> Bool) -> Bool", results, f"l {both} r()")]
    if kind == "default":
        results = [(first.number, "r()")]
        return "NilCoalescingPrecedence", [
            function("<T>(_ l: T?, _ r: @autoclosure () -> T) -> T", results, "l ?? r()"),
            function("<T>(_ l: T?, _ r: @autoclosure () -> T?) -> T?", results, "l ?? r()"),
        ]
    if kind == "range":
        results = {"one more": "l..<(r.advanced(by: 1))", "one less": "(l < r ? l.advanced(by: 1) : l)..<r"}
        results = [(mutant.number, results[mutant.change]) for mutant in mutants]
        signature = "<T: Strideable>(_ l: T, _ r: T) -> Range<T> where T.Stride: SignedInteger"
        return "RangeFormationPrecedence", [function(signature, results, "l..<r")]
    if original.endswith("="):
        law = "FixedWidthInteger" if original.startswith("&") else "AdditiveArithmetic"
        law = "BinaryInteger" if original == "|=" else law
        body = f"if Mutant.active == {first.number} {{ l {first.change} r }} else {{ l {original} r }}"
        return "AssignmentPrecedence", [f"{inline}func {name} <T: {law}>(_ l: inout T, _ r: T) {{ {body} }}"]
    if original in ("+", "-"):
        extra = [simple("(_ l: Instant, _ r: Duration) -> Instant")]
        if original == "-":
            extra.append(function("(_ l: Instant, _ r: Instant) -> Duration", [(first.number, "r - l")], "l - r"))
        return "AdditionPrecedence", [simple("<T: AdditiveArithmetic>(_ l: T, _ r: T) -> T")] + extra
    if original in ("&+", "&-"):
        return "AdditionPrecedence", [simple("<T: FixedWidthInteger>(_ l: T, _ r: T) -> T")]
    if original == "&*":
        return "MultiplicationPrecedence", [simple("<T: FixedWidthInteger>(_ l: T, _ r: T) -> T")]
    if original in (">>", "<<"):
        return "BitwiseShiftPrecedence", [simple("<T: BinaryInteger, U: BinaryInteger>(_ l: T, _ r: U) -> T")]
    precedence = "AdditionPrecedence" if original in ("|", "^") else "MultiplicationPrecedence"
    functions = [simple("<T: BinaryInteger>(_ l: T, _ r: T) -> T")]
    if original in ("*", "/"):
        functions.append(simple("<T: FloatingPoint>(_ l: T, _ r: T) -> T"))
        functions.append(simple("(_ l: Duration, _ r: Int) -> Duration"))
    return precedence, functions


def edits_of(mutants, source, declare):
    """How the mutants of one place change it."""
    first = mutants[0]
    edit = Edit(first.start, first.end)
    if first.place == "condition":
        edit.before = f"Mutant.condition({number_of(mutants, 'true')}, {number_of(mutants, 'false')}, "
        edit.after = ")"
    elif first.place == "statement":
        edit.before, edit.after = f"if Mutant.active != {first.number} {{ ", " }"
    elif first.place == "void":
        edit.before, edit.after = f"Mutant.active == {first.number} ? () : (", ")"
    elif first.place == "insert":
        texts = [f"if Mutant.active == {mutant.number} {{ return {mutant.detail[0]} }}; " for mutant in mutants]
        edit.before = "".join(texts)
    elif first.place == "number":
        original = source[first.start : first.end]
        others = [f"{original}, {first.change}"] + [f"{other.number}, {other.change}" for other in mutants[1:]]
        edit.instead = f"Mutant.choose({first.number}, {', '.join(others)})"
    elif first.place == "extreme":
        numbers = f"{number_of(mutants, 'the first')}, {number_of(mutants, 'the second')}"
        edit.instead = f"Mutant.{first.detail[0]}({numbers}, "
    elif first.place == "swap":
        pairs = (first.detail, first.detail[::-1])
        texts = [source[slice(*one)] + ", " + source[slice(*other)] for one, other in pairs]
        return [Edit(*pair[0], instead=f"Mutant.choose({first.number}, {text})") for pair, text in zip(pairs, texts)]
    elif first.place == "not":
        edit.instead = declare("prefix", mutants)
    else:
        edit.instead = declare("infix", mutants)
    return [edit]


class Copy:
    """The changed text of all files, and where in it each mutant stands."""

    def __init__(self, sources, mutants):
        self.declarations, self.texts, self.spots = [], {}, {}
        by_file = {path: {} for path in sources}
        for mutant in mutants:
            # Two arguments of one call may both be swapped with a third, so each place gets only one swap.
            by_file[mutant.file].setdefault((mutant.start, mutant.end, mutant.place), []).append(mutant)
        for path, places in by_file.items():
            self.write(path, sources[path], places)
        self.support = HEAD + "\n" + "\n".join(self.declarations) + "\n"

    def declare(self, fixity, mutants):
        at = len(self.declarations)
        name = "".join(SYMBOLS[at // size % 16] for size in (256, 16, 1))
        if fixity == "prefix":
            body = f"Mutant.active == {mutants[0].number} ? value : !value"
            declared = f"prefix operator {name}\n@inline(__always) prefix func {name} (_ value: Bool) -> Bool {{ {body} }}"
        else:
            precedence, functions = operator_functions(name, mutants)
            declared = f"infix operator {name}: {precedence}\n" + "\n".join(functions)
        self.declarations.append(declared)
        return name

    def write(self, path, source, places):
        edits = []
        for mutants in places.values():
            edits += [(edit, mutants) for edit in edits_of(mutants, source, self.declare)]
        # Pieces to insert: where, in which order at one point, and what. Ends come before beginnings; of the beginnings,
        # the one that ends last comes first.
        pieces = []
        for edit, mutants in edits:
            if edit.instead is not None:
                pieces.append((edit.start, 2, -edit.end, edit.instead, edit.end, mutants))
                continue
            begins = 0 if edit.start == edit.end else 1
            pieces.append((edit.start, begins, -edit.end, edit.before, edit.start, mutants))
            if edit.after:
                pieces.append((edit.end, -1, -edit.start, edit.after, edit.end, mutants))
        pieces.sort(key=lambda piece: piece[:3])
        output, at, length, spots = [], 0, 0, []
        for start, _, _, text, resume, mutants in pieces:
            if start < at:
                # Inside a replaced text already (an argument in two swaps): left out, and not counted.
                spots.append((-1, -1, mutants))
                continue
            output += [source[at:start], text]
            length += start - at
            spots.append((length, length + len(text), mutants))
            length += len(text)
            at = resume
        output.append(source[at:])
        self.texts[path], self.spots[path] = "".join(output), spots

    def overlapping(self):
        """Mutants that could not be written."""
        return {m.number for spots in self.spots.values() for start, _, mutants in spots if start < 0 for m in mutants}

    def blamed(self, path, line, column):
        """The mutants to leave out because of an error in the copy: the nearest on its line, or all on it."""
        lines = self.texts[path].split("\n")
        begin = sum(len(text) + 1 for text in lines[: line - 1])
        end = begin + len(lines[line - 1])
        # The compiler counts columns in bytes.
        position = begin + len(lines[line - 1].encode()[: column - 1].decode(errors="ignore"))
        near = [(abs(start - position), mutants) for start, _, mutants in self.spots[path] if begin <= start <= end]
        if not near:
            # The line belongs to something that began further up.
            near = [(position - start, mutants) for start, _, mutants in self.spots[path] if 0 <= start <= position]
        return {mutant.number for mutant in min(near, key=lambda pair: pair[0])[1]} if near else set()
