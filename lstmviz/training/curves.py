"""Learning curves: as a figure that opens without a server, and as TensorBoard events."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from plotly.subplots import make_subplots

from lstmviz.errors import ModelError
from lstmviz.system.atomic import replacing
from lstmviz.system.own_files import own_folder
from lstmviz.training.fit import Curves

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")  # Okabe and Ito (2008): distinct for every kind of colour vision
SMOOTH = 25  # updates that are averaged to a point of a noisy curve

LOSS_TRAIN, LOSS_HELD_OUT = "loss/train", "loss/held-out"
NORM_BEFORE, NORM_AFTER = "gradient norm/before clipping", "gradient norm/after clipping"


def figure(runs: Mapping[str, Curves], title: str = "", floor: float | None = None) -> Any:
    """Return a plotly figure of trainings by name: loss over the updates above, gradient norms below.

    Training losses and norms are means over 25 updates. ``floor`` is the least loss possible, where it is known.
    """
    fig = make_subplots(2, 1, shared_xaxes=True, vertical_spacing=0.08, row_heights=[0.6, 0.4])
    for (name, curves), colour in zip(runs.items(), COLOURS * len(runs), strict=False):
        for row, tag, dash in (
            (1, LOSS_TRAIN, "dot"),
            (1, LOSS_HELD_OUT, "solid"),
            (2, NORM_BEFORE, "dot"),
            (2, NORM_AFTER, "solid"),
        ):
            points = scalars(curves)[tag]
            x, y = zip(*(points if tag == LOSS_HELD_OUT else smoothed(points)), strict=True) if points else ((), ())
            mode = "lines+markers" if tag == LOSS_HELD_OUT else "lines"
            label = f"{name}: {tag.rpartition('/')[2]}" + (" loss" if row == 1 else "")
            line = {"color": colour, "dash": dash, "width": 2}
            fig.add_scatter(
                x=x, y=y, mode=mode, name=label, line=line, row=row, col=1, legend=f"legend{'' if row == 1 else 2}"
            )
    if floor is not None:
        fig.add_hline(
            y=floor, row=1, line={"color": "#666666", "width": 1, "dash": "dash"}, annotation_text="exact floor"
        )
    fig.update_yaxes(title_text="loss (nats)", row=1)
    fig.update_yaxes(title_text="gradient norm", type="log", row=2)
    fig.update_xaxes(title_text="update", row=2)
    fig.update_layout(title=title, template="plotly_white", width=900, height=700, legend2={"y": 0.35})
    return fig


def write_figure(fig: Any, path: Path) -> None:
    """Write a figure as one HTML page that needs no other file. Raises OSError."""
    with replacing(path) as temporary:
        fig.write_html(temporary, include_plotlyjs=True, full_html=True)


def write_events(folder: Path, runs: Mapping[str, Curves]) -> None:
    """Write TensorBoard event files, a folder for each training by name; ModelError without ``lstmviz[train]``.

    Those of an earlier training of the same name are removed: TensorBoard draws two in one folder as one line. Raises
    OSError, also where a folder is a link.
    """
    try:
        from tensorboardX import SummaryWriter
    except ModuleNotFoundError as err:
        raise ModelError("event files need tensorboardX; pip install 'lstmviz[train]'") from err
    own_folder(folder, like=folder.parent)
    for name, curves in runs.items():
        events = own_folder(folder / name.replace(" ", "-"), like=folder.parent)
        for old in events.glob("events.out.tfevents.*"):
            old.unlink()
        with SummaryWriter(str(events)) as writer:
            for tag, points in scalars(curves).items():
                for update, value in points:
                    writer.add_scalar(tag.replace(" ", "_"), value, update)


def scalars(curves: Curves) -> dict[str, list[tuple[int, float]]]:
    """Return each curve by its tag, as (update, value)."""
    return {
        LOSS_TRAIN: [(p.update, p.loss) for p in curves.points],
        LOSS_HELD_OUT: list(curves.held_out),
        NORM_BEFORE: [(p.update, p.norm) for p in curves.points],
        NORM_AFTER: [(p.update, p.clipped_norm) for p in curves.points],
    }


def smoothed(points: list[tuple[int, float]], window: int = SMOOTH) -> list[tuple[int, float]]:
    """Return the mean of every ``window`` updates, at the last of them, and the mean of the rest."""
    groups = [points[i : i + window] for i in range(0, len(points), window)]
    return [(group[-1][0], sum(value for _, value in group) / len(group)) for group in groups]
