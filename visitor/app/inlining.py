"""Components are written out where they are called, when a template is compiled.

A page of fifty rows calls a thousand small macros, and calling one costs several times what it writes. So before Jinja
turns a template into code, each `{{ macro(…) }}` and `{% call macro(…) %}` becomes the macro's own body: arguments that
are constant are put in, and branches that they decide are left out. What a page says stays the same to the letter, and
templates are written as Jinja has them.

A macro is written out only where that cannot change what a name means: all that its body names is its own, or is a
global of the environment. Anything else stays a call: macros within expressions, callers in loops, what is not known.
"""

import copy
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Final

from jinja2 import Environment, nodes

DEEPEST: Final = 12
"""Macros within macros; more would be a circle."""
CALLER: Final = "caller"


class Refused(Exception):
    """A macro cannot be written out here."""


@dataclass(slots=True)
class Library:
    """The macros that a template defines or imports, by the names that they have there."""

    macros: dict[str, "Known"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """A macro, and the macros that its own template knows."""

    macro: nodes.Macro
    library: Library


@dataclass(slots=True)
class Place:
    """Where nodes stand: in the template itself, or in a macro that is being written out there."""

    library: Library
    names: dict[str, nodes.Expr] | None = None
    """What the macro's own names have become; None in the template itself, where names stay."""
    caller: "tuple[list[nodes.Node], Place] | None" = None
    """What stands between `{% call %}` and `{% endcall %}`, and where."""
    branched: bool = False
    looped: bool = False
    depth: int = 0

    def inner(self, **changed: Any) -> "Place":
        """Return the inside of a branch or loop: what is named there is not known outside."""
        return replace(self, names=None if self.names is None else dict(self.names), **changed)


class Components:
    """The macros of an environment's templates; each template is read once."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._read: dict[str, Library] = {}

    def of(self, template: nodes.Template) -> Library:
        """Return the macros that a template knows."""
        found: dict[str, Known] = {}
        library = Library(found)
        for node in template.body:
            if isinstance(node, nodes.FromImport) and not node.with_context and isinstance(node.template, nodes.Const):
                theirs = self._named(node.template.value).macros
                pairs = [(name, name) if isinstance(name, str) else name for name in node.names]
                found |= {here: theirs[there] for there, here in pairs if there in theirs}
            elif isinstance(node, nodes.Macro):
                found[node.name] = Known(node, library)
        stored = {name.name for name in template.find_all(nodes.Name) if name.ctx == "store"}
        for name in stored:
            found.pop(name, None)
        return library

    def _named(self, name: str) -> Library:
        if name not in self._read:
            loader = self._environment.loader
            assert loader is not None
            source, filename, _fresh = loader.get_source(self._environment, name)
            self._read[name] = self.of(self._environment.parse(source, name, filename))
        return self._read[name]


class Inliner:
    """Writes the components of one template out."""

    def __init__(self, environment: Environment, components: Components, name: str | None) -> None:
        self._environment = environment
        self._components = components
        self._when_compiled = nodes.EvalContext(environment, name)
        self._numbers = count(1)

    def written_out(self, template: nodes.Template) -> nodes.Template:
        """Return the template with its components written out, and without imports that nothing needs any more."""
        made = nodes.Template(self._all(template.body, Place(self._components.of(template))), lineno=template.lineno)
        used = {name.name for name in made.find_all(nodes.Name)}
        made.body = [kept for node in made.body if (kept := _needed(node, used)) is not None]
        made.set_environment(self._environment)
        return made

    def _all(self, body: Iterable[nodes.Node], place: Place) -> list[nodes.Node]:
        return [made for node in body for made in self._statement(node, place)]

    def _statement(self, node: nodes.Node, place: Place) -> list[nodes.Node]:
        match node:
            case nodes.Output():
                return _together(part for child in node.nodes for part in self._printed(child, place))
            case nodes.If():
                return self._if(node, place)
            case nodes.CallBlock() if not node.args and (written := self._called(node.call, node.body, place)):
                return written
            case _ if place.names is None:
                return [self._kept(node, place)]
            case nodes.For():
                return [self._loop(node, place)]
            case nodes.Assign():
                return self._assign(node, place)
        raise Refused

    def _kept(self, node: nodes.Node, place: Place) -> nodes.Node:
        """Return a statement of the template itself, with what stands within it written out."""
        made = copy.copy(node)
        for name, value in node.iter_fields():
            if isinstance(value, list) and any(isinstance(part, nodes.Stmt) for part in value):
                setattr(made, name, self._all(value, place))
        return made

    def _printed(self, child: nodes.Expr, place: Place) -> list[nodes.Node]:
        """Return what an expression that is printed becomes: statements, expressions, or nothing."""
        if isinstance(child, nodes.CondExpr):
            return self._printed_choice(child, place)
        if isinstance(child, nodes.Call):
            if place.names is not None and _is_name(child.node, CALLER):
                return self._body_of_caller(place)
            written = self._called(child, None, place)
            if written is not None:
                return written
        return [self._expression(child, place)]

    def _printed_choice(self, child: nodes.CondExpr, place: Place) -> list[nodes.Node]:
        test = self._expression(child.test, place)
        decided = self._decided(test)
        if decided is not None:
            return self._way(child.expr1 if decided else child.expr2, place)
        first, other = (_together(self._way(way, place)) for way in (child.expr1, child.expr2))
        return [nodes.If(test, first, [], other, lineno=child.lineno)]

    def _way(self, way: nodes.Expr | None, place: Place) -> list[nodes.Node]:
        return [] if way is None else self._printed(way, place)

    def _body_of_caller(self, place: Place) -> list[nodes.Node]:
        if place.caller is None or place.looped:
            raise Refused
        body, outside = place.caller
        # Within a call's body `caller` is nothing, as Jinja has it.
        return [nodes.Scope(self._all(body, outside.inner(caller=None)))]

    def _if(self, node: nodes.If, place: Place) -> list[nodes.Node]:
        open_ways: list[nodes.If] = []
        otherwise = node.else_
        for way in (node, *node.elif_):
            test = self._expression(way.test, place)
            decided = self._decided(test)
            if decided:
                otherwise = way.body
                break
            if decided is None:
                body = self._all(way.body, place.inner(branched=True))
                open_ways.append(nodes.If(test, body, [], [], lineno=way.lineno))
        if not open_ways:
            return self._all(otherwise, place)
        first, *more = open_ways
        first.elif_, first.else_ = more, self._all(otherwise, place.inner(branched=True))
        return [first]

    def _loop(self, node: nodes.For, place: Place) -> nodes.For:
        inside = place.inner(looped=True, branched=False)
        assert inside.names is not None
        made = copy.copy(node)
        made.iter = self._expression(node.iter, place)
        made.target = self._target(node.target, inside)
        inside.names["loop"] = nodes.Name("loop", "load")
        made.test = None if node.test is None else self._expression(node.test, inside)
        made.body = self._all(node.body, inside)
        made.else_ = self._all(node.else_, place.inner(branched=True))
        return made

    def _assign(self, node: nodes.Assign, place: Place) -> list[nodes.Node]:
        assert place.names is not None
        if isinstance(node.target, nodes.NSRef):
            return [nodes.Assign(self._target(node.target, place), self._expression(node.node, place))]
        if place.branched:
            raise Refused
        if isinstance(node.node, nodes.Call) and _is_name(node.node.node, CALLER):
            body = self._body_of_caller(place)
            return [nodes.AssignBlock(self._target(node.target, place), None, body)]
        value = self._expression(node.node, place)
        if isinstance(node.target, nodes.Name) and self._never_changes(value):
            place.names[node.target.name] = value
            return []
        return [nodes.Assign(self._target(node.target, place), value, lineno=node.lineno)]

    def _target(self, target: nodes.Node, place: Place) -> Any:  # noqa: ANN401  whichever node it is
        """Return the target with names of its own, and note them in the place."""
        assert place.names is not None
        match target:
            case nodes.NSRef():
                held = place.names.get(target.name)
                if not isinstance(held, nodes.Name):
                    raise Refused
                return nodes.NSRef(held.name, target.attr)
            case nodes.Name():
                fresh = self._fresh(target.name)
                place.names[target.name] = nodes.Name(fresh, "load")
                return nodes.Name(fresh, "store")
            case nodes.Tuple():
                return nodes.Tuple([self._target(part, place) for part in target.items], "store")
        raise Refused

    def _called(self, call: nodes.Call, body: list[nodes.Node] | None, place: Place) -> list[nodes.Node] | None:
        """Return what a call writes; None where it stays a call."""
        if not isinstance(call.node, nodes.Name) or call.node.name not in place.library.macros:
            return None
        try:
            return self._body_of(place.library.macros[call.node.name], call, body, place)
        except Refused:
            if place.names is not None:
                raise
            return None

    def _body_of(self, known: Known, call: nodes.Call, body: list[nodes.Node] | None, place: Place) -> list[nodes.Node]:
        if place.depth >= DEEPEST or call.dyn_args or call.dyn_kwargs:
            raise Refused
        names: dict[str, nodes.Expr] = {}
        inside = Place(known.library, names, None if body is None else (body, place), depth=place.depth + 1)
        made: list[nodes.Node] = []
        for name, given in self._arguments(known.macro, call, place, inside):
            if self._never_changes(given) or (self._constant(given) and not _is_asked(known.macro, name)):
                names[name] = given
            else:
                target = self._target(nodes.Name(name, "store"), inside)
                made.append(nodes.Assign(target, given, lineno=call.lineno))
        made += self._all(known.macro.body, inside)
        return [nodes.Scope(made)] if any(isinstance(one, nodes.Assign | nodes.AssignBlock) for one in made) else made

    def _arguments(
        self, macro: nodes.Macro, call: nodes.Call, place: Place, inside: Place
    ) -> Iterator[tuple[str, nodes.Expr]]:
        """Yield each of a macro's names with what it is given, or its default."""
        taken = [argument.name for argument in macro.args]
        given = dict(zip(taken, call.args, strict=False))
        named = {keyword.key: keyword.value for keyword in call.kwargs}
        if len(call.args) > len(taken) or named.keys() - set(taken[len(call.args) :]):
            raise Refused
        given |= named
        defaults = dict(zip(reversed(taken), reversed(macro.defaults), strict=False))
        for name in taken:
            if name in given:
                yield name, self._expression(given[name], place)
            elif name in defaults:
                yield name, self._expression(defaults[name], inside)
            else:
                raise Refused

    def _expression(self, node: Any, place: Place) -> Any:  # noqa: ANN401  a node of any sort gives one of that sort
        """Return an expression with a macro's names as they have become."""
        if place.names is None:
            return node
        match node:
            case nodes.Name():
                return self._meant(node, place.names)
            case nodes.Test(name="defined", node=nodes.Name(name="caller")):
                return nodes.Const(place.caller is not None, lineno=node.lineno)
        made = copy.copy(node)
        for name, value in node.iter_fields():
            if isinstance(value, list):
                setattr(made, name, [self._expression(one, place) if _is_node(one) else one for one in value])
            elif _is_node(value):
                setattr(made, name, self._expression(value, place))
        return made

    def _meant(self, node: nodes.Name, names: dict[str, nodes.Expr]) -> nodes.Expr:
        if node.name in names:
            return names[node.name]
        if node.name in self._environment.globals:
            return node
        raise Refused

    def _fresh(self, name: str) -> str:
        return f"_{next(self._numbers)}_{name}"

    def _never_changes(self, node: nodes.Expr) -> bool:
        """Tell whether an expression is a constant to which nothing can be added."""
        found = self._constant(node)
        return found is not None and isinstance(found[0], Hashable)

    def _decided(self, test: nodes.Expr) -> bool | None:
        found = self._constant(test)
        return None if found is None else bool(found[0])

    def _constant(self, node: nodes.Expr) -> tuple[Any] | None:
        try:
            return (node.as_const(self._when_compiled),)
        except nodes.Impossible:
            return None  # worked out when the page is shown, as with Jinja's own compiler


def _needed(node: nodes.Node, used: set[str]) -> nodes.Node | None:
    """Return an import with the names that are used; None where there are none."""
    if not isinstance(node, nodes.FromImport):
        return node
    names = [name for name in node.names if (name if isinstance(name, str) else name[1]) in used]
    if not names:
        return None
    made = copy.copy(node)
    made.names = names
    return made


def _together(parts: Iterable[nodes.Node]) -> list[nodes.Node]:
    """Return statements; expressions that follow one another are printed by one."""
    made: list[nodes.Node] = []
    for part in parts:
        if not isinstance(part, nodes.Expr):
            made.append(part)
        elif made and isinstance(made[-1], nodes.Output):
            made[-1].nodes.append(part)
        else:
            made.append(nodes.Output([part], lineno=part.lineno))
    return made


def _is_name(node: nodes.Node, name: str) -> bool:
    return isinstance(node, nodes.Name) and node.name == name


def _is_asked(macro: nodes.Macro, name: str) -> bool:
    """Tell whether a macro asks something of what it is given, which a list may take as an order to change."""
    return any(_is_name(part.node, name) for part in macro.find_all(nodes.Getattr))


def _is_node(value: object) -> bool:
    return isinstance(value, nodes.Node)
