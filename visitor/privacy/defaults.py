"""The default retention rules that the product carries, from `defaults.toml`."""

import tomllib
from datetime import timedelta
from functools import cache
from importlib import resources
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from visitor.core.classes import SEALED, DataClass
from visitor.core.errors import SetupFault
from visitor.privacy.policy import Bound, RecordKind, Rule, Trigger
from visitor.sites.periods import Period


class DefaultsFault(SetupFault):
    """The table of default rules cannot be used; the sentence names the file and the key."""


def _length(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("write a length like P28D or PT24H")
    period = Period.parse(value)
    if period.months:
        raise ValueError("months and years differ in length; write days")
    return timedelta(days=period.days, hours=period.hours)


Length = Annotated[timedelta, BeforeValidator(_length)]


class RuleRow(BaseModel):
    """One rule as the file writes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    subject: DataClass | RecordKind
    trigger: Trigger
    basis: str = Field(min_length=1)
    keep: Length | None = None
    ceiling: Length | None = None
    min_keep: Length = timedelta(0)
    bound: Bound | None = None

    @model_validator(mode="after")
    def _possible(self) -> "RuleRow":
        if isinstance(self.subject, DataClass) and self.subject not in SEALED:
            raise ValueError(f"subject '{self.subject}' is not a sealed class")
        if (self.keep is None) == (self.bound is None):
            raise ValueError("give either keep or bound")
        if self.keep is not None and self.ceiling is not None and self.keep > self.ceiling:
            raise ValueError("keep is greater than ceiling")
        return self

    def rule(self) -> Rule:
        """Return the value that the policy works with."""
        return Rule(**{name: getattr(self, name) for name in RuleRow.model_fields})


class RuleTable(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: tuple[RuleRow, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ids_differ(self) -> "RuleTable":
        ids = [row.id for row in self.rule]
        twice = next((one for one in ids if ids.count(one) > 1), None)
        if twice is not None:
            raise ValueError(f"id '{twice}' stands twice")
        return self


def parse_rules(file_name: str, text: str) -> tuple[Rule, ...]:
    """Read a table of rules.

    Raises:
        DefaultsFault: The table is not valid; one sentence names the file and the key.
    """
    try:
        table = RuleTable.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as fault:
        raise DefaultsFault(f"{file_name} is not valid TOML: {fault}.") from fault
    except ValidationError as fault:
        first = fault.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise DefaultsFault(f"{file_name}: {key}: {first['msg'].removeprefix('Value error, ')}.") from fault
    return tuple(row.rule() for row in table.rule)


@cache
def load_defaults() -> tuple[Rule, ...]:
    """Return the default rules. Read once."""
    text = (resources.files("visitor.privacy") / "defaults.toml").read_text("utf-8")
    return parse_rules("defaults.toml", text)
