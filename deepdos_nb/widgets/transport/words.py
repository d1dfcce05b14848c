"""What an experiment shows and why, in words a student can check against the picture."""

from __future__ import annotations

from deepdos_nb.transport_lab.laboratory import NEGATIVE, Run, asked_at


def percent(share: float) -> str:
    """A part of one in per cent, three digits, with a true minus sign."""
    text = f"{100 * share:.3g}" if abs(share) < 1e4 else f"{100 * share:.1e}"
    return f"{text.replace('-', '−')} %"


def small(value: float) -> str:
    """A number that is round-off or nothing."""
    return f"{value:.1e}".replace("-", "−") if value else "0"


def verdict(run: Run) -> str:
    """Whether positivity and conservation held in a run, and why."""
    parts = [_positivity(run)]
    if not run.conserves:
        total = float(run.history[-1].sum())
        parts.append(
            f"Conservation breaks: setting negative masses to zero made states, {percent(total)} "
            "of what there was are there now."
        )
    elif run.clipped:
        parts.append("There was nothing to clip, so no states were made.")
    else:
        parts.append("No state is lost: what leaves one cell enters another.")
    if run.stopped:
        parts.append(f"Stopped after step {run.n_steps}, because the masses grow without bound.")
    return " ".join(parts)


def _positivity(run: Run) -> str:
    if run.broke is not None:
        return _broken(run, run.broke)
    flux = run.scheme.flux
    if run.clipped and flux != "donor" and not run.conserves:
        return "Negative masses appeared and were set to zero."
    if run.scheme.operator == "remap":
        return (
            "Positivity holds, at any speed: the faces keep their order, so that no cell can end "
            "with less than nothing. At 1 this is the optimal transport map, there in one step."
        )
    most = percent(float(run.asked.max(initial=0.0)))
    if flux == "donor":
        if run.asked.max(initial=0.0) > 1.0:
            return (
                f"Positivity holds: a cell was asked for {most} of its states, and the softmax "
                "fractions hand out all it has and no more."
            )
        return f"Positivity holds: no cell is asked for more than {most} of its states."
    if flux == "central":
        return "No mass is negative so far: every edge was smooth enough."
    if run.courant > 0.5:
        return (
            f"Positivity holds here, although the Courant number is above ½: no cell was "
            f"asked for more than {most} of its states. Split a peak to see one emptied through "
            "both faces."
        )
    return (
        f"Positivity holds, and has to: up to ½ per face a cell can be emptied through both faces "
        f"and still give no more than it has (here at most {most})."
    )


def _broken(run: Run, step: int) -> str:
    cell = int(run.history[step].argmin())
    grid = run.task.grid
    where = f"the cell at {grid.energies[cell]:.4g} {grid.unit}".replace("-", "−")
    left = f"leaves it with {percent(float(run.history[step].min()))} of all states"
    if run.scheme.flux == "central":
        held = percent(max(float(run.history[step - 1][cell]), -NEGATIVE))
        return (
            f"Positivity breaks in step {step}: the central flux takes the mean of two cells, and "
            f"so asks {where}, which held {held} of all states, for some of its neighbour's. "
            f"That {left}."
        )
    to_left, to_right = asked_at(run, step, cell)
    if min(to_left, to_right) > 0:
        asked = f"{percent(to_left)} to the left and {percent(to_right)} to the right, "
        asked += f"{percent(to_left + to_right)} in all. "
        why = "Through both faces together more than all: |v Δt/ΔE| must not exceed ½."
    else:
        way = "left" if to_left > 0 else "right"
        asked = f"{percent(to_left + to_right)} to the {way}. "
        why = "Through one face alone more than all: |v Δt/ΔE| exceeds even 1."
    return f"Positivity breaks in step {step}: {where} is asked for {asked}That {left}. {why}"
