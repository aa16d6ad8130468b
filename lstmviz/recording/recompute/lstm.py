"""Recompute cell state and gates of an LSTM at every step, from the h that the module itself computed.

Once h is known for all steps, the gates of all steps are matrix products without recurrence (no step depends on
another), and the cell state is an elementwise scan over them: the recurrence of Hochreiter and Schmidhuber (1997) with
the forget gate of Gers et al. (2000) and the projection of Sak et al. (2014), in torch's gate order i, f, g, o.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache

import torch
from torch import Tensor

from lstmviz.recording.recompute.arithmetic import Arithmetic
from lstmviz.recording.recompute.layer_run import LayerRun
from lstmviz.recording.recompute.rounding import RoundingScale, disagreement, largest
from lstmviz.recording.recompute.self_check import SelfCheck

AnyScale = RoundingScale | Callable[[], RoundingScale]
"""A scale, or what makes it where it is needed."""

_GATES = "ifgo"
_MANY = 64  # steps in a chunk from which on they are scanned in blocks, if each is short
_SHORT = 4096  # values of a step; an operation on fewer takes as long


def lstm_states(run: LayerRun, wanted: Collection[str], self_check: SelfCheck) -> dict[str, Tensor]:
    """Return the wanted states of c, i, f, g, o at every row, each (n_rows, n_units), and check them."""
    n_rows, n_units = len(run.h), run.weights.n_units
    states = {s: run.weights.empty(n_rows, n_units) for s in _GATES if s in wanted}
    cells = run.c
    if cells is None and (states or "c" in wanted):
        cells = run.weights.empty(n_rows, n_units)
    if states or (cells is not None and run.c is None):
        _fill(run, states, cells if run.c is None else None)
    if cells is None or run.c is not None:
        _check_steps(run, self_check)
    else:
        _check_scan(run, cells, states.get("o"), self_check)
    if cells is not None and "c" in wanted:
        states["c"] = cells
    return states


def _fill(run: LayerRun, gates: Mapping[str, Tensor], cells: Tensor | None) -> None:
    """Fill the wanted gates, and the cell state where it is not known, a chunk of steps at a time."""
    weights, n_units = run.weights, run.weights.n_units
    letters = _GATES if "o" in gates else _GATES[:3]  # gate o comes last, so the others are one product
    columns = slice(0, len(letters) * n_units)
    chunks = run.steps.chunks(columns.stop * weights.w_ih.element_size())
    slices = [run.steps.rows(*chunk) for chunk in chunks]
    room = weights.empty(max(rows.stop - rows.start for rows in slices), columns.stop)
    previous = run.begin_c
    for chunk, rows in zip(chunks, slices, strict=True):
        pre = weights.product(run.inputs(*chunk), columns, room[: rows.stop - rows.start])
        act = {}
        for letter, part in zip(letters, pre.chunk(len(letters), 1), strict=True):
            out = gates[letter][rows] if letter in gates else part
            act[letter] = torch.tanh(part, out=out) if letter == "g" else torch.sigmoid(part, out=out)
        if cells is not None and previous is not None:
            written = torch.mul(act["i"], act["g"], out=pre[:, 2 * n_units : 3 * n_units])
            previous = _scan(run, chunk, previous, act["f"], written, cells[rows])


def _scan(
    run: LayerRun, chunk: tuple[int, int], previous: Tensor, forget: Tensor, written: Tensor, cells: Tensor
) -> Tensor:
    """Fill the cells of a chunk, ``forget * previous + written`` step by step; return those of its last step."""
    sizes = run.steps.sizes[slice(*chunk)]
    if run.steps.is_even and len(sizes) >= _MANY and cells[: sizes[0]].numel() <= _SHORT:
        new, f, cell = (v.unfold(0, sizes[0], sizes[0]).transpose(1, 2) for v in (written, forget, cells))
        if run.steps.is_reverse:
            new, f = new.flip(0), f.flip(0)
        scanned = scan_in_blocks(previous, f, new)
        if bool(scanned[-1].isfinite().all()):
            cell.copy_(scanned.flip(0) if run.steps.is_reverse else scanned)
            return cell[0 if run.steps.is_reverse else -1]
    parts = list(zip(sizes, *(v.split_with_sizes(sizes) for v in (written, forget, cells)), strict=True))
    n_before = len(previous)
    for n, new, f, cell in reversed(parts) if run.steps.is_reverse else parts:
        if n != n_before:  # sequences that ended, or, in the reverse direction, begin
            begin = run.begin_c if run.begin_c is not None else previous
            previous = previous[:n] if n < n_before else torch.cat([previous, begin[n_before:n]])
        torch.addcmul(new, f, previous, out=cell)
        previous, n_before = cell, n
    return previous


def scan_in_blocks(previous: Tensor, forget: Tensor, written: Tensor) -> Tensor:
    """Return ``forget * previous + written`` step by step, (steps, batch, n_units), in about 2 sqrt(steps) turns.

    The steps are cut into blocks that run side by side from 0, beside the product of their forget gates; what each
    block begins with is then carried through by that product. Rounding differs in the last bits.
    """
    n_steps = len(forget)
    size = int(n_steps**0.5)
    n_blocks = n_steps // size
    blocks = (n_blocks, size, *forget.shape[1:])
    f, new = (v[: n_blocks * size].reshape(blocks).transpose(0, 1).contiguous() for v in (forget, written))
    cells, forget_products = torch.empty_like(new), torch.empty_like(f)
    cells[0], forget_products[0] = new[0], f[0]
    for step in range(1, size):
        torch.addcmul(new[step], f[step], cells[step - 1], out=cells[step])
        torch.mul(forget_products[step - 1], f[step], out=forget_products[step])
    begins = torch.empty_like(cells[0])
    for block in range(n_blocks):
        begins[block] = previous
        previous = torch.addcmul(cells[-1, block], forget_products[-1, block], previous)
    result = torch.empty_like(written, memory_format=torch.contiguous_format)
    result[: n_blocks * size] = cells.addcmul_(forget_products, begins).transpose(0, 1).flatten(0, 1)
    for step in range(n_blocks * size, n_steps):
        torch.addcmul(written[step], forget[step], previous, out=result[step])
        previous = result[step]
    return result


def _check_scan(run: LayerRun, cells: Tensor, gate: Tensor | None, self_check: SelfCheck) -> None:
    """Compare o * tanh(c) with h at every 16th step and each sequence's last, and the last c with the module's own.

    Gate o is computed at these steps only, unless it was wanted.
    """
    (rows,), n_units = run.steps.checked(), run.weights.n_units
    places, inputs = rows.to(cells.device), run.inputs_at(rows)
    picked = cells[places]

    @cache
    def scale() -> RoundingScale:
        """A cell carries the rounding errors of all steps before."""
        of_inputs = inputs.rounding_scale(run.weights, run.h.dtype)
        return RoundingScale(of_inputs.size.amax(0, keepdim=True) + largest(picked, 0), of_inputs.may_overflow)

    if run.end_c is not None:
        n = run.steps.n_sequences
        last = slice(0, n) if run.steps.is_reverse else slice(len(rows) - n, None)  # of the rows that are checked
        gaps = _gaps(run, picked[last], run.end_c, lambda: RoundingScale(scale().size, scale().may_overflow[last]))
        self_check.add(run, "c", gaps, rows[last])
    columns = slice(3 * n_units, 4 * n_units)
    o = run.weights.product(inputs, columns).sigmoid_() if gate is None else gate[places]
    _check_h(run, o, picked, scale, rows, self_check)


def _check_steps(run: LayerRun, self_check: SelfCheck) -> None:
    """Recompute the steps before which c is known: each step of calls of one step, else each sequence's first."""
    if run.begin_c is None:
        return
    row_bytes = 4 * run.weights.n_units * run.weights.w_ih.element_size()
    for rows in run.steps.checked(row_bytes) if run.steps.is_stepped else [run.steps.first]:
        before = run.begin_c[rows.to(run.begin_c.device)] if run.steps.is_stepped else run.begin_c
        inputs = run.inputs_at(rows)
        pre = run.weights.product(inputs, slice(0, 4 * run.weights.n_units)).chunk(4, 1)
        i, f, o = (pre[k].sigmoid_() for k in (0, 1, 3))
        c = torch.addcmul(i * pre[2].tanh_(), f, before)
        scale = inputs.rounding_scale(run.weights, run.h.dtype).plus(largest(c, 1))
        if run.c is not None:
            self_check.add(run, "c", disagreement(c, run.c[rows.to(c.device)], scale), rows)
        _check_h(run, o, c, scale, rows, self_check)


