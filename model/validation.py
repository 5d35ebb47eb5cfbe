"""From pydantic's errors to faults that point at the person's line."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import SchemaValidator, core_schema

from model.faults import Fault
from model.forms import narrow
from model.source import Node
from model.telling import fault_of

M = TypeVar("M", bound=BaseModel)


def validate(model: type[M], tree: Node) -> tuple[M | None, list[Fault]]:
    """Validate a tree: the object, or None and every fault."""
    try:
        return model.model_validate(tree.data()), []
    except ValidationError as error:
        return None, [fault_of(model, tree, item) for item in _telling(error)]


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
    faults = [fault_of(model, tree, item) for item in items if not (may_miss and item["type"] == "missing")]
    untrusted = {str(item["loc"][0]) for item in items}
    misspelt = {str(item["loc"][0]) for item in items if item["type"] == "extra_forbidden" and len(item["loc"]) == 1}
    untrusted |= {meant for key in misspelt for meant in get_close_matches(key, model.model_fields, n=1)}
    left = {key: value for key, value in data.items() if key not in untrusted}
    values, _, written = _fields_but(model, untrusted).validate_python(left)
    return model.model_construct(written, **values), faults, untrusted


def _fields_but(model: type[BaseModel], keys: set[str]) -> SchemaValidator:
    """A validator of the model's fields with None for some of them.

    It is made from the schema that pydantic keeps of the model: a derived class would build all of that once more, in
    every run, since abstract environments lack keys.
    """
    nothing = core_schema.model_field(core_schema.with_default_schema(core_schema.none_schema(), default=None))
    schema: Any = model.__pydantic_core_schema__
    definitions = schema["definitions"] if schema["type"] == "definitions" else []
    while schema["type"] != "model-fields":
        config, schema = schema.get("config"), schema["schema"]
    fields = {key: nothing if key in keys else field for key, field in schema["fields"].items()}
    return SchemaValidator(core_schema.definitions_schema({**schema, "fields": fields}, definitions), config)


def _telling(error: ValidationError) -> list[Any]:
    """The errors without those that only follow from another.

    A list whose one item is faulty is not too short; a key that is misspelt is not missing too.
    """
    items = error.errors()
    places = [item["loc"] for item in items]
    misspelt = [item["loc"] for item in items if item["type"] == "extra_forbidden"]

    def follows(item: Any) -> bool:
        where = item["loc"]
        if item["type"] == "too_short":
            return any(place[:-1] == where and len(place) > 1 for place in places)
        return item["type"] == "missing" and any(
            place[:-1] == where[:-1] and get_close_matches(narrow(str(place[-1])).lower(), [str(where[-1])])
            for place in misspelt
        )

    return [item for item in items if not follows(item)]
