"""YAML that says everything once, in text: an alias would let a page of text declare any amount."""

from __future__ import annotations

from typing import Any

import yaml

from lstmviz.errors import reason_of


class _PlainLoader(yaml.SafeLoader):  # type: ignore[misc]
    def compose_node(self, parent: Any, index: Any) -> Any:
        """Return the next node; ConstructorError for an alias."""
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.constructor.ConstructorError(None, None, "it has an alias; write it out", event.start_mark)
        return super().compose_node(parent, index)

    def construct_scalar(self, node: Any) -> Any:
        """Return a scalar; ConstructorError for text that no file or name can hold."""
        text = super().construct_scalar(node)
        if isinstance(text, str) and ("\0" in text or any("\ud800" <= c <= "\udfff" for c in text)):
            raise yaml.constructor.ConstructorError(None, None, f"{text[:40]!r} is not text", node.start_mark)
        return text


def read_plain_yaml(text: str | bytes) -> Any:
    """Return what a YAML text says. Raises ValueError, with one line, where it is no YAML, or has an alias."""
    try:
        return yaml.load(text, _PlainLoader)  # noqa: S506  a safe loader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ValueError(reason_of(error)) from error
