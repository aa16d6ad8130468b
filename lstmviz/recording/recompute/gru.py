"""Recompute the gates of a GRU at every step, from the h that the module itself computed.

The gated recurrent unit of Cho et al. (2014) in torch's variant, where the reset gate r acts after the product:
n = tanh(W_in x + b_in + r * (W_hn h + b_hn)), h' = (1 - z) * n + z * h. With h known, no step depends on another.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import torch
from torch import Tensor

from lstmviz.recording.recompute.arithmetic import Arithmetic
from lstmviz.recording.recompute.layer_run import GateInputs, LayerRun, LayerWeights
from lstmviz.recording.recompute.rounding import disagreement, largest
from lstmviz.recording.recompute.self_check import SelfCheck

_GATES = "rzn"


def gru_states(run: LayerRun, wanted: Collection[str], self_check: SelfCheck) -> dict[str, Tensor]:
    """Return the wanted states of r, z, n at every row, each (n_rows, n_units), and check h against them."""
    weights, n_units = run.weights, run.weights.n_units
    gates = {s: weights.empty(len(run.h), n_units) for s in _GATES if s in wanted}
    if gates:
        chunks = run.steps.chunks(4 * n_units * weights.w_ih.element_size())
        slices = [run.steps.rows(*chunk) for chunk in chunks]
        room = weights.empty(max(rows.stop - rows.start for rows in slices), 4 * n_units)
        for chunk, rows in zip(chunks, slices, strict=True):
            out = {letter: values[rows] for letter, values in gates.items()}
            _gates(weights, run.inputs(*chunk), room[: rows.stop - rows.start], out)
    for checked in run.steps.checked(4 * n_units * weights.w_ih.element_size()):
        _check_h(run, gates, checked, self_check)
    return gates


def _check_h(run: LayerRun, gates: Mapping[str, Tensor], rows: Tensor, self_check: SelfCheck) -> None:
    weights, n_units = run.weights, run.weights.n_units
    inputs, places = run.inputs_at(rows), rows.to(run.h.device)
    if "z" in gates and "n" in gates:
        z, n = gates["z"][places], gates["n"][places]
    else:
        _, z, n = _gates(weights, inputs, weights.empty(len(rows), 4 * n_units), {})
    ours, h = torch.lerp(n, inputs.before.to(n.dtype), z), run.h[places]
    scale = inputs.rounding_scale(weights, h.dtype)
    scale = scale.plus(largest(inputs.before, 1), scale.size.square())  # r has an error too, and is multiplied by a sum
    self_check.add(run, "h", disagreement(ours, h, scale), rows)


def _gates(
    weights: LayerWeights, inputs: GateInputs, room: Tensor, out: dict[str, Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """Return r, z and n of some rows, in the tensors of ``out``, or else in ``room`` (n_rows, 4 n_units)."""
    n_units = weights.n_units
    both, new = slice(0, 2 * n_units), slice(2 * n_units, 3 * n_units)
    before = weights.rounded(inputs.before)
    pre, from_before = room[:, : 3 * n_units], room[:, 3 * n_units :]
    weights.project(inputs.x, weights.w_ih, _joint_bias(weights, both, new), pre)
    pre[:, both].addmm_(before, weights.w_hh[both].t())
    weights.project(before, weights.w_hh[new], None if weights.b_hh is None else weights.b_hh[new], from_before)
    r, z, n = pre.chunk(3, 1)
    r = torch.sigmoid(r, out=out.get("r", r))
    z = torch.sigmoid(z, out=out.get("z", z))
    return r, z, torch.tanh(n.addcmul_(r, from_before), out=out.get("n", n))


def _joint_bias(weights: LayerWeights, both: slice, new: slice) -> Tensor | None:
    """Return the biases that are added before any gate acts: both for r and z, that of x alone for n."""
    shared = weights.bias(both)
    return None if shared is None or weights.b_ih is None else torch.cat([shared, weights.b_ih[new]])


GRU = Arithmetic("GRU", ("h", *_GATES), 1, gru_states)
