"""What a person is told of an error of pydantic's: in our words, at the person's line, with what to write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from model.base import NAME_KEY
from model.faults import Fault, near
from model.forms import narrow
from model.repairs import as_we_write, close, repair
from model.source import Node

Location = tuple[str | int, ...]

# What the seed asks for and this version does not do. Whoever writes it is told so, instead of being ignored.
_NOT_YET: Mapping[Location, str] = {
    ("monitoring", "profile"): "the profiles `ha` and `remote` are not supported yet; write `standalone`",
    ("logs", "backend"): "the backend `elasticsearch` is not supported yet; write `loki`",
    ("security", "scans"): "scan schedules are not supported yet",
    ("security", "deadlines"): "deadlines for vulnerabilities are not supported yet",
    ("remote_access", "usage_report"): "the usage report is not supported yet",
    ("trial",): "the trial is not supported yet",
}
_NOT_YET_VALUES = {"ha", "remote", "elasticsearch"}

_PLAIN = {
    "string_type": "write a text, in quotes if it looks like something else",
    "int_type": "write a whole number",
    "float_type": "write a number",
    "finite_number": "write a number",
    "bool_type": "write `true` or `false`",
    "tuple_type": "write a list",
    "dict_type": "write a mapping of names to values",
    "model_type": "write a mapping of keys to values",
}
_BOUNDS: Mapping[str, Callable[[Any], str]] = {
    "greater_than": lambda ctx: f"write more than {ctx['gt']:g}",
    "greater_than_equal": lambda ctx: f"write {ctx['ge']:g} or more",
    "less_than": lambda ctx: f"write less than {ctx['lt']:g}",
    "less_than_equal": lambda ctx: f"write {ctx['le']:g} or less",
    "too_short": lambda ctx: f"write at least {'one' if ctx['min_length'] == 1 else ctx['min_length']}",
}
OURS = frozenset({"literal_error", "missing", "extra_forbidden"}) | _PLAIN.keys() | _BOUNDS.keys()
"""Every type of pydantic's errors that the model can raise; the other types are our own, whose message is final."""

_LONGEST_SHOWN = 60
_NOTHING = "`null`, or nothing, only removes what is inherited"


def fault_of(model: type[BaseModel], tree: Node, error: Any) -> Fault:
    """One of pydantic's errors as a fault."""
    location = tuple(part for part in error["loc"] if part != "[key]")
    kind = error["type"]
    node, exact = tree.find(location)
    path = ".".join(str(part) for part in location)
    known = _NOT_YET.get(location)
    if known and (kind == "extra_forbidden" or (exact and node.value in _NOT_YET_VALUES)):
        return Fault(node.key_origin or node.origin, known)
    if kind == "extra_forbidden":
        return Fault(node.key_origin or node.origin, f"`{path}` is no key that we know", _near_key(model, location))
    if kind == "missing":
        return _missing(model, tree, location)
    is_key = error["loc"][-1:] == ("[key]",)
    origin = node.key_origin or node.origin if is_key or isinstance(node.value, dict) else node.origin
    value = location[-1] if is_key else node.value
    shown = f"`{path}`: " if is_key or not exact or isinstance(value, dict | list) else f"`{path}` is {_shown(value)}: "
    message, hint = _message(error, value)
    if value is None:
        hint = "; ".join(part for part in (_describe(model, location), hint, _NOTHING) if part)
    if kind == "model_type" and value is not None and (holder := model_at(model, location)):
        keys = "its keys are " + ", ".join(f"`{key}`" for key in _keys(holder))
        hint = f"{hint}; {keys}" if hint else keys
    return Fault(origin, shown + message, hint)


def _message(error: Any, value: object) -> tuple[str, str]:
    kind = error["type"]
    if kind == "literal_error":
        options = [option.strip("' ") for option in error["ctx"]["expected"].replace(" or ", ", ").split(",")]
        listed = ", ".join(f"`{option}`" for option in options)
        return f"not one of {listed}", repair(kind, value) or close(value, options)
    if kind in _BOUNDS:
        return _BOUNDS[kind](error["ctx"]), ""
    message = _PLAIN.get(kind) or error["msg"]
    if kind == "form" and (meant := as_we_write(message, str(value))) not in ("", value):
        return message, f"did you mean `{meant}`?"
    if kind in {"model_type", "dict_type"} and isinstance(value, list):
        message += ", not a list"
    return message, repair(kind, value)


def _shown(value: object) -> str:
    if value is None:
        return "empty"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    text = "".join(char if char.isprintable() or char == "\u3000" else repr(char)[1:-1] for char in text)
    return f"`{text}`" if len(text) <= _LONGEST_SHOWN else f"`{text[:_LONGEST_SHOWN]}…`"


def _missing(model: type[BaseModel], tree: Node, location: Location) -> Fault:
    """Points to where the person would write it: into a mapping that a file of this very environment opened."""
    path = ".".join(str(part) for part in location)
    holder, _ = tree.find(location[:-1])
    if removed := (holder.removed or {}).get(str(location[-1])):
        message = f"`{path}` is missing: `null` removes what is inherited, and it cannot do without"
        return Fault(removed.key_origin or removed.origin, message, _describe(model, location))
    hint, own = _describe(model, location), holder
    for depth in range(len(location) - 1, -1, -1):
        own, _ = tree.find(location[:depth])
        if own.origin.file.is_relative_to(tree.origin.file):
            break
    if own is not holder:
        inherited = (
            f"the rest of `{'.'.join(map(str, location[:-1]))}` is inherited from {holder.key_origin or holder.origin}"
        )
        hint = f"{hint}; {inherited}" if hint else inherited
    return Fault(own.key_origin or own.origin, f"`{path}` is missing", hint)


def _near_key(model: type[BaseModel], location: Location) -> str:
    holder, key = model_at(model, location[:-1]), str(location[-1])
    if narrow(key) != key:
        return f"these are full-width characters, as a Japanese keyboard writes them: write `{narrow(key)}`"
    return near(key, _keys(holder)) if holder else ""


def _describe(model: type[BaseModel], location: Location) -> str:
    holder = model_at(model, location[:-1])
    field = holder.model_fields.get(str(location[-1])) if holder else None
    if field is None or field.description:
        return field.description or "" if field else ""
    inner = model_at(model, location)
    return "its keys are " + ", ".join(f"`{key}`" for key in _keys(inner)) if inner else ""


def _keys(model: type[BaseModel]) -> Iterable[str]:
    return (field.alias or name for name, field in model.model_fields.items() if field.alias != NAME_KEY)


def model_at(model: type[BaseModel], location: Location) -> type[BaseModel] | None:
    """The model that validates the mapping at a location, or None if no model does."""
    here: Any = model
    for part in location:
        if isinstance(here, type) and issubclass(here, BaseModel):
            fields = {field.alias or name: field for name, field in here.model_fields.items()}
            if str(part) not in fields:
                return None
            here = fields[str(part)].annotation
        else:  # an item of a mapping by name
            here = _item_model(here)
        here = _plain(here)
    return here if isinstance(here, type) and issubclass(here, BaseModel) else None


def _plain(annotation: Any) -> Any:
    """`X | None` and `Annotated[X, …]` without their wrapping."""
    arguments = getattr(annotation, "__args__", ())
    if type(None) in arguments:
        return next(argument for argument in arguments if argument is not type(None))
    return annotation


def _item_model(annotation: Any) -> Any:
    arguments = [_plain(argument) for argument in getattr(annotation, "__args__", ())]
    return next((one for one in reversed(arguments) if isinstance(one, type) and issubclass(one, BaseModel)), None)
