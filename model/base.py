"""The base of every noun, and mappings by name."""

from typing import Annotated, Any, TypeVar, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

# Under this key the loader hands an item of a mapping its own name. No YAML author writes such a key, so a `name:` in
# an item stays an unknown key.
NAME_KEY = "<name>"


class Model(BaseModel):
    """Frozen, strict, without unknown keys: what is accepted is used, what is not understood is refused."""

    # Validators are built on first use, which is that of the root: most nouns are never validated alone.
    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", allow_inf_nan=False, validate_default=False, defer_build=True
    )


M = TypeVar("M", bound=Model)


def usual(model: type[M], **values: object) -> M:
    """A part as it usually is; values are taken as they are. Validating them would build a validator at each import."""
    return cast("M", model.model_construct(**values))  # type: ignore[arg-type]  # as the fields have them


class WithUsual(Model):
    """A part that is written overrides only the keys that it names; the others stay as they usually are."""

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        usual = {
            key: field.default.model_dump(mode="json", exclude_none=True)
            for key, field in cls.model_fields.items()
            if isinstance(field.default, Model) and isinstance(data.get(key), dict)
        }
        return {**data, **{key: {**values, **data[key]} for key, values in usual.items()}}


class NamedModel(Model):
    """An item of a mapping by name; it knows its name."""

    name: str = Field(alias=NAME_KEY, exclude=True)


def _hand_names(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: {NAME_KEY: key, **item} if isinstance(item, dict) else item for key, item in value.items()}


K = TypeVar("K")
V = TypeVar("V")

Named = Annotated[dict[K, V], BeforeValidator(_hand_names)]
"""A mapping by name: one item can be overridden by an inheriting environment."""
