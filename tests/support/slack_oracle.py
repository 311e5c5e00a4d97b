"""What Slack would refuse: slackblocks behind a strict adapter, and rules that it does not know.

Every field is handed to the library by its name, so that one it does not know is refused, and
what it renders must be what was given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import slackblocks as sb
from slackblocks._surfaces import validate_surface_blocks
from slackblocks.objects import AxisConfig, BarChart, DataPoint, DataSeries, RawText
from slackblocks.rich_text.elements import RichText, RichTextLink, RichTextUser
from slackblocks.rich_text.objects import RichTextSection

Raw = Mapping[str, Any]
TABLE_CHARACTERS = 10_000
CHARTS = 2
PHONE_COLUMNS = 4
"""Not Slack's limit but ours: a wider table is scrolled sideways on a phone."""
BLOCKS = {"message": 50, "modal": 100, "home": 100}


class RefusedError(Exception):
    """Slack would refuse this payload; says where and why."""


def check_message(body: Raw) -> None:
    """Raise RefusedError for a message (chat.postMessage, chat.update, chat.postEphemeral)."""
    if not str(body.get("text", "")).strip():
        raise RefusedError("a message without text")
    if len(str(body["text"])) > 40_000:
        raise RefusedError("a text that Slack cuts without saying so")
    _check(body.get("blocks", ()), "message")


def check_view(view: Raw) -> None:
    """Raise RefusedError for a dialog or an App Home."""
    fields = {key: value for key, value in view.items() if key not in {"type", "blocks"}}
    surface = str(view["type"])
    built = _check(view["blocks"], surface)
    for name in ("title", "close", "submit"):
        if name in fields:
            fields[name] = _text(fields[name])
    maker = sb.ModalView if surface == "modal" else sb.HomeTabView
    made = _made(maker, fields | {"blocks": built}, "view")
    rendered = {key: value for key, value in made._resolve().items() if key != "blocks"}
    if _plain(rendered) != _plain({k: v for k, v in view.items() if k != "blocks"}):
        raise RefusedError(f"view: the library renders {rendered}")


def _check(blocks: Any, surface: str) -> list[Any]:
    if not 0 < len(blocks) <= BLOCKS[surface]:
        raise RefusedError(f"{len(blocks)} blocks on a {surface}")
    built = []
    for index, raw in enumerate(blocks):
        made = _block(raw, f"blocks[{index}]")
        _same(made, raw, f"blocks[{index}]")
        built.append(made)
    try:
        validate_surface_blocks(built, cast("Any", surface))
    except Exception as error:
        raise RefusedError(str(error)) from error
    for complaint in _own_rules(blocks):
        raise RefusedError(complaint)
    return built


def _own_rules(blocks: Any) -> Iterator[str]:
    types = [block["type"] for block in blocks]
    if types.count("table") + types.count("data_table") > 1:
        yield "only_one_table_allowed"
    if types.count("data_visualization") > CHARTS:
        yield "more than two charts"
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(ids) != len(set(ids)):
        yield "block_id twice"
    for block in blocks:
        yield from _block_rules(block)
    if types.count("input") == 0:
        actions = [
            (block.get("block_id", ""), element["action_id"])
            for block in blocks
            if block["type"] == "actions"
            for element in block["elements"]
        ]
        if len(actions) != len(set(actions)):
            yield "action_id twice"


def _block_rules(block: Raw) -> Iterator[str]:
    rules = {"table": _table_rules, "rich_text": _rich_rules, "actions": _actions_rules}
    yield from rules.get(block["type"], lambda _: iter(()))(block)
    if block["type"] == "header" and block["text"]["type"] != "plain_text":
        yield "a header in markup"


def _table_rules(block: Raw) -> Iterator[str]:
    cells = [cell for row in block["rows"] for cell in row]
    if sum(len(cell["text"]) for cell in cells) > TABLE_CHARACTERS:
        yield "more than 10,000 characters in a table"
    if len({len(row) for row in block["rows"]}) != 1:
        yield "rows of different lengths"
    if max(len(row) for row in block["rows"]) > PHONE_COLUMNS:
        yield "more columns than a phone shows"
    if not all(cell["text"] for cell in cells):
        yield "an empty cell"


def _rich_rules(block: Raw) -> Iterator[str]:
    pieces = [piece for section in block["elements"] for piece in section["elements"]]
    if not all(piece.get("text", "x") for piece in pieces):
        yield "an empty piece of rich text"


