"""From pydantic's errors to faults that point at the person's line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError, create_model

from model.base import NAME_KEY
from model.faults import Fault, near
from model.source import Node

Location = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)

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
    "int_from_float": "write a whole number",
    "float_type": "write a number",
    "bool_type": "write `true` or `false`",
    "tuple_type": "write a list",
    "list_type": "write a list",
    "dict_type": "write a mapping of names to values",
    "model_type": "write a mapping of keys to values",
    "model_attributes_type": "write a mapping of keys to values",
    "missing": "a key is missing",
}


def validate(model: type[M], tree: Node) -> tuple[M | None, list[Fault]]:
    """Validate a tree: the object, or None and every fault."""
    try:
        return model.model_validate(tree.data()), []
    except ValidationError as error:
        return None, [_fault(model, tree, item) for item in _telling(error)]


def validate_partly(model: type[M], tree: Node, *, may_miss: bool) -> tuple[M, list[Fault], set[str]]:
    """Validate as far as it goes: the object without its faulty top-level keys, the faults, and those keys.

    What is left is good enough for rules that read other keys. With `may_miss`, keys may be missing: an abstract
    environment.
    """
    data = tree.data()
    try:
        return model.model_validate(data), [], set()
    except ValidationError as error:
        items = _telling(error)
    faults = [_fault(model, tree, item) for item in items if not (may_miss and item["type"] == "missing")]
    untrusted = {str(item["loc"][0]) for item in items}
    misspelt = {str(item["loc"][0]) for item in items if item["type"] == "extra_forbidden" and len(item["loc"]) == 1}
    untrusted |= {meant for key in misspelt for meant in get_close_matches(key, model.model_fields, n=1)}
    left = {key: value for key, value in data.items() if key not in untrusted}
    fields = {
        key: (model.model_fields[key].rebuild_annotation() | None, None)
        for key in untrusted & model.model_fields.keys()
    }
    partial: Any = create_model("Partial", __base__=model, **fields)  # type: ignore[call-overload]
    return partial.model_validate(left), faults, untrusted


def _telling(error: ValidationError) -> list[Any]:
    """The errors without those that only follow from another: a list whose one item is faulty is not too short."""
    items = error.errors()
    places = [item["loc"] for item in items]
    return [
        item
        for item in items
        if item["type"] != "too_short" or not any(p[:-1] == item["loc"] and len(p) > 1 for p in places)
    ]


def _fault(model: type[BaseModel], tree: Node, error: Any) -> Fault:
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
        origin = node.key_origin or node.origin
        return Fault(origin, f"`{path}` is missing", _describe(model, location))
    origin = (node.key_origin or node.origin) if error["loc"] and error["loc"][-1] == "[key]" else node.origin
    shown = (
        f"`{path}` is `{_one_line(node.value)}`: "
        if exact and not isinstance(node.value, dict | list)
        else f"`{path}`: "
    )
    hint = ""
    if kind == "literal_error":
        options = [option.strip("' ") for option in error["ctx"]["expected"].replace(" or ", ", ").split(",")]
        hint = near(str(node.value), options) or "write one of " + ", ".join(f"`{option}`" for option in options)
        return Fault(origin, f"{shown}not one of " + ", ".join(f"`{option}`" for option in options), hint)
    if kind in {"model_type", "model_attributes_type"} and (holder := _model_at(model, location)):
        hint = "its keys are " + ", ".join(f"`{key}`" for key in _keys(holder))
    message = _PLAIN.get(kind) or error["msg"][0].lower() + error["msg"][1:]
    return Fault(origin, shown + message, hint)


def _one_line(value: object) -> str:
    return "null" if value is None else str(value).replace("\n", "\\n")


def _near_key(model: type[BaseModel], location: Location) -> str:
    holder = _model_at(model, location[:-1])
    return near(str(location[-1]), _keys(holder)) if holder else ""


def _describe(model: type[BaseModel], location: Location) -> str:
    holder = _model_at(model, location[:-1])
    field = holder.model_fields.get(str(location[-1])) if holder else None
    return field.description or "" if field else ""


def _keys(model: type[BaseModel]) -> Iterable[str]:
    return (field.alias or name for name, field in model.model_fields.items() if field.alias != NAME_KEY)


def _model_at(model: type[BaseModel], location: Location) -> type[BaseModel] | None:
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
