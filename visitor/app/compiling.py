"""How templates become code: texts and components are found without detours."""

import re
from collections.abc import Callable
from typing import Final
from uuid import UUID

from jinja2 import Environment, Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import Markup, escape

from visitor.app import reader

TEXT: Final = "_"
"""What templates call to say something in the reader's language."""
_SPECIAL: Final = re.compile("[&<>'\"]").search
"""Finds what must not stand in HTML as it is."""
_WITHOUT: Final = frozenset({int, UUID})
"""Types whose text has nothing of it."""


def install(environment: Environment) -> None:
    """Let the environment's templates be compiled in this way; before the first of them is."""
    environment.extend(
        say=reader.say, say_escaped=reader.say_escaped, shown=shown, act=act, components=Components(environment)
    )
    environment.code_generator_class = Generator


def shown(value: object) -> str:
    """Return a value as it stands in HTML, as `escape` has it, which wraps each text also where nothing is special."""
    if type(value) is str:
        return escape(value) if _SPECIAL(value) else value
    if type(value) is Markup:
        return value
    return str(value) if type(value) in _WITHOUT else escape(value)


def act(component: Callable[..., str], /, *given: object, **named: object) -> str:
    """Return what a component writes; it looks at nothing of the page but what it is given."""
    return component(*given, **named)


class Components(dict[str, object]):
    """What the templates of components define, by their names; each is run once."""

    def __init__(self, environment: Environment) -> None:
        super().__init__()
        self._environment = environment

    def __missing__(self, name: str) -> object:
        """Run the template and keep what it defines."""
        template: Template = self._environment.get_template(name)
        self[name] = template.module
        return self[name]


class Generator(CodeGenerator):
    """Jinja's own, which is told what is known of this product's templates.

    `_('Name')` is asked of the environment: Jinja's way of calling looks at each call what sort of function it has, and
    takes longer than finding the text. A text that is printed comes escaped already. Components are kept once they
    were imported: Jinja compares at each import which globals there are, and of these are twenty. They are called as
    they are, for the same reason as texts.
    """

    printed: nodes.Node | None = None
    """The text that is being printed as it is."""
    imported: frozenset[str] = frozenset()
    """Components by the names that this template has for them."""

    def visit_FromImport(self, node: nodes.FromImport, frame: Frame) -> None:  # noqa: N802  Jinja's name
        """Write an import, and remember what components it brings."""
        super().visit_FromImport(node, frame)
        if not node.with_context:
            self.imported |= {name if isinstance(name, str) else name[1] for name in node.names}

    def _import_common(self, node: nodes.Import | nodes.FromImport, frame: Frame) -> None:
        if node.with_context or not isinstance(node.template, nodes.Const):
            super()._import_common(node, frame)
        else:
            self.write(f"environment.components[{node.template.value!r}]")

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:  # noqa: FBT001, FBT002, N802  Jinja's signature
        """Write a call; of a text, the shorter way."""
        message = _text(node)
        if message is None and isinstance(node.node, nodes.Name) and node.node.name in self.imported:
            self.write("environment.act(")
            self.visit(node.node, frame)
            self.signature(node, frame, {"caller": "caller"} if forward_caller else None)
            self.write(")")
        elif message is None:
            super().visit_Call(node, frame, forward_caller=forward_caller)
        else:
            self.write(f"environment.{'say_escaped' if node is self.printed else 'say'}({message!r})")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if not frame.eval_ctx.autoescape or frame.eval_ctx.volatile or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        elif _text(node) is not None:
            self.printed = node
        else:
            self.write("environment.shown(")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if node is self.printed:
            self.printed = None
        else:
            super()._output_child_post(node, frame, finalize)


def _text(node: nodes.Node) -> str | None:
    """Return the msgid where a node is a call of `_` with one constant text."""
    if not isinstance(node, nodes.Call) or not isinstance(node.node, nodes.Name) or node.node.name != TEXT:
        return None
    if len(node.args) != 1 or node.kwargs or node.dyn_args or node.dyn_kwargs:
        return None
    message = node.args[0]
    return message.value if isinstance(message, nodes.Const) and isinstance(message.value, str) else None