def _actions_rules(block: Raw) -> Iterator[str]:
    for element in block["elements"]:
        if element.get("style", "primary") not in {"primary", "danger"}:
            yield f"style {element['style']}"


def _made(maker: Callable[..., Any], fields: Raw, where: str) -> Any:
    try:
        return maker(**fields)
    except Exception as error:
        raise RefusedError(f"{where}: {type(error).__name__}: {error}") from error


def _same(made: Any, raw: Raw, where: str) -> None:
    rendered = _plain(made._resolve())
    rendered.pop("block_id", None) if "block_id" not in raw else None
    if rendered != _plain(raw):
        raise RefusedError(f"{where}: the library renders {rendered}, not {_plain(raw)}")


def _plain(value: Any) -> Any:
    """Without what is only said by saying nothing: flags that are off."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if item is not False}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _text(raw: Raw) -> Any:
    fields = {key: value for key, value in raw.items() if key != "type"}
    maker = {"plain_text": sb.PlainText, "mrkdwn": sb.Markdown}[raw["type"]]
    return _made(maker, fields, "text")


def _block(raw: Raw, where: str) -> Any:
    fields = {key: value for key, value in raw.items() if key != "type"}
    if raw["type"] not in _BLOCKS:
        raise RefusedError(f"{where}: the adapter knows no {raw['type']}")
    maker, children = _BLOCKS[raw["type"]]
    for name, child in children.items():
        if name in fields:
            fields[name] = child(fields[name])
    return _made(maker, fields, where)


def _each(child: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda items: [child(item) for item in items]


def _element(raw: Raw) -> Any:
    fields = {key: value for key, value in raw.items() if key != "type"}
    for name, child in (
        ("text", _text),
        ("confirm", _confirm),
        ("placeholder", _text),
        ("options", _each(_option)),
        ("initial_option", _option),
    ):
        if name in fields and not isinstance(fields[name], str):
            fields[name] = child(fields[name])
    if raw["type"] in {"plain_text", "mrkdwn"}:
        return _text(raw)
    return _made(_ELEMENTS[raw["type"]], fields, raw["type"])


def _option(raw: Raw) -> Any:
    return _made(sb.Option, {**raw, "text": _text(raw["text"])}, "option")


def _confirm(raw: Raw) -> Any:
    fields = {key: value if key == "style" else _text(value) for key, value in raw.items()}
    return _made(sb.ConfirmationDialogue, fields, "confirm")


def _section(raw: Raw) -> Any:
    return _made(RichTextSection, {"elements": [_rich(e) for e in raw["elements"]]}, "rich text")


def _rich(raw: Raw) -> Any:
    fields = {key: value for key, value in raw.items() if key not in {"type", "style"}}
    maker = {"text": RichText, "user": RichTextUser, "link": RichTextLink}[raw["type"]]
    return _made(maker, fields | dict(raw.get("style", {})), "rich text")


def _cell(raw: Raw) -> Any:
    return _made(RawText, {key: value for key, value in raw.items() if key != "type"}, "cell")


def _settings(raw: Raw) -> Any:
    return _made(sb.ColumnSettings, raw, "column")


def _chart(raw: Raw) -> Any:
    series = [
        _made(
            DataSeries, {**s, "data": [_made(DataPoint, p, "point") for p in s["data"]]}, "series"
        )
        for s in raw["series"]
    ]
    axis = _made(AxisConfig, raw["axis_config"], "axis")
    return _made({"bar": BarChart}[raw["type"]], {"series": series, "axis_config": axis}, "chart")


_ELEMENTS = {
    "button": sb.Button,
    "plain_text_input": sb.PlainTextInput,
    "static_select": sb.StaticSelectMenu,
}
_BLOCKS: dict[str, tuple[Callable[..., Any], dict[str, Callable[[Any], Any]]]] = {
    "header": (sb.HeaderBlock, {"text": _text}),
    "section": (
        sb.SectionBlock,
        {"text": _text, "fields": _each(_text), "accessory": _element},
    ),
    "context": (sb.ContextBlock, {"elements": _each(_element)}),
    "actions": (sb.ActionsBlock, {"elements": _each(_element)}),
    "divider": (sb.DividerBlock, {}),
    "rich_text": (sb.RichTextBlock, {"elements": _each(_section)}),
    "table": (
        sb.TableBlock,
        {"rows": _each(_each(_cell)), "column_settings": _each(_settings)},
    ),
    "data_visualization": (sb.DataVisualizationBlock, {"chart": _chart}),
    "input": (sb.InputBlock, {"label": _text, "element": _element, "hint": _text}),
}