def _check_h(run: LayerRun, o: Tensor, c: Tensor, scale: AnyScale, rows: Tensor, self_check: SelfCheck) -> None:
    ours, theirs, w_hr = o * c.tanh(), run.h[rows.to(o.device)], run.weights.w_hr
    if w_hr is None:
        gaps = _gaps(run, ours, theirs, scale)
    else:
        ours = run.weights.project(ours, w_hr, None)
        gaps = _gaps(run, ours, theirs, lambda: _computed(scale).projected(w_hr, theirs.dtype))
    self_check.add(run, "h", gaps, rows)


def _gaps(run: LayerRun, ours: Tensor, theirs: Tensor, scale: AnyScale) -> Tensor:
    """Return the disagreements, relative to a scale that is made only where they are not small without it.

    It takes the largest of all weights, which for a short text costs as much as its states do.
    """
    if ours.device.type == "cpu" and ours.numel():
        plain = disagreement(ours, theirs)
        if float(plain.max()) <= run.allowed:
            return plain
    return disagreement(ours, theirs, _computed(scale))


def _computed(scale: AnyScale) -> RoundingScale:
    return scale if isinstance(scale, RoundingScale) else scale()


LSTM = Arithmetic("LSTM", ("h", "c", *_GATES), 2, lstm_states)
